"""Gaze as GOO computes it, the gaze object, and both over whole scenes."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from sightline.benchmark import find_benchmark
from sightline.gaze import Gaze
from sightline.geometry.heatmap import peaks
from sightline.goo_classes import GOO_CLASSES, HEAD
from sightline.metrics.detection import THRESHOLDS, average_precisions, pool_detections
from sightline.metrics.goo import auc_per_person, coarse_maps, pooled_auc, target_cells
from sightline.metrics.goo_scores import gaze_object_metrics, goo_metrics
from sightline.metrics.objects import gaze_object_precision
from sightline.metrics.scores import measure, score, summarise
from sightline.metrics.similarity import wuoc
from sightline.scene import Objects, Scene, Truth

SIZE = (640, 480)
SCALE = torch.tensor(SIZE * 2)
METRICS = goo_metrics + gaze_object_metrics


@pytest.fixture(scope="session")
def released(golden: Path) -> dict[str, torch.Tensor]:
    with np.load(golden / "gatector" / "gaze_metrics.npz") as file:
        return {key: torch.from_numpy(value) for key, value in file.items()}


@pytest.mark.golden
def test_gatector_coarse_maps_and_their_auc_match(released):
    maps = coarse_maps(released["heatmaps"])
    torch.testing.assert_close(maps, released["maps5"].flatten(1), rtol=0, atol=1e-6)
    values = auc_per_person(released["heatmaps"], released["gaze"])
    torch.testing.assert_close(values, released["auc_per_image"], rtol=0, atol=1e-6)


@pytest.mark.golden
def test_gatector_scores_of_people_match(released):
    people = len(released["gaze"])
    scene = Scene(
        torch.zeros(3, *SIZE[::-1], dtype=torch.uint8),
        torch.rand(people, 4),
        truth=Truth(released["gaze"][:, None] * SCALE[:2], torch.ones(people)),
        eyes=released["eye"] * SCALE[:2],
    )
    heatmaps = released["heatmaps"]
    measured = measure(
        goo_metrics, [(Gaze(torch.rand(people, 4), peaks(heatmaps), heatmaps), scene)]
    )
    for name, key in (("distance", "dist"), ("angle", "angle"), ("auc.mean", "auc_per_image")):
        torch.testing.assert_close(
            measured.people[f"goo.{name}"][:, 0], released[key], rtol=0, atol=1e-6
        )
    scores = score(goo_metrics, measured)
    for name, key in (
        ("auc.pooled", "auc_pooled"),
        ("auc.mean", "auc_mean"),
        ("distance", "mean_dist"),
        ("angle", "mean_angle"),
    ):
        assert scores[f"goo.{name}"].value == pytest.approx(released[key].item(), abs=1e-6)


def test_the_pooled_auc_is_that_of_repeated_people():
    cells = (torch.rand(9, 25) * 6).round().double()  # with many ties
    targets = torch.randint(25, (9,)).double()
    weights = torch.randint(0, 4, (5, 9)).double()
    ours = pooled_auc(*cells.unbind(1), targets, weights)
    for value, weight in zip(ours.tolist(), weights.long(), strict=True):
        rows = torch.arange(9).repeat_interleave(weight)
        hot = torch.arange(25) == targets[rows, None]
        assert value == pytest.approx(roc_auc_score(hot.flatten(), cells[rows].flatten()))


def test_target_cells_at_the_borders_and_of_nobody():
    points = torch.tensor([[0.0, 0.0], [1.0, 1.0], [0.39, 0.21], [torch.nan, torch.nan]])
    cells = target_cells(points)
    assert cells[:3].tolist() == [0, 24, 6]
    assert cells[3].isnan()


BOXES = torch.tensor(
    [[100.0, 100, 140, 180], [140, 100, 180, 180], [400, 300, 430, 360], [10, 10, 60, 70]]
)
LABELS = torch.tensor([3, 3, 7, HEAD])


def shelf(gaze_object: list[int]) -> tuple[Gaze, Scene]:
    """Three people who look at the first, the third and no visible object."""
    true_rows = torch.tensor([0, 2, -1])
    objects = Objects(BOXES, LABELS, torch.ones(4), GOO_CLASSES)
    points = ((BOXES[true_rows, :2] + BOXES[true_rows, 2:]) / 2)[:, None]
    heads = BOXES[3:].repeat(3, 1)
    scene = Scene(
        torch.zeros(3, *SIZE[::-1], dtype=torch.uint8),
        heads,
        objects=objects,
        truth=Truth(points, torch.ones(3), true_rows),
    )
    found = Objects(BOXES / SCALE, LABELS, torch.tensor([0.9, 0.8, 0.7, 0.6]), GOO_CLASSES)
    given = {"objects": found, "gaze_object": torch.tensor(gaze_object)}
    gaze = Gaze(heads / SCALE, points[:, 0] / SCALE[:2], torch.rand(3, 64, 64), **given)
    return gaze, scene


def values(gaze: Gaze, scene: Scene) -> dict[str, float]:
    """Scores of one scene, with no need of intervals."""
    people = measure(METRICS, [(gaze, scene)]).people
    return {m.id: summarise(people[m.id], m.pool, resamples=1).value for m in METRICS}


def test_the_right_gaze_objects_score_1_and_hidden_ones_do_not_count():
    scores = score(gaze_object_metrics, measure(gaze_object_metrics, [shelf([0, 2, 1])]))
    assert {(round(s.value, 6), s.n) for s in scores.values()} == {(1.0, 2)}


def test_the_neighbour_is_a_hit_of_wuoc_and_of_the_class_only():
    found = values(*shelf([1, 2, 0]))
    assert found["gaze-object.mean-iou"] == found["gaze-object.accuracy"] == pytest.approx(0.5)
    assert found["gaze-object.row-accuracy"] == 0.5
    assert found["gaze-object.class-accuracy"] == found["gaze-object.wuoc"] == 1.0
    assert found["gaze-object.mean-soc"] == pytest.approx(0.75)
    assert found["gaze-object.ap"] == pytest.approx(0.25), "the miss is ranked first: 1/2 of 1/2"


def test_who_is_given_no_object_is_a_miss():
    found = values(*shelf([0, -1, -1]))
    names = ("mean-iou", "accuracy", "class-accuracy", "row-accuracy", "ap", "wuoc", "mdap")
    assert [found[f"gaze-object.{name}"] for name in names] == pytest.approx([0.5] * len(names))


def test_mdap_tells_a_near_miss_from_a_far_one():
    near, far = values(*shelf([1, 2, 0])), values(*shelf([2, 2, 0]))
    assert near["gaze-object.mdap"] > far["gaze-object.mdap"] + 0.1
    assert near["gaze-object.ap"] == far["gaze-object.ap"]


def test_a_detectors_own_boxes_have_no_row_accuracy():
    gaze, scene = shelf([0, 2, 1])
    moved = replace(gaze.objects, boxes=gaze.objects.boxes + 0.001)
    found = values(replace(gaze, objects=moved), scene)
    assert math.isnan(found["gaze-object.row-accuracy"])
    assert found["gaze-object.accuracy"] == 1.0


def test_classes_of_another_detector_are_compared_by_name():
    gaze, scene = shelf([0, 2, 1])
    names = ("bottle", GOO_CLASSES[3], "cup", GOO_CLASSES[HEAD])
    other = replace(gaze.objects, labels=torch.tensor([1, 9, -1, 3]), classes=names)
    found = values(replace(gaze, objects=other), scene)
    assert found["gaze-object.class-accuracy"] == 0.5
    kept = find_benchmark("goo-real-test").set_metrics[0].keep(replace(gaze, objects=other), scene)
    assert kept[0].labels.tolist() == [3, -1, -1, HEAD]


def test_a_box_that_is_nan_is_refused_by_name():
    gaze, scene = shelf([0, 2, 1])
    broken = replace(gaze.objects, boxes=gaze.objects.boxes * torch.nan)
    with pytest.raises(ValueError, match="the box of a found object is NaN"):
        values(replace(gaze, objects=broken), scene)


def test_a_gaze_object_is_one_scored_box_per_person():
    true = torch.rand(40, 2) * 100
    true = torch.cat([true, true + 20 + torch.rand(40, 2) * 20], 1).double()
    found = true + torch.randint(-12, 13, (40, 4))
    scores = torch.rand(40)
    person = [
        (Objects(f[None], torch.zeros(1), s[None]), Objects(t[None], torch.zeros(1), s[None]))
        for f, t, s in zip(found, true, scores, strict=True)
    ]
    expected = average_precisions(pool_detections(person), wuoc).mean().item()
    ours = gaze_object_precision(wuoc(found, true), scores.double(), torch.ones(1, 40).double())
    assert ours.item() == pytest.approx(expected, abs=1e-12)


def test_weights_of_gaze_objects_are_repetitions_and_tied_scores_one_step():
    similarity, scores = torch.rand(12).double(), (torch.rand(12) * 4).round().double()
    weights = torch.randint(0, 3, (6, 12)).double()
    ours = gaze_object_precision(similarity, scores, weights)
    for value, weight in zip(ours, weights.long(), strict=True):
        rows = torch.arange(12).repeat_interleave(weight)
        flipped = rows.flip(0)
        ones = torch.ones(1, len(rows)).double()
        for order in (rows, flipped):
            again = gaze_object_precision(similarity[order], scores[order], ones)
            torch.testing.assert_close(again[0], value)
    same = gaze_object_precision(similarity, torch.ones(12).double(), weights[:1] * 0 + 1)
    hits = [(similarity >= t).double().mean().item() ** 2 for t in THRESHOLDS]
    assert same.item() == pytest.approx(sum(hits) / len(hits))


def test_proximate_accuracy_asks_for_the_distance_and_then_for_the_class():
    gaze, scene = shelf([0, 2, 1])
    points = gaze.points.clone()
    points[0, 0] += 0.04  # 25.6 of 640 pixels: nearest to the neighbour, of the same class
    points[1] = gaze.points[0]
    found = values(replace(gaze, points=points), scene)
    assert found["goo.proximate.0.03"] == pytest.approx(1 / 3)
    assert found["goo.proximate.0.05"] == pytest.approx(2 / 3)
    assert found["goo.class-proximate.0.03"] == 0.0, "the third person has no visible object"
    assert found["goo.class-proximate.0.05"] == 0.5


@pytest.mark.parametrize("given", [torch.nan, 0.0])
def test_people_without_a_gaze_point_or_who_look_outside_are_left_out(given: float):
    gaze, scene = shelf([0, 2, 1])
    points, inside = scene.truth.points.clone(), torch.ones(3)
    points[1], inside[1] = (torch.nan, 1.0) if math.isnan(given) else (0.5, given)
    truth = replace(scene.truth, points=points, inside=inside)
    scores = score(goo_metrics, measure(goo_metrics, [(gaze, replace(scene, truth=truth))]))
    assert {s.n for name, s in scores.items() if "class" not in name} == {2}
    assert scores["goo.class-proximate.0.30"].n == 1


def test_the_angle_is_at_the_eyes_or_at_the_heads_centre():
    gaze, scene = shelf([0, 2, 1])
    points = gaze.points.flip(0)
    at_centre = values(replace(gaze, points=points), scene)["goo.angle"]
    centre = ((scene.heads[:, :2] + scene.heads[:, 2:]) / 2).clone()
    with_eyes = values(replace(gaze, points=points), replace(scene, eyes=centre))["goo.angle"]
    unknown = values(replace(gaze, points=points), replace(scene, eyes=centre * torch.nan))
    moved = values(replace(gaze, points=points), replace(scene, eyes=centre + 200))["goo.angle"]
    assert at_centre == with_eyes == unknown["goo.angle"]
    assert abs(moved - at_centre) > 1


def test_a_model_without_objects_is_scored_by_its_gaze():
    gaze, scene = shelf([0, 2, 1])
    gaze = replace(gaze, objects=None, gaze_object=None)
    benchmark = find_benchmark("goo-synth-test")
    scores = benchmark.score(benchmark.measure([(gaze, scene)] * 2))
    gaze_only = {name for name, s in scores.items() if not math.isnan(s.value)}
    assert gaze_only == {metric.id for metric in goo_metrics}
    assert scores.keys() == benchmark.definitions().keys()


def test_a_benchmark_of_objects_needs_no_people():
    gaze, scene = shelf([0, 2, 1])
    benchmark = find_benchmark("goo-real-test-objects")
    nobody = replace(scene, heads=scene.heads[:0], truth=None)
    scores = benchmark.score(benchmark.measure([(gaze[:0], nobody)] * 3))
    assert {round(s.value, 6) for s in scores.values()} == {1.0}
    assert benchmark.better == "max"
    assert all(math.isnan(s.value) for s in benchmark.score(benchmark.measure([])).values())


def test_the_released_scores_leave_heads_out_of_coco_only():
    gaze, scene = shelf([0, 2, 1])
    headless = replace(gaze, objects=gaze.objects[[0, 1, 2]])
    benchmark = find_benchmark("goo-synth-test")
    scores = benchmark.score(benchmark.measure([(headless, scene)]))
    assert scores["goo.coco.ap.released"].value == pytest.approx(1.0)
    assert scores["objects.coco.ap"].value == pytest.approx(2 / 3)
    assert scores["goo.voc.ap50.released"].value == pytest.approx(2 / 3)


def test_identifiers_of_goo_are_unique():
    names = [metric.id for metric in METRICS]
    assert len(set(names)) == len(names)
