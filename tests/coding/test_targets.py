from dataclasses import replace

import numpy as np
import pytest

from gazetables import TOY, film
from sightline.coding.areas import Area
from sightline.coding.targets import find_targets, looked_at_people
from sightline.coding.thresholds import Coding

EVERYWHERE = Area("room", np.array([[0, 0], [1000, 0], [1000, 500], [0, 500]], dtype=float))


def targets_of(samples, areas=(), **thresholds) -> list[str]:
    """The targets of the samples in words."""
    targets = find_targets(samples, areas, Coding(**thresholds))
    special = {-1: "no data", -2: "outside", -3: "elsewhere"}
    return [special.get(target) or targets.names[target] for target in targets.of.tolist()]


def test_each_kind_of_target_is_told():
    samples = film(Ann="Ben toy wall away ?", Ben="- - - - wall")
    found = targets_of(samples, [TOY])
    assert found == ["elsewhere", "toy", "elsewhere", "outside", "no data", "elsewhere"]
    assert targets_of(film(Ann="Ben", Ben="wall"))[0] == "Ben"  # only a person who is there


def test_people_come_before_areas_and_outside_before_all():
    samples = film(Ann="Ben away", Ben="wall wall")
    assert targets_of(samples, [EVERYWHERE]) == ["Ben", "outside", "room", "room"]


def test_nobody_looks_at_their_own_head():
    assert targets_of(film(Ann="Ann", Ben="Ann")) == ["elsewhere", "Ann"]


def test_the_margin_grows_the_head_box():
    samples = film(Ann="Ben", Ben="wall")  # Ben's head is 40 pixels wide, its centre at 320
    for x, margin, hit in [(349, 0.25, True), (351, 0.25, False), (351, 0.5, True)]:
        moved = replace(samples, points=np.array([[x, 120.0], [0, 0]]))
        assert looked_at_people(moved, margin)[0] == (1 if hit else -1)


def test_of_two_heads_the_nearest_wins():
    samples = film(Ann="Ben", Ben="wall", Cat="wall")
    heads = samples.heads.copy()
    heads[2] = [310, 100, 350, 140]
    for x, nearest in [(322.0, 1), (328.0, 2)]:
        points = np.array([[x, 120], [0, 0], [0, 0]])
        moved = replace(samples, heads=heads, points=points)
        assert looked_at_people(moved, 0.25)[0] == nearest


@pytest.mark.parametrize(("wraps", "seen"), [(True, [1, 1, -1]), (False, [1, -1, -1])])
def test_in_a_panorama_a_head_goes_on_beyond_the_seam(wraps: bool, seen: list[int]):
    samples = film(Ann="Ben", Ben="wall")
    heads = samples.heads.copy()
    heads[1] = [980, 100, 1020, 140]
    found = []
    for x in (985, 15, 60):
        points = np.array([[x, 120.0], [500, 300]])
        moved = replace(samples, heads=heads, points=points, wraps=wraps)
        found.append(looked_at_people(moved, 0.25)[0])
    assert found == seen


def test_in_a_panorama_an_area_goes_on_beyond_the_seam():
    door = Area("door", np.array([[960, 100], [1040, 100], [1040, 300], [960, 300]], dtype=float))
    beyond = Area("door", door.polygon - [1000, 0])
    samples = replace(
        film(Ann="wall wall wall"), points=np.array([[970.0, 200], [30, 200], [50, 200]])
    )
    for area in (door, beyond):
        assert targets_of(replace(samples, wraps=True), [area]) == ["door", "door", "elsewhere"]
    assert targets_of(samples, [door]) == ["door", "elsewhere", "elsewhere"]


def test_a_model_without_inside_never_says_outside():
    samples = replace(film(Ann="away wall"), inside=np.full(2, np.nan))
    assert targets_of(samples) == ["elsewhere", "elsewhere"]


def test_the_gaze_object_of_the_table_is_a_target_after_areas():
    samples = replace(film(Ann="toy wall floor"), objects=np.array(["cup", "cup", ""]))
    assert targets_of(samples, [TOY]) == ["toy", "cup", "elsewhere"]


def test_an_area_may_follow_itself_under_one_name():
    areas = [Area("toy", TOY.polygon, end=0.1), Area("toy", TOY.polygon - [100, 350], start=0.1)]
    targets = find_targets(film(Ann="toy wall"), areas, Coding())
    assert targets.names == ("Ann", "toy")
    assert targets.of.tolist() == [1, 1]


def test_an_area_named_like_a_person_is_refused():
    with pytest.raises(ValueError, match="Ann is a person and an area"):
        find_targets(film(Ann="toy"), [Area("Ann", TOY.polygon)], Coding())
