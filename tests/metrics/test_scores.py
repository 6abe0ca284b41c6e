"""Scores: what people contribute, who is counted, means and intervals."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from sightline.gaze import Gaze
from sightline.geometry.heatmap import peaks
from sightline.metrics.gaze import average_precision
from sightline.metrics.gazefollow_scores import gazefollow_metrics
from sightline.metrics.scores import SetMetric, join, measure, score, summarise
from sightline.metrics.vat_scores import vat_metrics
from sightline.scene import Scene, Truth

SIZE = (40, 30)


def random_pair(people: int, annotators: int = 3) -> tuple[Gaze, Scene]:
    scale = torch.tensor(SIZE)
    corners = torch.rand(people, 2) * scale * 0.8
    heads = torch.cat([corners, corners + 4], -1)
    truth = Truth(torch.rand(people, annotators, 2) * scale, torch.ones(people))
    heatmaps = torch.rand(people, 16, 16)
    gaze = Gaze(heads / scale.repeat(2), peaks(heatmaps), heatmaps, torch.rand(people))
    return gaze, Scene(torch.zeros(3, *SIZE[::-1], dtype=torch.uint8), heads, truth=truth, key="a")


def with_truth(pair: tuple[Gaze, Scene], **changes) -> tuple[Gaze, Scene]:
    return pair[0], replace(pair[1], truth=replace(pair[1].truth, **changes))


@pytest.mark.golden
def test_gazefollow_metrics_scores_of_image_people_match_release(golden: Path):
    with np.load(golden / "gazefollow_metrics" / "gazefollow_eval.npz") as file:
        case = {name: torch.as_tensor(file[name]) for name in file}
    pairs = []
    for i, size in enumerate(case["image_sizes_wh"]):
        points = case["gaze_padded"][i][: case["num_annotators"][i]] * size
        eye = case["eyes"][i] * size
        image = torch.zeros(3, size[1], size[0], dtype=torch.uint8)
        heads = torch.cat([eye - 5, eye + 5])[None]
        scene = Scene(image, heads, truth=Truth(points[None], torch.ones(1)))
        heatmaps = case["pred_heatmaps"][i][None]
        pairs.append((Gaze(heads, peaks(heatmaps), heatmaps), scene))
    scores = score(gazefollow_metrics, measure(gazefollow_metrics, pairs))
    expected = {
        "gazefollow.auc.float-mirror": (case["mean_auc_float_skimage"], 1e-5),
        "gazefollow.auc.uint8": (case["mean_auc_uint8_pil"], 2e-4),
        "gazefollow.auc.float-clamp": (case["auc_torch_bilinear"].mean(), 1e-5),
        "gazefollow.distance.to-mean": (case["mean_avg_dist"], 1e-6),
        "gazefollow.distance.minimum": (case["mean_min_dist"], 1e-6),
        "gazefollow.angle.head-centre": (case["angular_deg"].mean(), 1e-3),
    }
    for distance in ("to-mean", "minimum"):  # the points are the corners of the highest cells
        name = f"gazefollow.distance.{distance}"
        expected[f"{name}.cell-corner"] = expected[name]
    assert scores.keys() == expected.keys()
    for name, (value, tolerance) in expected.items():
        assert scores[name].value == pytest.approx(value.item(), abs=tolerance), name
        assert scores[name].n == len(pairs)


@pytest.mark.golden
def test_gazefollow_metrics_scores_of_video_people_match_release(golden: Path):
    with np.load(golden / "gazefollow_metrics" / "vat_eval.npz") as file:
        case = {name: torch.as_tensor(file[name]) for name in file}
    inside, heatmaps = case["inside"].double(), case["pred_heatmaps"].float()
    people = len(inside)
    points = case["gaze"].where(case["inside"][:, None], torch.nan)[:, None]
    scene = Scene(
        torch.zeros(3, 1, 1, dtype=torch.uint8),  # one pixel: pixels are fractions
        torch.zeros(people, 4),
        truth=Truth(points, inside),
    )
    gaze = Gaze(scene.heads, peaks(heatmaps), heatmaps, case["inside_score"])
    scores = score(vat_metrics, measure(vat_metrics, [(gaze, scene)]))
    expected = {
        "vat.auc.float": (case["mean_auc_float"], int(inside.sum()), 1e-5),
        "vat.auc.uint8": (case["mean_auc_uint8_pil"], int(inside.sum()), 2e-4),
        "vat.distance": (case["mean_dist"], int(inside.sum()), 1e-6),
        "vat.ap.inside-positive": (case["ap_inside"], people, 1e-5),
        "vat.ap.outside-positive": (case["ap_outside_positive"], people, 1e-5),
    }
    expected["vat.distance.cell-corner"] = expected["vat.distance"]  # the points are such corners
    assert scores.keys() == expected.keys() | {"vat.auc.float-cut"}  # has golden values of its own
    for name, (value, n, tolerance) in expected.items():
        assert scores[name].value == pytest.approx(value.item(), abs=tolerance), name
        assert scores[name].n == n


@pytest.mark.parametrize("metrics", [gazefollow_metrics, vat_metrics])
def test_people_of_two_scenes_contribute_in_order(metrics):
    one, two = random_pair(2), random_pair(3)
    both, first, second = (measure(metrics, pairs) for pairs in ([one, two], [one], [two]))
    for metric in metrics:
        assert both.people[metric.id].shape == (5, len(metric.columns))
        assert torch.equal(both.people[metric.id], join([first, second]).people[metric.id])


@pytest.mark.parametrize("metrics", [gazefollow_metrics, vat_metrics])
def test_people_who_are_context_only_are_dropped(metrics):
    pair = random_pair(4)
    counted = torch.tensor([True, False, True, False])
    everyone, some = measure(metrics, [pair]), measure(metrics, [with_truth(pair, counted=counted)])
    for metric in metrics:
        assert torch.equal(some.people[metric.id], everyone.people[metric.id][counted])


def test_people_nobody_annotated_are_not_in_n():
    gaze, scene = random_pair(3)
    points = scene.truth.points.clone()
    points[1] = torch.nan
    pair = with_truth((gaze, scene), points=points)
    scores = score(gazefollow_metrics, measure(gazefollow_metrics, [pair]))
    assert {s.n for s in scores.values()} == {2}
    assert all(math.isfinite(s.value) for s in scores.values())


def test_people_who_look_outside_only_count_in_the_average_precision():
    pair = with_truth(random_pair(4, 1), inside=torch.tensor([1.0, 0.0, torch.nan, 1.0]))
    scores = score(vat_metrics, measure(vat_metrics, [pair]))
    assert {name: s.n for name, s in scores.items()} == {
        "vat.auc.float": 2,
        "vat.auc.uint8": 2,
        "vat.auc.float-cut": 2,
        "vat.distance": 2,
        "vat.distance.cell-corner": 2,
        "vat.ap.inside-positive": 3,
        "vat.ap.outside-positive": 3,
    }


def test_a_model_without_an_inside_probability_has_no_average_precision():
    gaze, scene = random_pair(3, 1)
    scores = score(vat_metrics, measure(vat_metrics, [(replace(gaze, inside=None), scene)]))
    assert scores["vat.ap.inside-positive"].n == 0
    assert math.isnan(scores["vat.ap.inside-positive"].value)
    assert scores["vat.distance"].n == 3


@pytest.mark.parametrize("metrics", [gazefollow_metrics, vat_metrics])
@pytest.mark.parametrize("pairs", [[], [random_pair(0)]])
def test_nobody_gives_an_empty_score(metrics, pairs):
    scores = score(metrics, measure(metrics, pairs))
    assert scores.keys() == {m.id for m in metrics}
    assert all(s.n == 0 and math.isnan(s.value) and math.isnan(s.low) for s in scores.values())


def test_identifiers_are_unique():
    names = [m.id for m in (*gazefollow_metrics, *vat_metrics)]
    assert len(set(names)) == len(names)


def test_what_cannot_be_scored_is_refused_by_name():
    gaze, scene = random_pair(3)
    with pytest.raises(ValueError, match="'a' has 3 people but the prediction has 2"):
        measure(gazefollow_metrics, [(gaze[:2], scene)])
    with pytest.raises(ValueError, match="'a' has no annotations"):
        measure(gazefollow_metrics, [(gaze, replace(scene, truth=None))])
    for name in ("points", "heatmaps"):
        broken = replace(gaze, **{name: torch.full_like(getattr(gaze, name), torch.nan)})
        with pytest.raises(ValueError, match="'a': a predicted point or heatmap is NaN"):
            measure(gazefollow_metrics, [(broken, scene)])


def test_the_interval_of_a_mean_is_that_of_the_normal_approximation():
    values = torch.randn(400, 1, dtype=torch.float64) * 3 + 7
    result = summarise(values)
    error = values.std().item() / math.sqrt(400)
    assert result.value == pytest.approx(values.mean().item())
    assert result.low == pytest.approx(result.value - 1.96 * error, abs=0.2 * error)
    assert result.high == pytest.approx(result.value + 1.96 * error, abs=0.2 * error)


def test_the_interval_of_an_average_precision_is_that_of_resampled_people():
    labels = (torch.rand(150) < 0.6).double()
    people = torch.stack([torch.rand(150) + 0.4 * labels, labels], -1)
    result = summarise(people, average_precision)
    draws = [people[np.random.RandomState(i).randint(150, size=150)].numpy() for i in range(1000)]
    oracle = np.quantile([average_precision_score(d[:, 1], d[:, 0]) for d in draws], [0.025, 0.975])
    assert result.value == pytest.approx(average_precision_score(labels, people[:, 0]))
    assert [result.low, result.high] == pytest.approx(oracle, abs=0.01)


def test_the_interval_depends_on_the_seed_alone():
    values = torch.rand(30, 1)
    assert summarise(values) == summarise(values)
    assert summarise(values, seed=1) != summarise(values, seed=2)


def count_people(kept):
    return {"set.people": float(sum(kept))}


def test_a_score_of_the_whole_set_sees_what_was_kept_of_every_picture():
    metric = SetMetric({"set.people": "people"}, lambda _, scene: len(scene), count_people)
    parts = [measure((), [random_pair(2), random_pair(3)], [metric]), measure((), [], [metric])]
    (people,) = score((), join(parts), [metric]).values()
    assert (people.value, people.n) == (5, 2)
    assert math.isnan(people.low)
