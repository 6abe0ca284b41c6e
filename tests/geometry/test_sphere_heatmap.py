"""Gaussians and peaks on the sphere against naive versions, over the seam and the poles."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sightline.geometry.panorama import cell_points
from sightline.geometry.sphere import great_circle, to_points, to_rays
from sightline.geometry.sphere_heatmap import sphere_gaussians, sphere_peaks

SIZE = (64, 32)


def gaussians(points: Tensor, size: tuple[int, int], sigma: float) -> Tensor:
    rays = to_rays(cell_points(size[1], size[0]))
    return sphere_gaussians(rays, to_rays(points), sigma)


def angles(points: Tensor, others: Tensor) -> Tensor:
    return great_circle(to_rays(points), to_rays(others)).rad2deg()


def test_a_gaussian_falls_with_the_angle_from_its_point() -> None:
    points = torch.tensor([[0.31, 0.52], [0.998, 0.4], [0.1, 0.01], [0.7, 1.0]])
    heatmaps = gaussians(points, SIZE, 6.0)
    assert heatmaps.shape == (4, 32, 64)
    for point, heatmap in zip(points, heatmaps, strict=True):
        away = angles(point, cell_points(32, 64))
        torch.testing.assert_close(heatmap, torch.exp(-(away**2) / 72), atol=1e-5, rtol=1e-4)


def test_a_gaussian_turns_with_its_point() -> None:
    at, turned = gaussians(torch.tensor([[0.3, 0.4], [0.3 + 45 / 64, 0.4]]), SIZE, 8.0)
    torch.testing.assert_close(at.roll(45, -1), turned, atol=1e-5, rtol=0)


def test_a_point_that_nobody_gave_leaves_the_heatmap_blank() -> None:
    points = torch.tensor([[math.nan, math.nan], [0.5, 0.5]])
    assert gaussians(points, SIZE, 6.0).amax((1, 2)).gt(0.5).tolist() == [False, True]


@settings(max_examples=30)
@given(st.floats(0, 0.999), st.floats(0, 1), st.sampled_from([3.0, 6.0, 9.0]))
def test_the_peak_of_a_gaussian_is_its_point(u: float, v: float, sigma: float) -> None:
    point = torch.tensor([[u, v]])
    peak = sphere_peaks(gaussians(point, (128, 64), sigma))
    assert angles(peak, point).item() < 0.6  # a cell is 2.8 degrees wide


def test_peaks_are_means_of_directions_weighed_by_solid_angle() -> None:
    heatmaps = torch.rand(3, 12, 24)
    rays = to_rays(cell_points(12, 24)).flatten(0, 1).double()
    for heatmap, peak in zip(heatmaps.double(), sphere_peaks(heatmaps, 40.0), strict=True):
        top = rays[heatmap.argmax()]
        near = [i for i in range(288) if great_circle(top, rays[i]).rad2deg() <= 40]
        lowest = min(heatmap.flatten()[i] for i in near)
        total = torch.zeros(3).double()
        for i in near:
            solid = (1 - rays[i, 2] ** 2).sqrt()
            total += (heatmap.flatten()[i] - lowest) * solid * rays[i]
        assert angles(peak.double(), to_points(total)) < 1e-3


def test_a_peak_between_the_first_and_the_last_column_is_on_the_seam() -> None:
    heatmap = torch.zeros(1, 32, 64)
    heatmap[0, 10, 0] = heatmap[0, 10, 63] = 1.0
    u, v = sphere_peaks(heatmap)[0].tolist()
    assert min(u, 1 - u) < 1e-6
    assert v == pytest.approx(10.5 / 32, abs=1e-3)


def test_a_ring_around_a_pole_peaks_at_the_pole() -> None:
    heatmap = torch.zeros(1, 32, 64)
    heatmap[0, 0] = 1.0
    assert sphere_peaks(heatmap)[0, 1] < 0.005


def test_a_single_hot_cell_and_coarse_cells_are_their_centres() -> None:
    heatmap = torch.zeros(1, 32, 64)
    heatmap[0, 3, 50] = 1.0
    expected = torch.tensor([[50.5 / 64, 3.5 / 32]])
    torch.testing.assert_close(sphere_peaks(heatmap), expected)
    assert sphere_peaks(heatmap, 1.0).allclose(expected)


def test_of_equal_maxima_the_first_counts_and_only_what_is_near_pulls() -> None:
    heatmap = torch.zeros(1, 32, 64)
    heatmap[0, 5, 5] = heatmap[0, 20, 40] = 1.0
    torch.testing.assert_close(sphere_peaks(heatmap), torch.tensor([[5.5 / 64, 5.5 / 32]]))


def test_nobody_has_no_peaks() -> None:
    assert sphere_peaks(torch.zeros(0, 32, 64)).shape == (0, 2)
    assert gaussians(torch.zeros(0, 2), SIZE, 6.0).shape == (0, 32, 64)
