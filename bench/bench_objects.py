"""The metrics of GOO on 19,200 pictures of 90 objects, beside the release's loops over detections.

The released numbers are 21 runs of the procedure: IoU at one threshold, wUoC and SoC at ten each.
Its loops run on the first 200 pictures only, where both ways must agree to the last bit; their time
for all is extrapolated, as the work per picture does not depend on how many there are. The
release itself, which goes through text files, is slower: 24 ms per picture and threshold.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

import torch
from timing import headline, parser, peak_memory, report

from sightline.benchmark import find_benchmark
from sightline.gaze import Gaze
from sightline.geometry.heatmap import gaussian_heatmaps
from sightline.goo_classes import GOO_CLASSES, HEAD
from sightline.metrics.detection import (
    THRESHOLDS,
    as_printed,
    average_precisions,
    pool_detections,
)
from sightline.metrics.detection_scores import released_objects
from sightline.metrics.similarity import iou, soc, wuoc
from sightline.scene import Objects, Scene, Truth

SIZE = (640, 480)
SIMILARITIES = {"iou": iou, "wuoc": wuoc, "soc": soc}
RUNS = {"iou": (0.5,), "wuoc": THRESHOLDS, "soc": THRESHOLDS}  # what the released numbers need
BOXES, EXTRA, HEATMAPS = 90, 10, 256
Box = list[float]
Row = tuple[float, int, Box]
Printed = tuple[Objects, Objects]
T = TypeVar("T")


def pairs(count: int) -> Iterator[tuple[Gaze, Scene]]:
    """Pictures of a shopper and 90 objects, which are all found, and 10 more things."""
    heatmaps = gaussian_heatmaps(torch.rand(HEATMAPS, 2)) + 0.1 * torch.rand(HEATMAPS, 64, 64)
    scale = torch.tensor(SIZE * 2)
    blank = torch.zeros(1, 1, 1, dtype=torch.uint8).expand(3, *SIZE[::-1])
    for picture in range(count):
        corners = (torch.rand(BOXES, 2) * torch.tensor([600, 440])).round()
        true = torch.cat([corners, corners + torch.randint(16, 48, (BOXES, 2))], 1)
        labels = torch.randint(1, HEAD, (BOXES,))
        labels[-1] = HEAD
        noise = torch.randn(BOXES + EXTRA, 4) * torch.rand(BOXES + EXTRA, 1) * 12
        rows = torch.cat([torch.arange(BOXES), torch.randint(BOXES, (EXTRA,))])
        moved = true[rows] + noise
        moved[:, 2:] = torch.maximum(moved[:, 2:], moved[:, :2] + 2)  # none is empty
        found = Objects(moved / scale, labels[rows], torch.rand(BOXES + EXTRA))
        target = torch.randint(BOXES - 1, (1,))
        middle = (true[target, :2] + true[target, 2:]) / 2
        point = middle / scale[:2] + 0.05 * torch.randn(1, 2)
        gaze_object = torch.where(torch.rand(1) < 0.6, target, torch.randint(BOXES, (1,)))
        gaze = Gaze(
            true[-1:] / scale,
            point,
            heatmaps[picture % HEATMAPS][None],
            objects=found,
            gaze_object=gaze_object,
        )
        truth = Truth(middle[:, None], torch.ones(1), target)
        objects = Objects(true, labels, torch.ones(BOXES), GOO_CLASSES)
        yield gaze, Scene(blank, true[-1:], objects=objects, truth=truth, key=str(picture))


def loops(pictures: list[Printed], similarity: str, threshold: float) -> dict[int, float]:
    """The release's procedure: class by class, detection by detection, box by box."""
    true: dict[int, dict[int, list[Box]]] = defaultdict(lambda: defaultdict(list))
    found: dict[int, list[Row]] = defaultdict(list)
    for picture, (detections, truth) in enumerate(pictures):
        for label, box in zip(truth.labels.tolist(), truth.boxes.tolist(), strict=True):
            true[label][picture].append(box)
        columns = detections.scores.tolist(), detections.labels.tolist(), detections.boxes.tolist()
        for score, label, box in zip(*columns, strict=True):
            found[label].append((score, picture, box))
    return {
        label: class_precision(found[label], true[label], similarity, threshold) for label in true
    }


def class_precision(
    found: list[Row], true: dict[int, list[Box]], similarity: str, threshold: float
) -> float:
    right, wrong, used = [0], [0], set()
    for _, picture, box in sorted(found, key=lambda row: row[0], reverse=True):
        best, match = -1.0, None
        for row, other in enumerate(true.get(picture, [])):
            if (value := plain(similarity, box, other)) > best:
                best, match = value, (picture, row)
        hit = best >= threshold and match not in used
        if hit:
            used.add(match)
        right.append(right[-1] + hit)
        wrong.append(wrong[-1] + (not hit))
    wanted = sum(map(len, true.values()))
    recall = [0.0, *(r / wanted for r in right[1:]), 1.0]
    precision = [0.0, *(r / (r + w) for r, w in zip(right[1:], wrong[1:], strict=True)), 0.0]
    for i in reversed(range(len(precision) - 1)):
        precision[i] = max(precision[i], precision[i + 1])
    area = 0.0
    for i in range(1, len(recall)):
        if recall[i] != recall[i - 1]:
            area += (recall[i] - recall[i - 1]) * precision[i]
    return area


def plain(similarity: str, p: Box, g: Box) -> float:
    """A similarity of two boxes with one pixel added to every side."""
    a = (p[2] - p[0] + 1) * (p[3] - p[1] + 1)
    b = (g[2] - g[0] + 1) * (g[3] - g[1] + 1)
    width = max(0.0, min(p[2], g[2]) - max(p[0], g[0]) + 1)
    height = max(0.0, min(p[3], g[3]) - max(p[1], g[1]) + 1)
    union = a + b - width * height
    if similarity == "iou":
        return width * height / union
    closure = (max(p[2], g[2]) - min(p[0], g[0]) + 1) * (max(p[3], g[3]) - min(p[1], g[1]) + 1)
    if similarity == "soc":
        return min(a, b) / closure
    return min(a / b, b / a) * (union / closure)


def timed(function: Callable[[], T]) -> tuple[float, T]:
    """Seconds of processor time and the result."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def ours(pictures: list[Printed]) -> dict[str, torch.Tensor]:
    """The same average precisions of all classes and thresholds at once."""
    detections = pool_detections(pictures)
    return {
        name: average_precisions(detections, partial(SIMILARITIES[name], pixel=1.0), thresholds)
        for name, thresholds in RUNS.items()
    }


def check(pictures: list[Printed]) -> float:
    """Seconds that the loops take for all released numbers; raises where ours differ in a bit."""
    total, values = 0.0, ours(pictures)
    for name, thresholds in RUNS.items():
        for row, threshold in zip(values[name], thresholds, strict=True):
            seconds, expected = timed(partial(loops, pictures, name, threshold))
            assert {label: row[label].item() for label in expected} == expected, (name, threshold)
            total += seconds
    return total


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--pictures", type=int, default=19_200, metavar="N")
    options.add_argument("--checked", type=int, default=200, metavar="N", help="by the loops too")
    options = options.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    benchmark = find_benchmark("goo-synth-test")
    scenes = list(pairs(options.pictures))
    printed = [
        (as_printed(found), as_printed(true))
        for found, true in map(released_objects.keep, *zip(*scenes, strict=True))
    ]
    slow = check(printed[: options.checked]) * options.pictures / options.checked
    before = peak_memory()
    fast = timed(lambda: ours(printed))[0]
    used = peak_memory() - before
    suite, scores = timed(lambda: benchmark.score(benchmark.measure(scenes)))
    ways = {
        "loops, extrapolated": (slow, math.nan),
        "ours, the same numbers": (fast, used),
        f"ours, all {len(scores)} metrics": (suite, peak_memory() - before),
    }
    rows = [
        {
            "way": way,
            "s": seconds,
            "ms per picture": 1000 * seconds / options.pictures,
            "times faster": slow / seconds,
            "MiB": memory,
        }
        for way, (seconds, memory) in ways.items()
    ]
    report("objects", rows, options.json)
    what = f"GOO's released scores of {options.pictures:,} pictures"
    headline(options.json, what, fast, "s", "the same loops, extrapolated", slow)


if __name__ == "__main__":
    main()
