"""Average precision of objects: the release's numbers, naive loops, COCO, odd cases."""

import json
import sys
from functools import partial
from pathlib import Path

import pytest
import torch

from sightline.metrics import detection
from sightline.metrics.coco import coco_average_precisions
from sightline.metrics.detection import (
    THRESHOLDS,
    as_printed,
    average_precisions,
    pool_detections,
)
from sightline.metrics.similarity import iou, soc, wuoc
from sightline.scene import Objects

SIMILARITIES = {
    name: partial(f, pixel=1.0) for name, f in (("iou", iou), ("wuoc", wuoc), ("soc", soc))
}


def objects(rows, scores=None, ignored=None) -> Objects:
    """Objects of rows label, x0, y0, x1, y1."""
    table = torch.tensor(rows, dtype=torch.float64).view(-1, 5)
    given = torch.ones(len(table)) if scores is None else torch.tensor(scores).double()
    mask = None if ignored is None else torch.tensor(ignored, dtype=torch.bool)
    return Objects(table[:, 1:], table[:, 0].long(), given, ignored=mask)


@pytest.fixture(scope="session")
def released(golden: Path):
    """Detections, classes and expected numbers of the release's own run."""
    file = json.loads((golden / "gatector" / "ap.json").read_text(encoding="utf-8"))
    number = {name: label for label, name in enumerate(file["classes"])}
    pictures = [
        (
            objects([[number[d[0]], *d[2:]] for d in i["det"]], [d[1] for d in i["det"]]),
            objects([[number[g[0]], *g[1:5]] for g in i["gt"]], None, [g[5] for g in i["gt"]]),
        )
        for i in file["images"]
    ]
    return pool_detections(pictures), file["classes"], file["expected"]


@pytest.mark.golden
@pytest.mark.parametrize("name", ["iou", "wuoc"])
def test_gatector_average_precision_of_each_class_to_the_printed_digit(released, name: str):
    detections, classes, expected = released
    values = 100 * average_precisions(detections, SIMILARITIES[name])
    for row, printed in zip(values, expected[name].values(), strict=True):
        ours = {classes[k]: round(v, 2) for k, v in enumerate(row.tolist()) if v == v}
        ours["mean"] = round(row.nanmean().item(), 2)
        assert ours == {key: value for key, value in printed.items() if key != "mean_exact"}


@pytest.mark.golden
def test_gatector_means_over_thresholds_to_the_printed_digit(released):
    detections, _, expected = released
    by_threshold = average_precisions(detections, SIMILARITIES["soc"]).nanmean(1)
    assert by_threshold.tolist() == pytest.approx(list(expected["soc"].values()), abs=1e-12)
    assert round(100 * by_threshold.mean().item(), 2) == expected["soc_final"]
    weighted = average_precisions(detections, SIMILARITIES["wuoc"])
    assert round(100 * weighted.nanmean().item(), 2) == expected["wuoc_final"]
    plain = 100 * average_precisions(detections, SIMILARITIES["iou"]).nanmean(1)
    mean = sum(round(value, 2) for value in plain.tolist()) / len(THRESHOLDS)
    assert mean == pytest.approx(expected["iou_mean_50_95"])


@pytest.mark.golden
def test_gatector_coco_precision_with_and_without_the_shifted_categories(released):
    detections, _, expected = released
    values = coco_average_precisions(detections)
    fixed, shifted = values.nanmean(0).tolist(), values[:25].nanmean(0).tolist()
    assert fixed == pytest.approx(expected["coco_stats_categories_fixed"][:3], abs=1e-12)
    assert shifted == pytest.approx(expected["coco_stats"][:3], abs=1e-12)


def random_pictures(count: int = 12) -> list[tuple[Objects, Objects]]:
    """Crowded pictures of three classes with ignored objects; class 1 is never true."""
    pictures = []
    for _ in range(count):
        low = torch.randint(0, 60, (int(torch.randint(0, 9, ())), 2)).double()
        boxes = torch.cat([low, low + torch.randint(5, 30, low.shape)], 1)
        labels = 2 * torch.randint(0, 2, (len(boxes),))
        true = Objects(boxes, labels, torch.ones(len(boxes)), ignored=torch.rand(len(boxes)) < 0.2)
        rows = torch.randint(0, max(1, len(boxes)), (14 if len(boxes) else 0,))
        moved = boxes[rows] + torch.randint(-6, 7, (len(rows), 4))
        moved[:, 2:] = torch.maximum(moved[:, 2:], moved[:, :2] + 1)
        guess = torch.where(torch.rand(len(rows)) < 0.8, labels[rows], torch.randint(0, 3, (1,)))
        pictures.append((Objects(moved, guess, torch.rand(len(rows))), true))
    return pictures


def naive_precision(pictures, label, similarity, threshold):
    """Detection by detection, as the definition reads."""
    ranked = [
        (score.item(), p, box)
        for p, (found, _) in enumerate(pictures)
        for score, box, of in zip(found.scores, found.boxes, found.labels, strict=True)
        if of == label
    ]
    right, wrong, used, curve = 0, 0, set(), []
    wanted = sum(int(((t.labels == label) & ~t.ignored).sum()) for _, t in pictures)
    for _, p, box in sorted(ranked, key=lambda row: -row[0]):
        true = pictures[p][1]
        rows = (true.labels == label).nonzero()[:, 0].tolist()
        alike = [similarity(box, true.boxes[row]).item() for row in rows]
        best = max(range(len(rows)), key=lambda i: alike[i], default=None)
        if best is not None and alike[best] >= threshold:
            if true.ignored[rows[best]]:
                continue
            hit = (p, rows[best]) not in used
            used.add((p, rows[best]))
        else:
            hit = False
        right, wrong = right + hit, wrong + (not hit)
        curve.append((right / wanted, right / (right + wrong)))
    recalls = [0.0, *(r for r, _ in curve)]
    return sum(
        (recalls[i + 1] - recalls[i]) * max(p for _, p in curve[i:]) for i in range(len(curve))
    )


@pytest.mark.parametrize("name", SIMILARITIES)
@pytest.mark.parametrize("at_once", [3, 1_000_000])
def test_it_is_the_naive_loop(name: str, at_once: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(detection, "PAIRS_AT_ONCE", at_once)
    pictures, thresholds = random_pictures(), (0.3, 0.5, 0.75)
    values = average_precisions(pool_detections(pictures), SIMILARITIES[name], thresholds)
    for row, threshold in zip(values, thresholds, strict=True):
        for label in (0, 2):
            naive = naive_precision(pictures, label, SIMILARITIES[name], threshold)
            assert row[label].item() == pytest.approx(naive, abs=1e-12)
    assert values[:, 1].isnan().all(), "no true object is of class 1"


def one_class(found, true, ignored=None, threshold=0.5) -> float:
    rows = [[0, *box[:4]] for box in found]
    pictures = [(objects(rows, [box[4] for box in found]), objects(true, None, ignored))]
    return average_precisions(pool_detections(pictures), iou, (threshold,))[0, 0].item()


def test_the_second_find_of_one_object_is_wrong():
    true = [[0, 0, 0, 10, 10], [0, 50, 50, 60, 60]]
    found = [[0, 0, 10, 10, 0.9], [0, 0, 10, 10, 0.8], [50, 50, 60, 60, 0.7]]
    assert one_class(found, true) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_finding_an_ignored_object_is_neither_right_nor_wrong():
    true = [[0, 0, 0, 10, 10], [0, 50, 50, 60, 60]]
    found = [[50, 50, 60, 60, 0.9], [0, 0, 10, 10, 0.8]]
    assert one_class(found, true, [False, True]) == 1.0
    assert one_class(found, true, [False, False]) == 1.0
    assert one_class(found[:1], true, [False, True]) == 0.0


def test_nothing_found_is_0_and_nothing_to_find_is_nan():
    assert one_class([], [[0, 0, 0, 10, 10]]) == 0.0
    nothing = pool_detections(
        [(objects([[0, 0, 0, 5, 5]]), objects([])), (objects([]), objects([]))]
    )
    assert average_precisions(nothing, iou).isnan().all()
    assert coco_average_precisions(nothing).isnan().all()
    assert average_precisions(pool_detections([(objects([]), objects([]))]), iou).shape == (10, 0)


def test_an_unknown_class_takes_no_object_of_another_picture():
    first = objects([[-1, 0, 0, 10, 10]], [0.9]), objects([[0, 0, 0, 10, 10]])
    second = objects([[0, 0, 0, 10, 10]], [0.5]), objects([[0, 0, 0, 10, 10]])
    values = average_precisions(pool_detections([first, second]), iou, (0.5,))
    assert values.tolist() == [[0.5]]


def test_empty_boxes_are_wrong_and_break_nothing():
    found = [[3, 3, 3, 3, 0.9], [7, 7, 2, 2, 0.8], [0, 0, 10, 10, 0.7]]
    assert one_class(found, [[0, 0, 0, 10, 10], [0, 4, 4, 4, 4]]) == pytest.approx(1 / 6)


def test_coco_counts_the_hundred_best_of_a_picture_and_class():
    true = objects([[0, 20 * i, 0, 20 * i + 10, 10] for i in range(120)])
    found = Objects(true.boxes, true.labels, torch.linspace(1, 0.5, 120))
    values = coco_average_precisions(pool_detections([(found, true)]))
    assert values[0].tolist() == pytest.approx([84 / 101] * 3)  # recall 0.833 of 101 steps


def test_coco_names_the_extra_that_it_needs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "faster_coco_eval", None)
    with pytest.raises(ImportError, match=r"pip install 'sightline\[objects\]'"):
        coco_average_precisions(pool_detections(random_pictures(1)))


def test_as_printed_cuts_as_the_text_files_do():
    scores = torch.tensor([0.5793, 0.57939, 1.0, 0.0012345, 0.29])
    boxes = torch.tensor([[-0.7, 1.9, 10.2, 11.999]]).repeat(5, 1)
    printed = as_printed(Objects(boxes, torch.zeros(5).long(), scores))
    texts = [float(str(score)[:6]) for score in scores.numpy()]
    assert printed.scores.tolist() == texts
    assert printed.boxes[0].tolist() == [0.0, 1.0, 10.0, 11.0]
