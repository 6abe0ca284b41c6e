"""Labels of pictures to stretches of time: first gaps are closed, then short ones left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sightline.coding.targets import NONE
from sightline.coding.thresholds import Coding

SLACK = 1e-6
"""Seconds; time stamps are rounded, so 5 pictures of 0.04 s may last a little less than 0.2 s."""


@dataclass(frozen=True)
class Timeline:
    """When each of F pictures is on screen: (F,) seconds."""

    starts: np.ndarray
    ends: np.ndarray


def timeline(times: np.ndarray, longest_step: float) -> Timeline:
    """Pictures at `times` (F,) last until the next one; the last one for the median step.

    Before a step of more than `longest_step` a picture lasts for the median step too.
    """
    steps = np.diff(times)
    usual = float(np.median(steps)) if steps.size else 0.0
    return Timeline(times, times + np.append(np.where(steps > longest_step, usual, steps), usual))


@dataclass(frozen=True)
class Run:
    """A label over the pictures from `first` to `last`, both included; seconds."""

    label: int
    first: int
    last: int
    start: float
    end: float


def find_runs(labels: np.ndarray, clock: Timeline, coding: Coding) -> list[Run]:
    """The stretches of equal labels (F,) other than NONE; they do not overlap."""
    holes = clock.starts[1:] - clock.ends[:-1]
    breaks = (np.diff(labels) != 0) | (holes > coding.merge_gap + SLACK)
    firsts = np.append(0, np.flatnonzero(breaks) + 1)
    lasts = np.append(firsts[1:] - 1, len(labels) - 1)
    runs = [
        Run(int(labels[a]), int(a), int(b), float(clock.starts[a]), float(clock.ends[b]))
        for a, b in zip(firsts, lasts, strict=True)
        if labels[a] != NONE
    ]
    closed = close_gaps(runs, coding.merge_gap)
    return [run for run in closed if run.end - run.start > max(coding.minimum_duration - SLACK, 0)]


def close_gaps(runs: Iterable[Run], gap: float) -> list[Run]:
    """Join runs of one label with at most `gap` seconds in between; what lies there is dropped."""
    closed: list[Run] = []
    for run in runs:
        start = _goes_on(closed, run, gap)
        if start is None:
            closed.append(run)
        else:
            old = closed[start]
            closed[start:] = [Run(run.label, old.first, run.last, old.start, run.end)]
    return closed


def _goes_on(closed: list[Run], run: Run, gap: float) -> int | None:
    """The latest run that `run` goes on, if the gap between them is small enough."""
    for index in range(len(closed) - 1, -1, -1):
        if run.start - closed[index].end > gap + SLACK:
            return None
        if closed[index].label == run.label:
            return index
    return None


def spread(runs: Iterable[Run], pictures: int) -> np.ndarray:
    """The label of each picture (F,), NONE where no run is: `find_runs` reversed."""
    labels = np.full(pictures, NONE, dtype=np.int32)
    for run in runs:
        labels[run.first : run.last + 1] = run.label
    return labels
