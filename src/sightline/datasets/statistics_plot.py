"""The statistics of a data set as one figure; needs the extra `plots`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from sightline.datasets.statistics import Statistics

BINS = 30


def draw_statistics(statistics: Statistics, path: Path, title: str) -> None:
    """Draw six diagrams into a picture file; ImportError says what to install."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("--plot needs matplotlib: pip install 'sightline[plots]'.") from error
    figure = Figure(figsize=(12, 7), layout="constrained")
    figure.suptitle(title)
    grid = figure.add_gridspec(2, 3)
    axes = [figure.add_subplot(grid[i // 3, i % 3]) for i in (0, 1, 2, 3, 5)]
    people, heads, distances, targets, objects = axes
    _whole_numbers(people, statistics.people.numpy(), "people per picture")
    _histogram(heads, statistics.heads[:, 1].numpy(), "head height, share of the picture's")
    _histogram(distances, statistics.lines.norm(dim=1).numpy(), "from head to target, unit square")
    x, y = statistics.targets.numpy().T
    targets.hist2d(x, y, BINS, range=((0, 1), (0, 1)), cmap="viridis")
    targets.invert_yaxis()
    targets.set_title("targets in the picture")
    turns = figure.add_subplot(grid[1, 1], projection="polar")
    turns.hist(np.radians(statistics.turns.numpy()), np.linspace(0, 2 * np.pi, 25).tolist())
    turns.set_title("directions of gaze in the picture")
    if len(statistics.sizes):
        _whole_numbers(objects, statistics.objects.numpy(), "objects per picture")
    else:
        inside = statistics.inside.numpy()
        shares = [np.mean(inside == 1), np.mean(inside == 0), np.mean(np.isnan(inside))]
        objects.bar(["inside", "outside", "unknown"], shares)
        objects.set_title("where people look")
    figure.savefig(path, dpi=100)


def _whole_numbers(axes: Any, values: np.ndarray, title: str) -> None:
    numbers, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    axes.bar(numbers, counts)
    axes.set_title(title)


def _histogram(axes: Any, values: np.ndarray, title: str) -> None:
    values = values[~np.isnan(values)]
    axes.hist(values, BINS, range=(0, values.max(initial=1e-3)))  # all may be alike
    axes.set_title(title)
