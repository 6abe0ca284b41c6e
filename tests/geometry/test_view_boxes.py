import pytest
import torch
from torch.testing import assert_close

from sightline.geometry.boxes import centres
from sightline.geometry.panorama import place_rays, view_places, view_rays
from sightline.geometry.sphere import to_rays, wrapped
from sightline.geometry.view_boxes import from_view_boxes, to_view_boxes

FIELD = (90.0, 70.0)


def test_rays_to_places_undo_places_of_rays() -> None:
    views = torch.nn.functional.normalize(torch.randn(5, 1, 3), dim=-1)
    places = torch.rand(5, 7, 2) * 1.4 - 0.2
    assert_close(view_places(place_rays(places, views, FIELD), views, FIELD), places)


def test_rays_to_the_centres_of_pixels_are_those_of_the_view() -> None:
    views = torch.nn.functional.normalize(torch.randn(3, 3), dim=-1)
    ray = place_rays(torch.tensor([0.375, 0.75]), views, FIELD)
    assert_close(view_rays(views, FIELD, (4, 2))[:, 1, 1], ray)


@pytest.mark.parametrize("place", [(0.5, 0.5), (0.02, 0.45), (0.99, 0.3), (0.25, 0.8)])
def test_a_small_box_goes_to_a_view_and_back(place: tuple[float, float]) -> None:
    u, v = place
    box = torch.tensor([[u - 0.02, v - 0.03, u + 0.02, v + 0.03]])
    view = to_rays(torch.tensor([[u + 0.05, 0.5]]))
    again = from_view_boxes(to_view_boxes(box, view, FIELD), view, FIELD)
    assert 0 <= again[0, 0] < 1
    assert wrapped(centres(again) - centres(box)).abs().max() < 0.005
    assert_close(again[:, 2:] - again[:, :2], box[:, 2:] - box[:, :2], rtol=0.15, atol=0)


def test_a_box_in_the_middle_of_a_view_spans_the_same_angles() -> None:
    view = to_rays(torch.tensor([[0.0, 0.5]]))
    box = from_view_boxes(torch.tensor([[0.25, 0.25, 0.75, 0.75]]), view, (90.0, 90.0))
    across = torch.tensor(0.5).atan() / torch.pi  # an eighth of a turn has the tangent 1
    half = torch.tensor(0.5).atan() / (2 * torch.pi)
    assert_close(box[0, [0, 2]], torch.stack([1 - half, 1 + half]))
    assert_close(box[0, 3] - box[0, 1], 2 * across)


def test_what_is_behind_the_camera_is_cut_off() -> None:
    box = torch.tensor([[0.1, 0.4, 0.9, 0.6]])  # nearly all around
    seen = to_view_boxes(box, to_rays(torch.tensor([[0.5, 0.5]])), FIELD)
    assert seen.isfinite().all()
    assert (seen[0, :2] < 0).all()
    assert (seen[0, 2:] > 1).all()
