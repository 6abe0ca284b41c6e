"""Boxes of panoramas: over the seam, and the view that shows them."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sightline.geometry.boxes import centres
from sightline.geometry.panorama import view_places
from sightline.geometry.sphere import to_rays
from sightline.geometry.sphere_boxes import box_field, wrap_boxes


@given(st.floats(-3, 3, width=32), st.sampled_from([1.0, 40.0, 3840.0]))
def test_boxes_start_within_the_panorama_and_keep_their_width(start: float, width: float) -> None:
    box = torch.tensor([start, 0.2, start + 0.25, 0.4]) * width
    wrapped = wrap_boxes(box, width)
    assert 0 <= wrapped[0] < width
    torch.testing.assert_close(wrapped[2] - wrapped[0], box[2] - box[0])
    assert wrapped[1::2].equal(box[1::2])
    turns = (box[0] - wrapped[0]) / width
    assert abs(turns - turns.round()) < 1e-5


def test_points_wrap_like_boxes_and_what_is_in_range_stays_as_it_is() -> None:
    points = torch.tensor([[-0.25, 0.1], [1.0, 0.2], [0.3, 0.3], [-1e-9, 0.4]])
    expected = torch.tensor([[0.75, 0.1], [0.0, 0.2], [0.3, 0.3], [0.0, 0.4]])
    assert wrap_boxes(points).equal(expected)


def test_a_person_without_a_box_stays_without() -> None:
    assert wrap_boxes(torch.full((1, 4), torch.nan), 40).isnan().all()


def test_the_field_on_the_equator_is_the_box_in_degrees() -> None:
    boxes = torch.tensor([[0.45, 0.45, 0.55, 0.55], [0.95, 0.45, 1.05, 0.55]])
    field = box_field(boxes)
    assert field[:, 0].tolist() == pytest.approx([36, 36], abs=1e-3)
    assert field[:, 1].tolist() == pytest.approx([18.9, 18.9], abs=0.1)  # its corners bulge


@given(st.floats(0, 1), st.floats(0.02, 0.88), st.floats(0.01, 0.3), st.floats(0.01, 0.1))
def test_a_view_of_the_field_holds_the_box_and_touches_it(
    u: float, v: float, width: float, height: float
) -> None:
    box = torch.tensor([[u, v, u + width, v + height]], dtype=torch.float64)
    outline = torch.rand(400, 2, dtype=torch.float64)
    outline[:200, 0], outline[200:, 1] = outline[:200, 0].round(), outline[200:, 1].round()
    points = torch.lerp(box[0, :2], box[0, 2:], outline)
    field = box_field(box, per_edge=101)[0].tolist()
    places = view_places(to_rays(points), to_rays(centres(box))[0], (field[0], field[1]))
    assert places.min() > -0.01
    assert places.max() < 1.01
    assert ((places - 0.5).abs().amax(0) > 0.45).all()


def test_a_wide_box_near_a_pole_needs_a_small_view() -> None:
    equator, pole = box_field(torch.tensor([[0.3, 0.48, 0.7, 0.52], [0.3, 0.0, 0.7, 0.04]]))
    assert equator[0] > 140
    assert pole.max() < 15


def test_a_box_all_around_asks_for_the_widest_view_there_is() -> None:
    assert box_field(torch.tensor([[0.0, 0.0, 1.0, 1.0]])).tolist() == [[170.0, 170.0]]
