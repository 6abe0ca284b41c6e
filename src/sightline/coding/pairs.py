"""What two people do together: mutual gaze, joint attention to a target or to a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.coding.runs import Run, Timeline, find_runs, spread
from sightline.coding.samples import Samples
from sightline.coding.targets import ELSEWHERE, NONE, OUTSIDE
from sightline.coding.thresholds import Coding

MUTUAL = -4
"""The label of mutual gaze beside those of `targets`."""


@dataclass(frozen=True)
class Looker:
    """A person by number, the rows of `samples` in order of time, and the finished looks."""

    number: int
    rows: np.ndarray
    looks: Sequence[Run]


def find_together(
    samples: Samples, one: Looker, two: Looker, clock: Timeline, coding: Coding
) -> list[Run]:
    """The stretches in which two people look at each other, or at the same.

    It is their finished looks that are compared, so that pairs agree with their people.
    """
    if not one.looks or not two.looks:
        return []
    first = max(one.looks[0].first, two.looks[0].first)
    last = min(one.looks[-1].last, two.looks[-1].last)
    if first > last:
        return []
    a, b = (spread(person.looks, first, last) for person in (one, two))
    away = _points(samples, one, first, last) - _points(samples, two, first, last)
    near = np.hypot(*samples.shortest(away).T) <= coding.joint_distance * np.hypot(*samples.size)
    labels = pair_labels(a, b, (one.number, two.number), near)
    return find_runs(np.arange(first, last + 1), labels, clock, coding)


def _points(samples: Samples, person: Looker, first: int, last: int) -> np.ndarray:
    """The gaze points (F, 2) in the pictures from `first` to `last`, NaN where there is none."""
    points = np.full((last - first + 1, 2), np.nan)
    pictures = samples.picture[person.rows]
    rows = person.rows[(pictures >= first) & (pictures <= last)]
    points[samples.picture[rows] - first] = samples.points[rows]
    return points


def pair_labels(
    a: np.ndarray, b: np.ndarray, numbers: tuple[int, int], near: np.ndarray
) -> np.ndarray:
    """What two people do together in each picture (F,): MUTUAL, the target they share, or NONE.

    a, b: (F,) what they look at. They share a target that has a name, or a place: their points are
    near, and not on two different targets that have names. A place is called after the target that
    one of them is on.
    """
    first, second = numbers
    inside = (a != NONE) & (a != OUTSIDE) & (b != NONE) & (b != OUTSIDE)
    apart = (a != second) & (b != first)
    target = np.where(a == ELSEWHERE, b, a)
    same_place = near & ((a == b) | (a == ELSEWHERE) | (b == ELSEWHERE))
    same_target = (a == b) & (a != ELSEWHERE)
    labels = np.where(inside & apart & (same_target | same_place), target, NONE)
    labels[(a == second) & (b == first)] = MUTUAL
    return labels
