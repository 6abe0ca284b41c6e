"""Labels of pictures to stretches of time: first gaps are closed, then short ones left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

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


def close_gaps(runs: Sequence[Run], gap: float) -> list[Run]:
    """Join runs of one label with at most `gap` seconds in between; what lies there is dropped.

    The shortest gap is closed first, so that the longer of two looks that alternate prevails.
    """
    labels = [run.label for run in runs]
    goes_on = [False] * len(runs)  # whether a run belongs to the one before it
    for _, one, two in sorted(_gaps(runs, gap)):
        if labels[one] == labels[two] == runs[one].label:  # neither has been dropped
            labels[one:two] = [labels[one]] * (two - one)
            goes_on[one + 1 : two + 1] = [True] * (two - one)
    closed: list[Run] = []
    for run, same in zip(runs, goes_on, strict=True):
        if same:
            closed[-1] = replace(closed[-1], last=run.last, end=run.end)
        else:
            closed.append(run)
    return closed


def _gaps(runs: Sequence[Run], longest: float) -> Iterator[tuple[float, int, int]]:
    """Seconds between two runs of one label that are near each other, and which they are."""
    for two, run in enumerate(runs):
        for one in range(two - 1, -1, -1):
            seconds = run.start - runs[one].end
            if seconds > longest + SLACK:
                break
            if runs[one].label == run.label:
                yield round(seconds, 6), one, two


def spread(runs: Iterable[Run], first: int, last: int) -> np.ndarray:
    """The labels of the pictures from `first` to `last`, NONE where no run is."""
    labels = np.full(last - first + 1, NONE)
    for run in runs:
        if run.last >= first:
            labels[max(run.first - first, 0) : run.last - first + 1] = run.label
    return labels
