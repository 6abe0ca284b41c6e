import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.path import Path as Outline

from sightline.coding.areas import Area, area_of, contains, read_areas

SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10]]


def areas_file(folder: Path, *areas: object) -> Path:
    path = folder / "areas.json"
    path.write_text(json.dumps({"areas": areas}), "utf-8")
    return path


@pytest.mark.parametrize("seed", range(5))
def test_points_are_in_a_polygon_as_matplotlib_says(seed: int):
    random = np.random.default_rng(seed)
    angles = np.sort(random.uniform(0, 2 * np.pi, 9))
    radii = random.uniform(0.2, 1, (9, 1))
    polygon = radii * np.stack([np.cos(angles), np.sin(angles)], 1)  # a star, often concave
    points = random.uniform(-1, 1, (2000, 2))
    inside = contains(polygon, points)
    assert inside.tolist() == Outline(polygon).contains_points(points).tolist()
    assert 0 < inside.sum() < len(points)


def test_tiles_share_their_border_without_counting_it_twice():
    left = np.array(SQUARE, dtype=float)
    right = left + np.array([10, 0])
    border = np.array([[10.0, y] for y in (0.5, 5, 9.5)])
    assert (contains(left, border) ^ contains(right, border)).all()


def test_nan_is_in_no_polygon():
    assert not contains(np.array(SQUARE, dtype=float), np.array([[np.nan, 5.0]])).any()


def test_an_area_counts_in_its_span_only_and_the_first_wins():
    square = np.array(SQUARE, dtype=float)
    areas = [Area("early", square, start=1, end=2), Area("always", square)]
    times = np.array([0.9, 1.0, 1.9, 2.0])
    assert area_of(areas, np.full((4, 2), 5.0), times, (100, 100)).tolist() == [1, 0, 0, 1]


def test_shares_are_of_the_pictures_width_and_height():
    half = Area("half", np.array([[0, 0], [0.5, 0], [0.5, 1], [0, 1]]), is_share=True)
    points = np.array([[99.0, 10], [101, 10]])
    assert area_of([half], points, np.zeros(2), (200, 50)).tolist() == [0, -1]


@pytest.mark.parametrize("shift", [[-10, 0], [0, 50]])
def test_an_area_outside_the_picture_is_refused(shift: list):
    away = Area("toy", np.array(SQUARE, dtype=float) + shift)
    with pytest.raises(ValueError, match="toy is outside the picture, which has 200 x 50 pixels"):
        area_of([away], np.zeros((0, 2)), np.zeros(0), (200, 50))


def test_a_polygon_that_crosses_itself_leaves_out_what_it_covers_twice():
    ring = [[0, 0], [9, 0], [9, 9], [0, 9], [0, 0], [3, 3], [6, 3], [6, 6], [3, 6], [3, 3]]
    points = np.array([[1.0, 5], [4.5, 4.5], [8, 5]])
    assert contains(np.array(ring, dtype=float), points).tolist() == [True, False, True]


def test_a_file_is_read_with_its_units_and_spans(tmp_path: Path):
    share = {"name": "shelf", "polygon": [[0, 0], [1, 0], [1, 1]], "unit": "share"}
    pixel = {"name": " red  toy\n", "polygon": SQUARE, "from": 2.5, "to": 4}
    one, two = read_areas(areas_file(tmp_path, share, pixel))
    assert (one.name, one.is_share, one.start, one.end) == ("shelf", True, -np.inf, np.inf)
    assert (two.name, two.is_share, two.start, two.end) == ("red toy", False, 2.5, 4)
    assert two.polygon.tolist() == SQUARE


@pytest.mark.parametrize(
    ("area", "message"),
    [
        (7, 'give it a "name"'),
        ({"polygon": SQUARE}, 'give it a "name"'),
        ({"name": " ", "polygon": SQUARE}, "an empty name"),
        ({"name": "toy", "polygon": SQUARE, "form": 3}, "form is not understood"),
        ({"name": "toy"}, "three or more corners"),
        ({"name": "toy", "polygon": SQUARE[:2]}, "three or more corners"),
        ({"name": "toy", "polygon": [[1, 2, 3]] * 3}, "three or more corners"),
        ({"name": "toy", "polygon": [[1, 2], [3], [4, 5]]}, "three or more corners"),
        ({"name": "toy", "polygon": [[0, 0], [9, 0], [9, None]]}, "not a number"),
        ({"name": "toy", "polygon": SQUARE, "unit": "mm"}, "the unit is 'mm'"),
        ({"name": "toy", "polygon": [[0, 0], [0.5, 0], [0.5, 1]]}, "these are no pixels"),
        ({"name": "toy", "polygon": SQUARE, "from": 3, "to": 3}, 'later than "from"'),
        ({"name": "toy", "polygon": SQUARE, "from": "soon"}, "are seconds"),
    ],
)
def test_a_wrong_area_is_refused_with_its_number(tmp_path: Path, area: object, message: str):
    with pytest.raises(ValueError, match=rf"areas\.json, area 2.*{message}"):
        read_areas(areas_file(tmp_path, {"name": "fine", "polygon": SQUARE}, area))


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", '{"areas": 3}', "[" * 100_000])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str):
    (tmp_path / "areas.json").write_text(text)
    with pytest.raises(ValueError, match=r"areas\.json"):
        read_areas(tmp_path / "areas.json")


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r"gone\.json"):
        read_areas(tmp_path / "gone.json")
