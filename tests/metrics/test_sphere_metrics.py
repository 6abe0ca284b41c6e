"""Metrics of panoramas against the released values and naive versions."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from sightline.gaze import Gaze
from sightline.geometry.heatmap import gaussian_heatmaps, peaks
from sightline.geometry.panorama import cell_points
from sightline.geometry.sphere import great_circle, to_points, to_rays
from sightline.geometry.sphere_heatmap import sphere_gaussians
from sightline.metrics.scores import measure, score
from sightline.metrics.sphere import (
    auc_cap,
    auc_one_hot,
    auc_square,
    planar_distance,
    sight_line_points,
    sphere_distance,
    weighted_roc_auc,
)
from sightline.metrics.sphere_scores import gazefollow360_metrics, one_hot_metrics
from sightline.scene import Scene, Truth

METRICS = gazefollow360_metrics + one_hot_metrics


def released(golden: Path) -> dict[str, Tensor]:
    with np.load(golden / "gazefollow360" / "metrics.npz") as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays}


def sizes(values: dict[str, Tensor]) -> list[tuple[int, int]]:
    return [(int(w), int(h)) for w, h in values["image_wh"]]


def close(value: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(value.double(), expected, atol=1e-6, rtol=0)


def panorama(heads: list[list[float]], targets: list[list[float]]) -> Scene:
    """A scene of 200 x 100 pixels from head boxes and targets in fractions."""
    scale = torch.tensor([200.0, 100.0])
    return Scene(
        torch.zeros(3, 100, 200, dtype=torch.uint8),
        torch.tensor(heads) * scale.repeat(2),
        truth=Truth((torch.tensor(targets) * scale)[:, None], torch.ones(len(targets))),
        projection="equirectangular",
        key="round",
    )


def gaussians(points: Tensor, height: int) -> Tensor:
    """A heatmap for each point, 8 degrees wide, on twice as many columns as rows."""
    rays = to_rays(cell_points(height, 2 * height))
    return sphere_gaussians(rays, to_rays(points), 8.0)


def scores(gaze: Gaze, scene: Scene) -> dict[str, float]:
    values = score(METRICS, measure(METRICS, [(gaze, scene)]))
    return {name.removeprefix("gazefollow360."): each.value for name, each in values.items()}


@pytest.mark.golden
def test_gazefollow360_distances_are_the_published_ones(golden: Path) -> None:
    values = released(golden)
    points, targets = peaks(values["heatmap"]).double(), values["gaze_uv"]
    close(points, values["peak_uv"])
    close(sphere_distance(points, targets), values["sphere_distance"])
    close(planar_distance(points, targets), values["norm_distance"])
    wrapped = planar_distance(points, targets, wrap=True)
    close(wrapped, values["derived_norm_distance_wrapped"])
    middles = points + 0.5 / 56
    close(sphere_distance(middles, targets), values["derived_sphere_distance_cell_centre"])


@pytest.mark.golden
@pytest.mark.parametrize(
    ("wrap", "name"), [(False, "pixel_distance"), (True, "derived_pixel_distance_wrapped")]
)
def test_gazefollow360_distances_in_pixels_are_the_published_ones(
    golden: Path, wrap: bool, name: str
) -> None:
    values = released(golden)
    points, targets = values["peak_uv"][:, None], values["gaze_uv"][:, None]
    rows = zip(points, targets, sizes(values), strict=True)
    distances = torch.cat([planar_distance(p, t, size, wrap=wrap) for p, t, size in rows])
    torch.testing.assert_close(distances, values[name], atol=1e-3, rtol=0)


@pytest.mark.golden
def test_gazefollow360_aucs_are_the_published_ones(golden: Path) -> None:
    values = released(golden)
    close(auc_square(values["heatmap"], values["gaze_uv"]), values["auc_64"])
    rows = zip(values["heatmap"], values["gaze_uv"], sizes(values), strict=True)
    one_hot = torch.cat([auc_one_hot(h[None], t[None], size) for h, t, size in rows])
    close(one_hot, values["auc_onehot_fullres"])


@pytest.mark.golden
def test_gazefollow360_the_means_are_the_published_ones(golden: Path) -> None:
    values = released(golden)
    pairs = [
        (
            Gaze(torch.zeros(1, 4), peaks(h[None]), h[None], projection="equirectangular"),
            Scene(
                torch.zeros(3, size[1], size[0], dtype=torch.uint8),
                torch.zeros(1, 4),
                truth=Truth((t * torch.tensor(size))[None, None], torch.ones(1)),
                projection="equirectangular",
            ),
        )
        for h, t, size in zip(values["heatmap"], values["gaze_uv"], sizes(values), strict=True)
    ]
    got = {name: each.value for name, each in score(METRICS, measure(METRICS, pairs)).items()}
    means = json.loads((golden / "gazefollow360" / "cases.json").read_text())["metrics_mean"]
    named = {
        "sphere": "sphere-distance",
        "auc_64": "auc.square",
        "auc_onehot_fullres": "auc.one-hot",
        "norm": "distance.unit",
        "pixel": "distance.pixel",
    }
    for name, mean in means.items():
        assert got[f"gazefollow360.{named[name]}"] == pytest.approx(mean, abs=1e-4)


@pytest.mark.golden
def test_gazefollow360_the_positive_squares_are_the_published_ones(golden: Path) -> None:
    cases = json.loads((golden / "gazefollow360" / "cases.json").read_text())
    labels = gaussian_heatmaps(torch.tensor(cases["label_points_uv"]).double(), 64) > 0
    for label, (x0, y0, x1, y1) in zip(labels, cases["auc_positive_rect_xyxy_64"], strict=True):
        expected = torch.zeros(64, 64, dtype=torch.bool)
        expected[y0:y1, x0:x1] = True
        assert label.equal(expected)


@pytest.mark.golden
def test_gazefollow360_labels_are_the_published_ones(golden: Path) -> None:
    cases = json.loads((golden / "gazefollow360" / "cases.json").read_text())
    with np.load(golden / "gazefollow360" / "labels.npz") as arrays:
        expected = torch.from_numpy(arrays["label_56_sigma3"])
    close(gaussian_heatmaps(torch.tensor(cases["label_points_uv"]).double(), 56), expected.double())


def test_distances_know_the_seam_and_the_poles() -> None:
    points = torch.tensor([[0.01, 0.5], [0.0, 0.25], [0.3, 0.0], [0.2, 0.5]])
    targets = torch.tensor([[0.99, 0.5], [0.0, 0.75], [0.9, 0.0], [0.7, 0.5]])
    expected = torch.tensor([0.04 * math.pi, math.pi / 2, 0.0, math.pi])
    torch.testing.assert_close(sphere_distance(points, targets), expected, atol=1e-6, rtol=0)
    assert planar_distance(points, targets)[0].item() == pytest.approx(0.98)
    assert planar_distance(points, targets, wrap=True)[0].item() == pytest.approx(0.02)
    pixels = planar_distance(points, targets, (400, 200), wrap=True)
    assert pixels.tolist() == pytest.approx([8, 100, 160, 200])


def test_sight_lines_end_at_their_targets() -> None:
    heads, targets = torch.rand(9, 2), torch.rand(9, 2)
    directions = to_rays(targets) - to_rays(heads)
    ends = sight_line_points(heads, directions)
    torch.testing.assert_close(ends, targets, atol=1e-5, rtol=0)


def test_the_weighted_auc_is_scikit_learn_s_with_ties() -> None:
    scores = torch.randint(0, 9, (6, 200)).float()
    positives, weights = torch.rand(6, 200) < 0.2, torch.rand(6, 200)
    expected = [
        roc_auc_score(p, s, sample_weight=w)
        for p, s, w in zip(positives, scores, weights, strict=True)
    ]
    assert weighted_roc_auc(scores, positives, weights).tolist() == pytest.approx(expected)


def test_the_weighted_auc_is_nan_where_it_is_undefined() -> None:
    scores = torch.tensor([[1.0, 2.0], [1.0, 2.0], [math.nan, 2.0]])
    positives = torch.tensor([[True, True], [False, False], [True, False]])
    assert weighted_roc_auc(scores, positives, torch.ones(3, 2)).isnan().all()


@pytest.mark.parametrize("target", [[0.4, 0.5], [0.998, 0.3], [0.2, 0.02], [0.7, 1.0]])
def test_the_auc_on_the_sphere_counts_the_cells_near_the_target_by_their_size(
    target: list[float],
) -> None:
    heatmap, point = torch.rand(1, 14, 28), torch.tensor([target])
    cells = cell_points(14, 28).flatten(0, 1)
    near = great_circle(to_rays(point), to_rays(cells)).rad2deg() <= 20
    weights = (math.pi * cells[:, 1]).sin()
    expected = roc_auc_score(near, heatmap.flatten(), sample_weight=weights)
    assert auc_cap(heatmap, point, 20.0).item() == pytest.approx(expected)


def test_the_auc_on_the_sphere_turns_with_the_panorama() -> None:
    heatmap, target = torch.rand(1, 16, 32), torch.tensor([[0.4, 0.3]]).double()
    turned = target + torch.tensor([20 / 32, 0.0])
    first, second = auc_cap(heatmap, target), auc_cap(heatmap.roll(20, -1), turned)
    torch.testing.assert_close(first, second)


def test_the_right_answer_has_an_auc_of_one_also_on_coarse_cells() -> None:
    points = torch.tensor([[0.99, 0.5], [0.3, 0.02]])
    assert auc_cap(gaussians(points, 64), points).min() > 0.999
    assert auc_cap(gaussians(points, 4), points).tolist() == [1.0, 1.0]


def test_nobody_and_unknown_targets_have_no_values() -> None:
    nobody, unknown = torch.zeros(0, 2), torch.full((1, 2), torch.nan)
    for auc in (auc_cap, auc_square):
        assert auc(torch.zeros(0, 8, 16), nobody).shape == (0,)
        assert auc(torch.rand(1, 8, 16), unknown).isnan().all()
    assert auc_one_hot(torch.zeros(0, 8, 16), nobody, (16, 8)).shape == (0,)
    assert auc_one_hot(torch.rand(1, 8, 16), unknown, (16, 8)).isnan().all()
    assert sphere_distance(torch.rand(1, 2), unknown).isnan().all()


def test_the_scores_of_a_perfect_answer_over_the_seam() -> None:
    scene = panorama([[0.95, 0.4, 1.05, 0.5]], [[0.99, 0.6]])
    point = torch.tensor([[0.99, 0.6]])
    direction = to_rays(point) - to_rays(torch.tensor([[0.0, 0.45]]))
    heatmaps = gaussians(point, 64)
    heads = torch.tensor([[0.95, 0.4, 1.05, 0.5]])
    gaze = Gaze(heads, point, heatmaps, directions=direction, projection="equirectangular")
    got = scores(gaze, scene)
    for name in ("sphere-distance", "sphere-distance.direction", "distance.pixel"):
        assert got[name] == pytest.approx(0, abs=1e-4)
    corner = torch.tensor([[126 / 128, 38 / 64]])
    expected = great_circle(to_rays(corner), to_rays(point)).item()
    assert got["sphere-distance.cell-corner"] == pytest.approx(expected, abs=1e-5)
    assert got["auc.cap"] > 0.999


def test_unit_and_pixel_distances_are_given_with_and_without_wrap() -> None:
    scene = panorama([[0.4, 0.4, 0.5, 0.5]], [[0.98, 0.5]])
    point = torch.tensor([[0.03, 0.5]])
    got = scores(Gaze(torch.zeros(1, 4), point, torch.rand(1, 8, 16)), scene)
    assert got["distance.unit"] == pytest.approx(0.95)
    assert got["distance.unit.wrapped"] == pytest.approx(0.05)
    assert got["distance.pixel"] == pytest.approx(190)
    assert got["distance.pixel.wrapped"] == pytest.approx(10)


def test_without_directions_the_direction_is_not_scored() -> None:
    scene = panorama([[0.4, 0.4, 0.5, 0.5]], [[0.98, 0.5]])
    got = scores(Gaze(torch.zeros(1, 4), torch.rand(1, 2), torch.rand(1, 8, 16)), scene)
    assert math.isnan(got["sphere-distance.direction"])
    assert not math.isnan(got["sphere-distance"])


def test_several_annotations_of_one_person_are_refused() -> None:
    scene = panorama([[0.4, 0.4, 0.5, 0.5]], [[0.98, 0.5]])
    assert scene.truth is not None
    scene.truth.points = scene.truth.points.expand(1, 2, 2)
    with pytest.raises(ValueError, match="Scene 'round' has 2 annotations per person"):
        scores(Gaze(torch.zeros(1, 4), torch.rand(1, 2), torch.rand(1, 8, 16)), scene)


def test_random_answers_are_a_right_angle_away_on_average() -> None:
    rays = torch.randn(2, 20_000, 3)
    points, targets = to_points(rays)
    assert sphere_distance(points, targets).mean().item() == pytest.approx(math.pi / 2, abs=0.02)
