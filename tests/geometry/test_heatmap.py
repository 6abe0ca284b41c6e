"""Heatmaps: Gaussians against the release and a naive drawing, peaks, patches, entropy."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from sightline.geometry.heatmap import (
    aggregated_heatmaps,
    box_energies,
    cell_heatmaps,
    entropies,
    gaussian_heatmaps,
    patch_distribution,
    peaks,
    refined_peaks,
)


def gazefollow_case(golden: Path, name: str) -> dict[str, Tensor]:
    with np.load(golden / "gazefollow_metrics" / f"{name}.npz") as case:
        return {key: torch.from_numpy(case[key]) for key in case}


def without_padding(points: Tensor) -> Tensor:
    return points.where((points != -1).any(-1, keepdim=True), torch.nan)


def draw(canvas: Tensor, x: float, y: float, sigma: float = 3.0) -> None:
    """Add one cut Gaussian to a map, pixel by pixel, and scale the map to peak 1."""
    left, top = int(x - 3 * sigma), int(y - 3 * sigma)
    right, bottom = int(x + 3 * sigma + 1), int(y + 3 * sigma + 1)
    for row in range(max(top, 0), min(bottom, len(canvas))):
        for column in range(max(left, 0), min(right, len(canvas))):
            d = (row - top - 3 * sigma) ** 2 + (column - left - 3 * sigma) ** 2
            canvas[row, column] += math.exp(-d / (2 * sigma**2))
    if canvas.max() > 0:
        canvas /= canvas.max().clone()


@pytest.mark.golden
def test_gazefollow_metrics_labels_match_release_and_are_blank_where_it_divides_by_zero(golden):
    case = gazefollow_case(golden, "heatmap_labels")
    expected = case["heatmaps"]
    size = expected.shape[-1]
    heatmaps = gaussian_heatmaps(case["points"] / size, size)
    assert (heatmaps - expected.nan_to_num(0.0)).abs().max() < 1e-6

    drawn = case["peak_xy"].isfinite().all(-1)
    assert (heatmaps[~drawn] == 0).all()
    assert torch.equal(peaks(heatmaps)[drawn] * size, case["peak_xy"][drawn])


@pytest.mark.golden
def test_gazefollow_metrics_annotator_maps_match_release(golden):
    case = gazefollow_case(golden, "annotators")
    points = without_padding(case["gaze_padded"])
    size = case["aggregated_heatmap"].shape[-1]
    assert torch.equal((~points.isnan().any(-1)).sum(1), case["num_annotators"])
    aggregated = aggregated_heatmaps(points, size)
    assert (aggregated - case["aggregated_heatmap"]).abs().max() < 1e-6
    at_mean = gaussian_heatmaps(points.nanmean(1), size)
    assert (at_mean - case["mean_point_heatmap"]).abs().max() < 1e-6


@pytest.mark.golden
def test_pdp_labels_and_patch_distributions_match_release(golden):
    with np.load(golden / "pdp" / "losses.npz") as file:
        case = {name: torch.from_numpy(file[name]) for name in file}
    inside, expected = case["inside"], case["heatmap_target"]
    points = case["gaze"].where(inside[:, None] > 0, torch.nan)
    heatmaps = gaussian_heatmaps(points, expected.shape[-1])
    assert (heatmaps - expected).abs().max() < 1e-6
    places = case["target_distribution"]
    grid = math.isqrt(places.shape[1] - 1)
    assert (patch_distribution(heatmaps, inside.double(), grid) - places).abs().max() < 1e-6


def test_a_gaussian_is_drawn_like_the_naive_one():
    points = torch.rand(30, 2, dtype=torch.float64) * 1.6 - 0.3
    naive = torch.zeros(30, 32, 32, dtype=torch.float64)
    for canvas, (x, y) in zip(naive, (points * 32).tolist(), strict=True):
        draw(canvas, x, y, sigma=2.0)
    assert torch.allclose(gaussian_heatmaps(points, 32, 2.0), naive, atol=1e-12)


@pytest.mark.parametrize(("size", "sigma"), [(64, 3.0), (32, 1.5), (28, 1.3125)])
def test_a_cell_heatmap_peaks_in_the_cell_of_its_point_and_is_even_around_it(size, sigma):
    points = torch.rand(50, 2)
    heatmaps = cell_heatmaps(points, size, sigma)
    assert torch.equal((peaks(heatmaps) * size).round(), (points * size).floor())
    middle = cell_heatmaps(torch.tensor([[0.5, 0.5]]), size, sigma)[0, 1:, 1:]  # cell size // 2
    assert torch.equal(middle, middle.flip(0, 1))


def test_annotators_are_summed_like_the_naive_way():
    points = torch.rand(4, 5, 2, dtype=torch.float64) * 1.2 - 0.1
    points[1, 2:] = torch.nan
    points[2] = torch.nan
    naive = torch.zeros(4, 64, 64, dtype=torch.float64)
    for canvas, annotations in zip(naive, points, strict=True):
        given = annotations[~annotations.isnan().any(-1)]
        for x, y in (given * 64).tolist():
            draw(canvas, x, y)
        canvas /= max(len(given), 1)
    assert torch.allclose(aggregated_heatmaps(points), naive, atol=1e-12)


def test_a_point_that_is_not_given_stays_blank():
    assert (gaussian_heatmaps(torch.tensor([[torch.nan, 0.5], [torch.nan] * 2])) == 0).all()


def test_a_peak_is_the_first_maximum_in_row_major_order():
    heatmap = torch.zeros(1, 4, 8)
    heatmap[0, 1, 6] = heatmap[0, 2, 3] = 1
    assert peaks(heatmap).tolist() == [[6 / 8, 1 / 4]]


def test_a_refined_peak_is_the_middle_of_a_lone_cell_and_the_mean_of_two():
    heatmaps = torch.zeros(2, 16, 16)
    heatmaps[0, 4, 9] = heatmaps[1, 7, 3] = heatmaps[1, 7, 4] = 1
    expected = torch.tensor([[9.5, 4.5], [4.0, 7.5]]) / 16
    torch.testing.assert_close(refined_peaks(heatmaps), expected)


def test_a_refined_peak_finds_a_gaussian_to_a_fraction_of_a_cell_also_at_the_border():
    cells = torch.arange(64) + 0.5
    for x, y in ((30.2, 40.7), (1.0, 62.9)):
        bump = (
            torch.exp(-((cells - x) ** 2) / 18)[None, :]
            * torch.exp(-((cells - y) ** 2) / 18)[:, None]
        )
        found = 64 * refined_peaks(bump[None])[0]
        assert (found - torch.tensor([x, y])).abs().max() < 1


@pytest.mark.parametrize("whole", [False, True])
def test_patches_hold_their_largest_label_as_a_naive_loop_finds_it(whole):
    heatmaps, inside = torch.rand(3, 64, 64), torch.tensor([1.0, 0.0, 0.5])
    edges = [
        (math.floor(i * 64 / 7), math.ceil((i + 1) * 64 / 7)) if whole else (9 * i, 9 * i + 9)
        for i in range(7)
    ]
    naive = torch.tensor(
        [
            [m[top:low, left:right].max() for top, low in edges for left, right in edges]
            for m in heatmaps
        ]
    )
    naive = torch.cat([naive, 1 - inside[:, None]], 1)
    places = patch_distribution(heatmaps, inside, whole=whole)
    assert torch.allclose(places, naive / naive.sum(1, keepdim=True))


def test_an_inside_label_that_cannot_be_drawn_counts_as_outside():
    places = patch_distribution(torch.zeros(1, 64, 64), torch.ones(1))
    assert places[0].tolist() == [0.0] * 49 + [1.0]


def test_entropy_goes_from_one_cell_to_a_flat_map():
    one_cell, half = torch.zeros(8, 8), torch.zeros(8, 8)
    one_cell[3, 5] = 2
    half[:4] = 1
    values = entropies(torch.stack([one_cell, torch.full((8, 8), 0.7), half]))
    assert values.tolist() == pytest.approx([0, 1, math.log(32) / math.log(64)])


def test_energy_inside_a_box_counts_cells_by_the_share_covered() -> None:
    heatmaps = torch.rand(3, 8, 10, generator=torch.Generator().manual_seed(0))
    fine = heatmaps.repeat_interleave(40, 1).repeat_interleave(40, 2) / 1600
    cells = torch.tensor(
        [[3, 5, 391, 311], [100, 60, 141, 63], [0, 0, 400, 320], [200, 0, 240, 40]]
    )
    boxes = cells / torch.tensor([400, 320, 400, 320])
    naive = torch.stack([fine[:, y0:y1, x0:x1].sum((1, 2)) for x0, y0, x1, y1 in cells.tolist()], 1)
    assert torch.allclose(box_energies(heatmaps, boxes), naive, rtol=1e-4)


def test_a_box_outside_the_picture_has_no_energy() -> None:
    boxes = torch.tensor([[-0.5, 0.2, -0.1, 0.4], [0.2, 1.0, 0.4, 1.5]])
    assert (box_energies(torch.ones(1, 8, 8), boxes) == 0).all()
