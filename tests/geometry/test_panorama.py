"""Pixels of panoramas against py360convert, naive versions and the sphere's symmetries."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from py360convert import e2p
from torch import Tensor

from sightline.geometry.panorama import cell_points, sample, turn, view, view_places, view_rays
from sightline.geometry.sphere import head_frames, to_points, to_rays, wrapped, yaw_turns

FIELD, SIZE = (90.0, 60.0), (60, 40)
positions = st.tuples(st.floats(0, 0.999), st.floats(0.02, 0.98))


def smooth_panorama(height: int = 128, rotation: Tensor | None = None) -> Tensor:
    """A smooth picture (3, H, 2 H) on the sphere, drawn with another camera frame if asked."""
    rays = to_rays(cell_points(height, 2 * height))
    x, y, z = (rays if rotation is None else rays @ rotation).unbind(-1)
    return 128 + 60 * torch.stack([x * y + z, x - y * z, (2 * z + x).sin()])


def noise(height: int = 16, channels: int = 3) -> Tensor:
    return torch.randint(0, 256, (channels, height, 2 * height), dtype=torch.uint8)


def any_rotation(seed: int) -> Tensor:
    """Rows of a random head frame, turned: a right-handed rotation."""
    random = torch.Generator().manual_seed(seed)
    ray = torch.nn.functional.normalize(torch.randn(3, generator=random), dim=0)
    return head_frames(ray) @ yaw_turns(torch.rand((), generator=random))


def test_the_centres_of_pixels_have_the_pixels_own_values() -> None:
    panorama = noise()
    assert sample(panorama, cell_points(16, 32)).equal(panorama)


@pytest.mark.parametrize("layout", ["channels first", "channels last"])
def test_sampling_agrees_with_a_naive_bilinear_mean(layout: str) -> None:
    panorama = torch.rand(2, 6, 12)
    if layout == "channels last":
        panorama = panorama.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    points = torch.rand(40, 2) * torch.tensor([3.0, 1.0]) - torch.tensor([1.0, 0.0])
    for point, value in zip(points.tolist(), sample(panorama, points).T, strict=True):
        x, y = point[0] * 12 - 0.5, point[1] * 6 - 0.5
        expected = torch.zeros(2)
        for row in (math.floor(y), math.floor(y) + 1):
            for column in (math.floor(x), math.floor(x) + 1):
                share = (1 - abs(x - column)) * (1 - abs(y - row))
                over = row in (-1, 6)
                place = {-1: 0, 6: 5}.get(row, row), (column + 6 * over) % 12
                expected += share * panorama[:, *place]
        assert torch.allclose(value, expected, atol=1e-5)


def test_the_seam_lies_between_the_last_and_the_first_column() -> None:
    panorama = torch.zeros(1, 4, 8)
    panorama[:, :, 0], panorama[:, :, -1] = 1.0, 3.0
    points = torch.tensor([[0.0, 0.5], [1.0, 0.5], [-1 / 32, 0.5], [1 / 32, 0.5]])
    assert sample(panorama, points).tolist() == [[2.0, 2.0, 2.5, 1.5]]


def test_beyond_a_pole_lies_the_other_side() -> None:
    panorama = torch.arange(8.0).expand(1, 4, 8)
    points = torch.tensor([[1 / 16, 0.0], [1 / 16, 1.0]])  # half of column 0 and half of column 4
    assert sample(panorama, points).tolist() == [[2.0, 2.0]]


def test_bytes_stay_bytes_rounded_and_floats_stay_floats() -> None:
    panorama = torch.tensor([[[0, 3, 0, 3], [0, 3, 0, 3]]], dtype=torch.uint8)
    points = torch.tensor([[0.125 + 0.25 * 0.2, 0.25], [0.125 + 0.25 * 0.9, 0.25]])
    assert sample(panorama, points).tolist() == [[1, 3]]  # of 0.6 and 2.7
    assert sample(panorama, points).dtype == torch.uint8
    torch.testing.assert_close(sample(panorama.float(), points), torch.tensor([[0.6, 2.7]]))


def test_one_point_and_none_are_sampled_too() -> None:
    panorama = noise()
    assert sample(panorama, cell_points(16, 32)[3, 5]).equal(panorama[:, 3, 5])
    assert sample(panorama, torch.zeros(0, 2)).shape == (3, 0)


def test_gradients_reach_the_pixels_between_which_a_point_lies() -> None:
    heatmap = torch.rand(1, 4, 8, requires_grad=True)
    sample(heatmap, torch.tensor([[0.0, 0.5]])).sum().backward()
    assert heatmap.grad is not None
    expected = torch.zeros(1, 4, 8)
    expected[0, 1:3, [0, 7]] = 0.25
    assert heatmap.grad.equal(expected)


def test_cells_are_told_by_their_centres() -> None:
    points = cell_points(2, 4)
    assert points.shape == (2, 4, 2)
    assert points[1, 0].tolist() == [0.125, 0.75]


@given(st.integers(-40, 40))
def test_turning_by_whole_columns_rolls_the_picture(columns: int) -> None:
    panorama = noise()
    rotation = yaw_turns(torch.tensor(columns / 32))
    assert turn(panorama, rotation).equal(panorama.roll(columns, -1))


@pytest.mark.parametrize("seed", range(5))
def test_turning_in_any_direction_moves_everything_with_it(seed: int) -> None:
    rotation = any_rotation(seed)
    turned = turn(smooth_panorama(), rotation)
    assert (turned - smooth_panorama(rotation=rotation)).abs().max() < 0.1


@pytest.mark.parametrize("seed", range(5))
def test_turning_there_and_back_restores_the_picture(seed: int) -> None:
    rotation = any_rotation(seed)
    back = turn(turn(smooth_panorama(), rotation), rotation.T)
    assert (back - smooth_panorama()).abs().max() < 0.2


@pytest.mark.parametrize("yaw", [0.0, 37.0, 179.0, -120.0])
@pytest.mark.parametrize("pitch", [0.0, 25.0, -70.0, 88.0])
def test_a_view_is_that_of_py360convert(yaw: float, pitch: float) -> None:
    panorama = smooth_panorama().byte()
    centre = to_rays(torch.tensor([0.5 + yaw / 360, 0.5 - pitch / 180]))
    ours = view(panorama, centre, FIELD, SIZE)
    # Theirs has the centres of the outermost pixels, not their edges, at the ends of the field.
    reach = [math.tan(math.radians(f / 2)) * (n - 1) / n for f, n in zip(FIELD, SIZE, strict=True)]
    field = tuple(2 * math.degrees(math.atan(r)) for r in reach)
    theirs = e2p(panorama.permute(1, 2, 0).numpy(), field, yaw, pitch, SIZE[::-1])
    difference = ours.permute(1, 2, 0).int() - torch.from_numpy(np.ascontiguousarray(theirs)).int()
    assert difference.abs().max() <= 2  # OpenCV rounds places to a 32nd of a pixel


@given(positions)
def test_the_middle_of_a_view_is_its_centre(position: tuple[float, float]) -> None:
    centre = to_rays(torch.tensor(position, dtype=torch.float64))
    middle = view_places(centre, centre, FIELD)
    torch.testing.assert_close(middle, torch.full((2,), 0.5).double())


@given(positions)
def test_places_of_a_view_come_back_from_its_rays(position: tuple[float, float]) -> None:
    centre = to_rays(torch.tensor(position, dtype=torch.float64))
    rays = view_rays(centre, FIELD, SIZE)
    places = view_places(rays, centre, FIELD)
    torch.testing.assert_close(places, cell_points(40, 60).double())


def test_several_views_at_once_are_those_of_each_centre() -> None:
    centres = to_rays(torch.tensor([[0.1, 0.4], [0.99, 0.1]]))
    rays = view_rays(centres, FIELD, SIZE)
    assert rays.shape == (2, 40, 60, 3)
    for one, centre in zip(rays, centres, strict=True):
        assert one.equal(view_rays(centre, FIELD, SIZE))


def test_the_field_of_a_view_is_the_angle_between_its_edges() -> None:
    centre = to_rays(torch.tensor([0.5, 0.5]))
    edges = to_rays(torch.tensor([[0.375, 0.5], [0.625, 0.5], [0.5, 1 / 3], [0.5, 2 / 3]]))
    places = view_places(edges, centre, FIELD)
    expected = torch.tensor([[0.0, 0.5], [1.0, 0.5], [0.5, 0.0], [0.5, 1.0]])
    torch.testing.assert_close(places, expected)


def test_what_is_behind_a_view_has_no_place_in_it() -> None:
    centre = to_rays(torch.tensor([0.5, 0.5]))
    assert view_places(-centre, centre, FIELD).isnan().all()
    assert view_places(to_rays(torch.tensor([0.74, 0.5])), centre, FIELD)[0] > 1


def test_a_view_shows_a_marked_pixel_where_its_place_is() -> None:
    for u, v in ((0.003, 0.5), (0.62, 0.31), (0.4, 0.97)):
        panorama = torch.zeros(1, 128, 256)
        row, column = int(v * 128), int(u * 256)
        panorama[0, row, column] = 1.0
        marked = to_rays(torch.tensor([(column + 0.5) / 256, (row + 0.5) / 128]))
        centre = to_rays(torch.tensor([u + 0.03, min(v + 0.05, 1.0)]))
        place = view_places(marked, centre, FIELD) * torch.tensor(SIZE)
        brightest = divmod(int(view(panorama, centre, FIELD, SIZE).argmax()), SIZE[0])[::-1]
        assert (place - 0.5 - torch.tensor(brightest)).abs().max() < 1


def test_up_in_a_view_is_up_in_the_panorama() -> None:
    centre = to_rays(torch.tensor([0.8, 0.4]))
    points = to_points(view_rays(centre, FIELD, SIZE))
    column = points[:, 30]
    assert (column[:, 1].diff() > 0).all()
    assert wrapped(points[20, :, 0].diff()).gt(0).all()


def test_views_over_a_pole_are_whole() -> None:
    pole = torch.tensor([0.0, 0.0, 1.0])
    seen = view(smooth_panorama(), pole, FIELD, SIZE)
    rays = torch.nn.functional.normalize(view_rays(pole, FIELD, SIZE), dim=-1)
    x, y, z = rays.unbind(-1)
    drawn = 128 + 60 * torch.stack([x * y + z, x - y * z, (2 * z + x).sin()])
    assert (seen - drawn).abs().max() < 0.1
