"""The best, the middle and the worst answers of a system, drawn on one sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from sightline.benchmark import Benchmark, find_benchmark
from sightline.colours import DARK, WHITE
from sightline.contact_sheet import contact_sheet
from sightline.datasets import load_dataset
from sightline.draw import draw_gaze
from sightline.gaze_objects import only_sure
from sightline.media.image import write_image
from sightline.metrics.scores import measure
from sightline.models.base import GazeModel
from sightline.reproduce.experiment import Experiment, Runs
from sightline.scene import Scene
from sightline.shards import Pair, read_shards
from sightline.strokes import disc, outline, paint

EACH = 4  # examples of a kind
WIDTH = 1280  # pixels of the sheet


def draw_examples(experiment: Experiment, runs: Runs, name: str, system: str, path: Path) -> None:
    """Draw a system's answers to the benchmark `name`: the best ones, middle ones, the worst.

    White rings are the truth.
    """
    benchmark = find_benchmark(name)
    (test,) = [test for test in experiment.tests if test.benchmark == name]
    pairs = _ranked(list(read_shards(runs.predictions(system, runs.seeds[0], name))), benchmark)
    middle = max(0, len(pairs) // 2 - EACH // 2)
    chosen = [*pairs[:EACH], *pairs[middle : middle + EACH], *pairs[::-1][:EACH]]
    dataset: Any = load_dataset(benchmark.dataset, runs.data / test.data.name, benchmark.split)
    index = {str(key): i for i, key in enumerate(dataset.keys)}
    pictures = [_drawn(pair, dataset[index[pair[1].key]]) for pair in chosen]
    _, height, width = pictures[0].shape
    columns = EACH if width < 2 * height else EACH // 2  # a panorama wants room
    write_image(path, contact_sheet(pictures, columns, WIDTH))


def _ranked(pairs: list[Pair], benchmark: Benchmark) -> list[Pair]:
    """The pairs that the benchmark's deciding metric scores, best first."""
    metrics = [metric for metric in benchmark.metrics if metric.id == benchmark.decides]
    scored = [
        (measure(metrics, [pair]).people[benchmark.decides].mean().item(), rank)
        for rank, pair in enumerate(pairs)
    ]
    order = sorted(
        ((value, rank) for value, rank in scored if value == value),  # NaN: nobody counts
        reverse=benchmark.better == "max",
    )
    return [pairs[rank] for _, rank in order]


def _drawn(pair: Pair, scene: Scene) -> Tensor:
    picture = draw_gaze(scene.image, only_sure(pair[0], GazeModel.least_score))
    assert scene.truth is not None
    unit = max(1.0, min(scene.size) / 400)
    for x, y in scene.truth.points.nanmean(1).tolist():
        if x == x:
            ring = outline(disc((x, y), 8 * unit), 0.7 * unit)
            paint(picture, ring, [(1.5 * unit, DARK), (0.7 * unit, WHITE)])
    return picture
