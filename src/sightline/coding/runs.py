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

    Before a step of more than `longest_step` a picture lasts for the median step at most.
    """
    steps = np.diff(times)
    usual = float(np.median(steps)) if steps.size else 0.0
    lasting = np.where(steps > longest_step, np.minimum(steps, usual), steps)
    return Timeline(times, times + np.append(lasting, usual))


@dataclass(frozen=True)
class Run:
    """A label over the pictures from `first` to `last`, both included; seconds."""

    label: int
    first: int
    last: int
    start: float
    end: float


def find_runs(
    pictures: np.ndarray, labels: np.ndarray, clock: Timeline, coding: Coding
) -> list[Run]:
    """The stretches of equal labels (N,) other than NONE; they do not overlap.

    pictures: (N,) which picture each label is of, rising; there may be none in between.
    """
    pictures, labels = pictures[labels != NONE], labels[labels != NONE]
    holes = clock.starts[pictures[1:]] - clock.ends[pictures[:-1]]
    breaks = (np.diff(labels) != 0) | (holes > coding.merge_gap + SLACK)
    cuts = np.flatnonzero(breaks) + 1
    pieces = zip(np.split(pictures, cuts), np.split(labels, cuts), strict=True)
    runs = [
        Run(
            int(label[0]),
            int(p[0]),
            int(p[-1]),
            float(clock.starts[p[0]]),
            float(clock.ends[p[-1]]),
        )
        for p, label in pieces
        if p.size
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


def spread(runs: Iterable[Run], first: int, last: int) -> np.ndarray:
    """The labels of the pictures from `first` to `last`, NONE where no run is."""
    labels = np.full(last - first + 1, NONE)
    for run in runs:
        if run.last >= first:
            labels[max(run.first - first, 0) : run.last - first + 1] = run.label
    return labels
