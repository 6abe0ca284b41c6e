"""Baselines of panoramas: over the seam, opposite, by chance, and what they are scored by."""

import math
from dataclasses import replace

import pytest
import torch

from sightline.baselines import (
    baseline_names,
    centre,
    chance,
    facing_side,
    predict_baseline,
    straight_across,
)
from sightline.benchmark import find_benchmark
from sightline.gaze import Gaze
from sightline.geometry.sphere import great_circle, to_rays
from sightline.scene import Scene, Truth
from sightline.shards import Pair


def panorama(key: str = "round", people: int = 2) -> Scene:
    """Heads at u = 0.95 and 0.1 on the equator, whose targets are right and left over the seam."""
    heads = torch.tensor([[185.0, 45.0, 195.0, 55.0], [15.0, 45.0, 25.0, 55.0]])
    points = torch.tensor([[[10.0, 40.0]], [[180.0, 60.0]]])
    return Scene(
        torch.zeros(3, 100, 200, dtype=torch.uint8),
        heads[:people],
        truth=Truth(points[:people], torch.ones(people)),
        projection="equirectangular",
        key=key,
    )


def pair(scene: Scene) -> Pair:
    people = len(scene)
    return Gaze(torch.zeros(people, 4), torch.zeros(people, 2), torch.zeros(people, 1, 1)), scene


def test_the_facing_side_is_told_the_shorter_way_round_and_wraps() -> None:
    points = facing_side(panorama())
    assert points.flatten().tolist() == pytest.approx([0.2, 0.5, 0.85, 0.5])


def test_straight_across_is_opposite_on_the_sphere() -> None:
    scene = panorama()
    scene.heads[:, 1::2] -= 25
    points = straight_across(scene)
    assert points.flatten().tolist() == pytest.approx([0.45, 0.75, 0.6, 0.75])


def test_chance_is_uniform_on_the_sphere_and_fixed_by_the_key() -> None:
    points = torch.cat([chance(panorama(str(i))) for i in range(3000)])
    rays = to_rays(points)
    assert rays.mean(0).abs().max() < 0.03
    assert (rays**2).mean(0).tolist() == pytest.approx([1 / 3] * 3, abs=0.02)
    assert chance(panorama("7")).equal(chance(panorama("7")))


def test_chance_is_uniform_in_the_picture() -> None:
    scene = panorama()
    scene.projection = "perspective"
    points = torch.cat([chance(replace(scene, key=str(i))) for i in range(3000)])
    assert points.mean(0).tolist() == pytest.approx([0.5, 0.5], abs=0.02)
    assert points.var(0).tolist() == pytest.approx([1 / 12, 1 / 12], abs=0.003)


def test_only_panoramas_have_the_baselines_of_panoramas() -> None:
    flat = panorama()
    flat.projection = "perspective"
    assert baseline_names([pair(flat)]) == ["centre", "chance", "facing side"]
    assert baseline_names(iter([pair(panorama())])) == [
        "centre",
        "chance",
        "facing side",
        "straight across",
    ]
    assert baseline_names([]) == ["centre", "chance", "facing side"]


def test_the_heatmap_of_a_baseline_falls_with_the_angle() -> None:
    ((gaze, _),) = predict_baseline("facing side", [pair(panorama())])
    assert gaze.projection == "equirectangular"
    assert gaze.heatmaps.shape == (2, 64, 128)
    row, column = divmod(int(gaze.heatmaps[0].argmax()), 128)
    assert column in (25, 26)
    assert row in (31, 32)
    opposite = gaze.heatmaps[0].amin().item()
    assert opposite == pytest.approx(-math.pi, abs=0.1)


def test_chance_scores_a_right_angle_and_an_auc_of_one_half() -> None:
    benchmark = find_benchmark("gazefollow360-val")
    scenes = [pair(panorama(str(i), people=1)) for i in range(100)]
    scores = benchmark.score(benchmark.measure(predict_baseline("chance", scenes)))
    distance, auc = (
        scores[f"gazefollow360.{name}"].value for name in ("sphere-distance", "auc.cap")
    )
    assert distance == pytest.approx(math.pi / 2, abs=0.2)
    assert auc == pytest.approx(0.5, abs=0.1)
    assert math.isnan(scores["gazefollow360.sphere-distance.direction"].value)


def test_everybody_in_the_middle_is_as_far_as_the_middle_is() -> None:
    scene = panorama()
    assert scene.truth is not None
    benchmark = find_benchmark("gazefollow360-val")
    scores = benchmark.score(benchmark.measure(predict_baseline("centre", [pair(scene)])))
    targets = scene.truth.points[:, 0] / torch.tensor([200.0, 100.0])
    expected = great_circle(to_rays(centre(scene)), to_rays(targets)).mean().item()
    assert scores["gazefollow360.sphere-distance"].value == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("projection", ["equirectangular", "perspective"])
def test_somebody_without_a_head_box_is_taken_to_be_in_the_middle(projection: str) -> None:
    scene = panorama()
    scene.projection = projection
    scene.heads[1] = math.nan
    benchmark = find_benchmark("gazefollow360-val" if projection != "perspective" else "coco-val")
    for name in baseline_names([pair(scene)]):
        pairs = list(predict_baseline(name, [pair(scene)]))
        assert pairs[0][0].points.isfinite().all()
        benchmark.score(benchmark.measure(pairs))
    assert facing_side(scene)[1].tolist() == [0.75, 0.5]
