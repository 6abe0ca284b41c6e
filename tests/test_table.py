import csv
import re
from pathlib import Path

import pytest
import torch

from sightline.gaze import Gaze
from sightline.table import COLUMNS, NAMES, append_csv, rows, write_parquet

DOC = Path(__file__).parents[1] / "docs" / "table.md"


def some_gaze() -> Gaze:
    heatmaps = torch.zeros(2, 8, 8)
    heatmaps[0, 3, 4] = 0.75  # all in one cell: entropy 0
    return Gaze(
        heads=torch.tensor([[0.1, 0.2, 0.3, 0.5], [torch.nan] * 4]),
        points=torch.tensor([[0.5, 0.25], [1 / 3, 1.0]]),
        heatmaps=heatmaps,
        inside=torch.tensor([0.875, 0.25]),
    )


def some_rows(image: str = "a.jpg", **given) -> list[dict]:
    return rows(some_gaze(), image=image, size=(400, 200), model="m", weights="w", **given)


def test_rows_hold_pixels_and_shares_of_the_picture():
    first = some_rows()[0]
    assert [first[f"head_{edge}"] for edge in ("x_min", "y_min", "x_max", "y_max")] == [
        40,
        40,
        120,
        100,
    ]
    assert (first["gaze_x"], first["gaze_y"]) == (200, 50)
    assert (first["gaze_x_unit"], first["gaze_y_unit"]) == (0.5, 0.25)
    assert (first["image_width"], first["image_height"]) == (400, 200)


def test_numbers_have_six_significant_digits():
    second = some_rows()[1]
    assert second["gaze_x_unit"] == 0.333333
    assert second["gaze_x"] == 133.333


def test_peak_and_entropy_describe_the_heatmap():
    concentrated, flat = some_rows()
    assert (concentrated["heatmap_peak"], concentrated["heatmap_entropy"]) == (0.75, 0)
    assert (flat["heatmap_peak"], flat["heatmap_entropy"]) == (0, 1)


def test_what_was_not_given_is_empty():
    gaze = some_gaze()
    gaze.inside, gaze.heatmaps = None, torch.zeros(2, 0, 0)
    row = rows(gaze, image="a.jpg", size=None, model="m", weights="w")[1]
    empty = {name for name, cell in row.items() if cell is None}
    heads = {name for name in NAMES if name.startswith("head_")}
    pixels = {"image_width", "image_height", "gaze_x", "gaze_y"}
    film = {"frame", "time", "track"}
    objects = {name for name in NAMES if name.startswith("gaze_object")}
    angles = {name for name in NAMES if name.endswith(("_yaw", "_pitch"))}
    others = {"name", "inside", "heatmap_peak", "heatmap_entropy"}
    assert empty == heads | pixels | film | objects | angles | others


def angles(row: dict) -> list[float | None]:
    names = ("head", "gaze", "direction")
    return [row[f"{name}_{angle}"] for name in names for angle in ("yaw", "pitch")]


def test_in_a_panorama_heads_targets_and_sight_lines_have_angles():
    gaze = Gaze(
        heads=torch.tensor([[0.7, 0.2, 0.8, 0.3], [0.9, 0.4, 1.125, 0.6], [torch.nan] * 4]),
        points=torch.tensor([[0.5, 0.25], [0.25, 0.75], [0.625, 0.5]]),
        heatmaps=torch.zeros(3, 0, 0),
        directions=torch.tensor([[-1.0, 0, 0], [0, 1, 0], [0, 0, -1]]),
        projection="equirectangular",
    )
    right, seam, nobody = rows(gaze, image="a", size=(400, 200), model="m", weights="w")
    assert angles(right) == pytest.approx([90, 45, 0, 45, 0, 0], abs=1e-4)
    assert angles(seam) == pytest.approx([-175.5, 0, -90, -45, 90, 0], abs=1e-4)
    assert seam["head_x_max"] == 450
    assert angles(nobody)[:4] == [None, None, 45, 0]
    assert angles(nobody)[5] == pytest.approx(-90)
    gaze.directions = None
    assert angles(rows(gaze, image="a", size=None, model="m", weights="w")[0])[4:] == [None, None]


def test_names_and_scores_reach_their_person():
    given = some_rows(names=["Ann", "Bob"], head_scores=torch.tensor([0.5, 0.25]))
    assert [(row["name"], row["head_score"]) for row in given] == [("Ann", 0.5), ("Bob", 0.25)]


def test_a_picture_without_people_has_no_row():
    assert rows(some_gaze()[[]], image="a.jpg", size=(4, 4), model="m", weights="w") == []


def test_rows_follow_the_schema():
    for row in some_rows(names=["Ann", "Bob"], head_scores=torch.rand(2)):
        assert tuple(row) == NAMES
        for column in COLUMNS:
            assert row[column.name] is None or isinstance(row[column.name], column.type)


def test_the_page_documents_exactly_the_columns():
    types = {str: "text", int: "integer", float: "number"}
    lines = re.findall(r"^\| `(\w+)` \|(.*?)\|(.*?)\|(.*?)\|$", DOC.read_text("utf-8"), re.M)
    documented = [tuple(cell.strip() for cell in line) for line in lines]
    assert documented == [(c.name, types[c.type], c.unit, c.description) for c in COLUMNS]


def test_csv_grows_row_by_row_under_one_header(tmp_path):
    path = tmp_path / "table.csv"
    append_csv(some_rows('so "quoted", ünïcode.jpg', names=["Ann\nLee", "Bob"]), path)
    append_csv([], path)
    append_csv(some_rows("b.jpg"), path)
    with path.open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["image"] for row in read] == ['so "quoted", ünïcode.jpg'] * 2 + ["b.jpg"] * 2
    assert read[0]["name"] == "Ann\nLee"
    assert float(read[0]["gaze_x"]) == 200
    assert read[1]["head_x_min"] == ""


def test_no_rows_make_a_csv_with_a_header(tmp_path):
    append_csv([], tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text("utf-8") == ",".join(NAMES) + "\n"


def test_rows_are_not_appended_to_another_table(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(ValueError, match=r"other\.csv: has other columns"):
        append_csv(some_rows(), path)
    assert path.read_text("utf-8") == "a,b\n1,2\n"


def test_parquet_and_csv_hold_the_same_table(tmp_path):
    pandas = pytest.importorskip("pandas")
    table = some_rows(names=["Ann", "Bob"]) + some_rows("b.jpg")
    append_csv(table, tmp_path / "table.csv")
    write_parquet(table, tmp_path / "table.parquet")
    types = {str: "string", int: "Int64", float: "float64"}
    by_name = {column.name: types[column.type] for column in COLUMNS}
    from_csv = pandas.read_csv(tmp_path / "table.csv", dtype=by_name)
    from_parquet = pandas.read_parquet(tmp_path / "table.parquet").astype(by_name)
    pandas.testing.assert_frame_equal(from_csv, from_parquet)


def test_an_empty_parquet_table_still_has_the_schema(tmp_path):
    pyarrow = pytest.importorskip("pyarrow.parquet")
    write_parquet([], tmp_path / "table.parquet")
    schema = pyarrow.read_schema(tmp_path / "table.parquet")
    types = {str: "string", int: "int64", float: "double"}
    assert [(f.name, str(f.type)) for f in schema] == [(c.name, types[c.type]) for c in COLUMNS]


def test_a_frame_of_a_film_without_people_has_one_row():
    nobody = Gaze(torch.zeros(0, 4), torch.zeros(0, 2), torch.zeros(0, 0, 0), frame=7, time=0.28)
    (row,) = rows(nobody, image="film.mp4", size=(640, 480), model="m", weights=None)
    given = {name: value for name, value in row.items() if value is not None}
    assert given == {
        "image": "film.mp4",
        "image_width": 640,
        "image_height": 480,
        "model": "m",
        "frame": 7,
        "time": 0.28,
    }
