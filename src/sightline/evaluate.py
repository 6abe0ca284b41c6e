"""Scoring: predict a benchmark's scenes into shards, score the shards, write a report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader, Dataset

from sightline.benchmark import Benchmark
from sightline.collate import clip_length_for, collate_with_scenes
from sightline.datasets import is_rendered, load_dataset
from sightline.metrics.scores import Score
from sightline.models.base import GazeModel
from sightline.models.on_views import fitted
from sightline.provenance import describe_run, write_json
from sightline.scene import Clip, Scene
from sightline.shards import Pair, ShardWriter, unpack_scenes
from sightline.workers import begin_worker


def predict_dataset(
    model: GazeModel,
    dataset: Dataset[Scene] | Dataset[Clip],
    *,
    samples: Sequence[int] | None = None,
    batch_size: int = 32,
    workers: int = 2,
) -> Iterator[list[Pair]]:
    """The gaze of every scene of a dataset, in order, with the scene (its picture left out).

    samples: the indices to predict, if not all. batch_size: scenes. A clip comes in one piece; one
    longer than a batch is predicted bit by bit if the model takes each picture by itself.
    """
    model = fitted(model, getattr(dataset, "projection", "perspective"))
    frames = clip_length_for(model, dataset)
    loader = DataLoader(
        dataset,
        max(1, batch_size // frames) if frames else 1,
        sampler=samples,
        collate_fn=partial(collate_with_scenes, model.preprocess, model.clip_length),
        num_workers=workers,
        worker_init_fn=begin_worker,
    )
    for batch, scenes in loader:
        parts = batch.split(batch_size) if model.clip_length == 1 else [batch]
        gazes = [gaze for part in parts for gaze in model.predict_batch(part)]
        yield list(zip(gazes, unpack_scenes(*scenes), strict=True))


def predict_benchmark(
    benchmark: Benchmark,
    model: GazeModel,
    data: Path,
    folder: Path,
    *,
    origin: dict[str, Any],
    **loading: int,
) -> int:
    """Write the predictions for `benchmark` into shards; samples already there are left out.

    origin: what says which model it is; kept beside the shards. Returns the number of samples
    predicted now. Raises FileExistsError when the folder holds predictions of another origin, and
    what the dataset raises for a wrong folder.
    """
    dataset: Any = load_dataset(benchmark.dataset, data, benchmark.split, depth=model.uses_depth)
    source = {"data": str(data)} if is_rendered(data) else {}  # a folder may have been moved
    _claim(folder, {"benchmark": benchmark.name, **origin, **source})
    with ShardWriter(folder) as writer:
        missing = [i for i, key in enumerate(dataset.keys) if key not in writer.done]
        for pairs in predict_dataset(model, dataset, samples=missing, **loading):
            writer.add(pairs)
    return len(missing)


def _claim(folder: Path, origin: dict[str, Any]) -> None:
    if (record := folder / "origin.json").exists() and read_origin(folder) != origin:
        raise FileExistsError(
            f"{folder} holds predictions of other weights or settings; name another --out"
        )
    write_json(record, origin)


def read_origin(folder: Path) -> dict[str, Any]:
    """What was kept beside saved predictions about the model that made them."""
    record = folder / "origin.json"
    return json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}


def score_pairs(benchmark: Benchmark, pairs: Iterable[Pair]) -> dict[str, Score]:
    """Every metric of `benchmark` over (gaze, scene) pairs, saved or fresh."""
    return benchmark.score(benchmark.measure(pairs))


def write_report(
    path: Path,
    benchmark: Benchmark,
    systems: dict[str, dict[str, Score]],
    facts: dict[str, Any],
) -> None:
    """Write the scores of each system, with definitions and where they come from, as JSON."""
    scores = {
        system: {name: asdict(score) for name, score in column.items()}
        for system, column in systems.items()
    }
    about = describe_run(**{**facts, "benchmark": benchmark.name, "protocol": benchmark.protocol})
    write_json(path, about | {"metrics": benchmark.definitions(), "scores": scores})
