"""Learning curves as a figure."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from statistics import mean

from sightline.benchmark import find_benchmark
from sightline.colours import PALETTE
from sightline.reproduce.experiment import Experiment, Runs

DOTS = 120  # of the figure per inch


def draw_curves(experiment: Experiment, runs: Runs, path: Path) -> None:
    """Draw the validation score by epoch of every system: thin lines are seeds, thick ones means.

    The score is the one that picks the epoch of the last stage.
    """
    import matplotlib as mpl  # an extra

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import MaxNLocator

    figure, axes = plt.subplots(figsize=(6.4, 3.4), dpi=DOTS)
    for system, colour in zip(experiment.systems, PALETTE, strict=False):
        recipe, shade = system.recipe(), tuple(part / 255 for part in colour)
        if recipe.benchmark is None:
            continue
        metric = find_benchmark(recipe.benchmark).decides
        by_epoch: dict[int, list[float]] = defaultdict(list)
        for seed in runs.seeds:
            epochs = curve(runs.run(system.name, seed) / recipe.stages[-1].name, metric)
            axes.plot(list(epochs), list(epochs.values()), color=shade, lw=0.7, marker=".", ms=2)
            for epoch, value in epochs.items():
                by_epoch[epoch].append(value)
        means = [mean(values) for values in by_epoch.values()]
        axes.plot(list(by_epoch), means, color=shade, lw=2.2, marker=".", label=system.name)
        axes.set_ylabel(f"{metric}, validation")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, fontsize="small")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Software": None})
    plt.close(figure)


def curve(stage: Path, metric: str) -> dict[int, float]:
    """Epoch -> validation score of one stage of a run, over all its continuations."""
    found: dict[int, float] = {}
    for log in sorted(stage.glob("log/version_*/metrics.csv")):
        with log.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if value := row.get(f"val/{metric}"):
                    found[int(row["epoch"]) + 1] = float(value)
    return dict(sorted(found.items()))
