"""Scores of an experiment's runs: by system and seed, over all and by group."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import mean, stdev
from typing import TypeAlias

from sightline.baselines import predict_baseline
from sightline.benchmark import find_benchmark
from sightline.evaluate import score_pairs
from sightline.reproduce.experiment import Experiment, Row, Runs, Test
from sightline.shards import Pair, read_shards

Values: TypeAlias = dict[str, float]
"""Metric id -> value."""
BySeed: TypeAlias = dict[str, dict[int, Values]]
"""System -> seed -> values; a baseline has the one seed 0."""
OVERALL = ""


def score_test(experiment: Experiment, test: Test, runs: Runs) -> dict[str, BySeed]:
    """Scores by group (`OVERALL` is all scenes), system and seed, baselines after the systems."""
    scored: dict[str, BySeed] = defaultdict(lambda: defaultdict(dict))
    pairs: list[Pair] = []
    for system in experiment.systems:
        for seed in runs.seeds:
            pairs = list(read_shards(runs.predictions(system.name, seed, test.benchmark)))
            for group, values in _by_group(test, pairs).items():
                scored[group][system.name][seed] = values
    for name in test.baselines:
        for group, values in _by_group(test, list(predict_baseline(name, pairs))).items():
            scored[group][name][0] = values
    return {group: dict(systems) for group, systems in scored.items()}


def _by_group(test: Test, pairs: list[Pair]) -> dict[str, Values]:
    parts = {OVERALL: pairs}
    if test.grouping is not None:
        names = test.grouping.groups([scene for _, scene in pairs])
        for name in sorted(set(names)):
            parts[name] = [pair for pair, own in zip(pairs, names, strict=True) if own == name]
    return {name: _values(test, part) for name, part in parts.items()}


def _values(test: Test, pairs: Iterable[Pair]) -> Values:
    scores = score_pairs(find_benchmark(test.benchmark), pairs)
    return {metric: scores[metric].value for metric in test.shown if metric in scores}


def summary(systems: BySeed, shown: Mapping[str, str]) -> list[Row]:
    """One row per system: the mean over its seeds, and the deviation where there are several."""
    rows = []
    for system, seeds in systems.items():
        row: dict[str, str | int | float] = {"system": system, "seeds": len(seeds)}
        for metric, column in shown.items():
            values = [v[metric] for v in seeds.values() if math.isfinite(v.get(metric, math.nan))]
            row[column] = spread(values)
        rows.append(row)
    return rows


def spread(values: list[float], digits: int = 3) -> str:
    """Mean and standard deviation in words; a dash for nothing."""
    if not values:
        return "-"
    deviation = f" ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{mean(values):.{digits}f}{deviation}"
