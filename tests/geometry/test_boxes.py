"""Boxes and points: round trips, growth, head masks."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.geometry.boxes import (
    cell_masks,
    centres,
    cut,
    enlarge,
    head_from_face,
    head_masks,
    smooth_boxes,
    to_pixels,
    to_unit,
)

unhurried = settings(deadline=None, max_examples=50)  # a busy machine is no failure
coordinate = st.floats(-2000, 4000)
size = st.tuples(st.integers(1, 8000), st.integers(1, 8000))
boxes = st.tuples(coordinate, coordinate, st.floats(0, 2000), st.floats(0, 2000)).map(
    lambda b: torch.tensor([[b[0], b[1], b[0] + b[2], b[1] + b[3]]], dtype=torch.float64)
)


@unhurried
@given(boxes, size)
def test_to_pixels_undoes_to_unit_for_boxes_and_points(box, size):
    assert torch.allclose(to_pixels(to_unit(box, size), size), box, rtol=1e-12)
    points = box.view(1, 2, 2)
    assert torch.allclose(to_pixels(to_unit(points, size), size), points, rtol=1e-12)


@unhurried
@given(boxes, size)
def test_what_is_cut_lies_in_the_image_and_what_lay_in_it_stays(box, size):
    for places in (box, box.view(1, 2, 2)):
        inside = cut(places, size)
        naive = [[min(max(x, 0), size[0]), min(max(y, 0), size[1])] for x, y in box.view(2, 2)]
        assert inside.view(2, 2).tolist() == naive


@unhurried
@given(size)
def test_the_far_corner_of_the_image_is_one_one(size):
    assert to_unit(torch.tensor([size], dtype=torch.float64), size).tolist() == [[1.0, 1.0]]


@unhurried
@given(boxes, size)
def test_the_centre_of_the_unit_box_is_the_unit_of_the_centre(box, size):
    assert torch.allclose(centres(to_unit(box, size)), to_unit(centres(box), size))


@unhurried
@given(boxes, st.floats(0, 1))
def test_enlarge_grows_the_near_edges_by_k_and_the_far_ones_by_k_of_the_grown_size(box, k):
    x0, y0, x1, y1 = box[0].tolist()
    near_x, near_y = x0 - k * (x1 - x0), y0 - k * (y1 - y0)
    naive = [near_x, near_y, x1 + k * (x1 - near_x), y1 + k * (y1 - near_y)]
    assert enlarge(box, k)[0].tolist() == pytest.approx(naive)


@unhurried
@given(boxes, st.floats(0, 1))
def test_enlarge_multiplies_the_size_by_one_plus_k_squared(box, k):
    grown = enlarge(box, k)
    before, after = box[:, 2:] - box[:, :2], grown[:, 2:] - grown[:, :2]
    assert torch.allclose(after, before * (1 + k) ** 2, atol=1e-6)


def test_enlarge_takes_one_share_per_box():
    two = torch.tensor([[0.0, 0.0, 10.0, 20.0]]).repeat(2, 1)
    expected = torch.cat([enlarge(two[:1], 0.0), enlarge(two[:1], 0.1)])
    assert torch.allclose(enlarge(two, torch.tensor([0.0, 0.1])), expected)


@unhurried
@given(boxes)
def test_a_head_holds_the_sides_and_top_of_its_face(face):
    head = head_from_face(face)
    assert (head[0, :2] <= face[0, :2] + 1e-6).all()
    assert head[0, 2] >= face[0, 2] - 1e-6
    assert torch.allclose(
        head[:, 2:] - head[:, :2],
        (face[:, 2:] - face[:, :2]) * torch.tensor([1.9, 1.5], dtype=torch.float64),
        atol=1e-6,
    )


def test_a_person_without_a_box_has_a_blank_mask():
    masks = head_masks(torch.tensor([[torch.nan] * 4, [0.25, 0.25, 0.75, 0.75]]), 8)
    assert masks.shape == (2, 1, 8, 8)
    assert masks.sum((1, 2, 3)).tolist() == [0, 16]


def test_cells_of_a_box_beyond_the_picture_are_cut_off_on_every_side():
    boxes = torch.tensor([[-0.3, -0.3, 0.25, 0.5], [0.75, 0.5, 1.3, 1.3], [-0.5, 0, -0.2, 1]])
    masks = cell_masks(boxes, 8)
    assert (masks[0, :4, :2] == 1).all()
    assert (masks[1, 4:, 6:] == 1).all()
    assert masks.sum((1, 2)).tolist() == [8, 8, 0]


@pytest.mark.golden
def test_gazefollow_metrics_head_masks_match_release(golden: Path):
    case = np.load(golden / "gazefollow_metrics" / "head_channel.npz")
    expected = torch.from_numpy(case["masks"])
    units = [to_unit(row[:4], (row[4], row[5])) for row in torch.from_numpy(case["boxes_xyxy_wh"])]
    masks = head_masks(torch.stack(units), expected.shape[-1])
    assert torch.equal(masks[:, 0].to(expected.dtype), expected)
    assert masks.sum((1, 2, 3)).tolist() == case["filled"].tolist()


@pytest.mark.golden
@pytest.mark.parametrize("length", [1, 3, 5, 11, 40])
def test_smoothing_of_a_track_is_that_of_gazefollow_metrics(golden: Path, length: int) -> None:
    with np.load(golden / "gazefollow_metrics" / "track_smoothing.npz") as case:
        track, smooth = (torch.from_numpy(case[f"{n}_{length}"]) for n in ("track", "smooth"))
    boxes = torch.stack([track, -track, track + 1, 2 * track], -1)
    expected = torch.stack([smooth, -smooth, smooth + 1, 2 * smooth], -1)
    assert torch.allclose(smooth_boxes(boxes), expected, atol=1e-9)
