from pathlib import Path

import numpy as np
import pytest
import torch

from gazetables import row, write_table
from sightline.coding.samples import read_samples
from sightline.gaze import Gaze
from sightline.scene import Projection
from sightline.table import NAMES, append_csv, rows, write_parquet


def test_rows_become_people_pictures_and_coordinates(tmp_path: Path):
    rows = [row(0, 7), row(0, 3, name="Ben"), row(1), row(2, 3, look="wall", name="Ben")]
    samples = read_samples(write_table(rows, tmp_path / "gaze.csv"))
    assert samples.people == ("person 7", "Ben")
    assert samples.times.tolist() == [0, 0.04, 0.08]
    assert samples.size == (1000, 500)
    assert samples.person.tolist() == [0, 1, 1]
    assert samples.picture.tolist() == [0, 0, 2]
    assert samples.heads[0].tolist() == [100, 100, 140, 140]
    assert samples.points.tolist() == [[800, 400], [800, 400], [700, 50]]
    assert samples.inside.tolist() == [0.75] * 3
    assert [rows.tolist() for rows in samples.of_people()] == [[0], [1, 2]]
    assert samples.of_pictures().tolist() == [[0, -1, 2], [1, -1, -1]]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_what_the_table_writes_is_read(tmp_path: Path, suffix: str):
    pytest.importorskip("pyarrow")
    film = [
        Gaze(
            heads=torch.tensor([[0.1, 0.2, 0.3, 0.4]])[:people],
            points=torch.tensor([[0.5, 0.25]])[:people],
            heatmaps=torch.zeros(people, 0, 0),
            tracks=torch.tensor([7])[:people],
            frame=frame,
            time=5400 + frame / 25,
        )
        for frame, people in enumerate([1, 0, 1])
    ]
    size = (1000, 500)
    table = [r for g in film for r in rows(g, image="f", size=size, model="m", weights="w")]
    path = tmp_path / f"gaze.{suffix}"
    append_csv(table, path) if suffix == "csv" else write_parquet(table, path)
    samples = read_samples(path)
    assert samples.people == ("person 7",)
    assert samples.times.tolist() == [5400.0, 5400.04, 5400.08]
    assert samples.of_pictures().tolist() == [[0, -1, 1]]
    assert samples.points.tolist() == [[500, 125]] * 2
    assert np.isnan(samples.inside).all()


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("projection", ["equirectangular", "perspective"])
def test_the_table_of_a_panorama_wraps(tmp_path: Path, suffix: str, projection: Projection):
    pytest.importorskip("pyarrow")
    gaze = Gaze(
        heads=torch.tensor([[0.1, 0.2, 0.3, 0.4]]),
        points=torch.tensor([[0.5, 0.25]]),
        heatmaps=torch.zeros(1, 0, 0),
        tracks=torch.tensor([7]),
        frame=0,
        time=0.0,
        projection=projection,
    )
    table = rows(gaze, image="f", size=(1000, 500), model="m", weights="w")
    path = tmp_path / f"gaze.{suffix}"
    append_csv(table, path) if suffix == "csv" else write_parquet(table, path)
    samples = read_samples(path)
    assert samples.wraps == (projection == "equirectangular")
    across = samples.shortest(np.array([[-980.0, 3]])).tolist()
    assert across == ([[20, 3]] if samples.wraps else [[-980, 3]])


def test_a_table_of_before_there_were_panoramas_is_read(tmp_path: Path):
    columns = [name for name in NAMES if not name.endswith(("_yaw", "_pitch"))]
    assert not read_samples(write_table([row(0, 1)], tmp_path / "old.csv", columns)).wraps


def test_the_order_of_rows_does_not_matter(tmp_path: Path):
    rows = [row(frame, track) for frame in range(5) for track in (1, 2)]
    one = read_samples(write_table(rows, tmp_path / "a.csv"))
    two = read_samples(write_table(rows[::-1], tmp_path / "b.csv"))
    assert one.times.tolist() == two.times.tolist()
    assert sorted(one.people) == sorted(two.people)


def test_two_tracks_of_one_name_are_one_person(tmp_path: Path):
    rows = [row(0, 1, name="Ann"), row(1, 2, name=" Ann\t")]
    samples = read_samples(write_table(rows, tmp_path / "gaze.csv"))
    assert samples.people == ("Ann",)
    assert [rows.tolist() for rows in samples.of_people()] == [[0, 1]]


def test_empty_cells_are_nan(tmp_path: Path):
    samples = read_samples(write_table([row(0, 1, inside="", gaze_x="")], tmp_path / "gaze.csv"))
    assert np.isnan([samples.inside[0], samples.points[0, 0]]).all()


def test_a_gaze_object_is_kept_if_the_table_has_one(tmp_path: Path):
    rows = [row(0, 1, gaze_object="cup"), row(1, 1)]
    columns = [*NAMES, "gaze_object"]
    samples = read_samples(write_table(rows, tmp_path / "gaze.csv", columns))
    assert samples.objects.tolist() == ["cup", ""]


def test_parquet_and_csv_give_the_same_samples(tmp_path: Path):
    pandas = pytest.importorskip("pandas")
    rows = [row(0, 7), row(1), row(2, 3, name="Ben", inside="")]
    path = write_table(rows, tmp_path / "gaze.csv")
    pandas.read_csv(path).to_parquet(tmp_path / "gaze.parquet")
    one, two = read_samples(path), read_samples(tmp_path / "gaze.parquet")
    assert one.people == two.people
    for name in ("times", "picture", "person", "heads", "points", "inside"):
        assert np.array_equal(getattr(one, name), getattr(two, name), equal_nan=True)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows"),
        ([row(0, 1), row(0.5, 1)], "no whole number as its frame"),
        ([row(0, 1), row(1, 1, time=0.0)], "does not grow from frame 0"),
        ([row(0, 1), row(0, 2, time=9.0)], "frame 0 has no time, or several"),
        ([row(0, 1, time="")], "frame 0 has no time"),
        ([row(0, 1), row(4, 1), row(4, 1)], "person 1 is in frame 4 twice"),
        ([row(0, 1), row(1, 1, image_width=900)], "pictures of 2 sizes"),
        ([row(3, 1) | {"track": ""}], "in frame 3 has neither name nor track"),
        ([row(0, 1), row(1, 1, gaze_x="left")], "line 3, gaze_x: 'left' is not a number"),
    ],
)
def test_a_wrong_table_is_refused_with_the_place(tmp_path: Path, rows: list, message: str):
    with pytest.raises(ValueError, match=rf"gaze\.csv: .*{message}"):
        read_samples(write_table(rows, tmp_path / "gaze.csv"))


def test_missing_columns_are_named_with_the_way_to_get_them(tmp_path: Path):
    columns = [name for name in NAMES if name not in ("time", "track")]
    path = write_table([row(0, 1)], tmp_path / "gaze.csv", columns)
    with pytest.raises(ValueError, match=r"time, track are missing.*sightline predict"):
        read_samples(path)


def test_what_is_no_table_is_refused(tmp_path: Path):
    (tmp_path / "gaze.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="no CSV"):
        read_samples(tmp_path / "gaze.csv")
    pytest.importorskip("pyarrow")
    (tmp_path / "gaze.parquet").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="no Parquet"):
        read_samples(tmp_path / "gaze.parquet")
    with pytest.raises(FileNotFoundError, match=r"gone\.csv"):
        read_samples(tmp_path / "gone.csv")


def test_columns_that_are_not_needed_may_be_missing(tmp_path: Path):
    whole = write_table([row(0, 7), row(1, 7)], tmp_path / "gaze.csv")
    lines = [line.split(",") for line in whole.read_text("utf-8").splitlines()]
    older = tmp_path / "older.csv"
    count = NAMES.index("head_yaw")
    older.write_text("\n".join(",".join(line[:count]) for line in lines), "utf-8")
    assert read_samples(older).points.tolist() == read_samples(whole).points.tolist()
