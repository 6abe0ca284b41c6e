"""Scores of systems trained with several seeds, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean, stdev

from timing import Row

from sightline.metrics.scores import Score


def table(results: Mapping[str, list[dict[str, Score]]], shown: Mapping[str, str]) -> list[Row]:
    """One row per system; the mean over seeds, and the spread where there are several.

    shown: metric id -> the column's short name.
    """
    rows = []
    for system, runs in results.items():
        row: dict[str, str | int | float] = {"system": system, "seeds": len(runs)}
        for name, short in shown.items():
            values = [run[name].value for run in runs if name in run]
            spread = f" ± {stdev(values):.3f}" if len(values) > 1 else ""
            row[short] = f"{mean(values):.3f}{spread}" if values else "-"
        rows.append(row)
    return rows
