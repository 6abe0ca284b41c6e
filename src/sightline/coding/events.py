"""Behavioural events: who looks at what from when to when, mutual gaze, joint attention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sightline.coding.areas import Area
from sightline.coding.runs import Timeline, find_runs, spread, timeline
from sightline.coding.samples import Samples
from sightline.coding.targets import ELSEWHERE, NONE, OUTSIDE, find_targets
from sightline.coding.thresholds import Coding

LOOKS_AT, LOOKS_ELSEWHERE, LOOKS_OUTSIDE = "looks at", "looks elsewhere", "looks outside"
MUTUAL_GAZE, JOINT_ATTENTION = "mutual gaze", "joint attention"
BEHAVIOURS = (LOOKS_AT, LOOKS_ELSEWHERE, LOOKS_OUTSIDE, MUTUAL_GAZE, JOINT_ATTENTION)

MUTUAL = -4
"""The label of mutual gaze beside those of `targets`."""


@dataclass(frozen=True)
class Event:
    """Somebody does something from `start` to `end`, in seconds from the start of the film.

    person: one, or a pair as "Ann + Ben". target: a person, area or object, or "" for none.
    """

    person: str
    behaviour: str
    target: str
    start: float
    end: float

    @property
    def label(self) -> str:
        """Behaviour and target in one, as an annotation says it: "looks at toy"."""
        return f"{self.behaviour} {self.target}".strip()


def split_label(label: str) -> tuple[str, str]:
    """Behaviour and target of a label; one that is not ours is all behaviour."""
    label = " ".join(label.split())
    behaviour = next((b for b in BEHAVIOURS if f"{label} ".startswith(f"{b} ")), label)
    return behaviour, label[len(behaviour) :].strip()


def find_events(
    samples: Samples, areas: Sequence[Area] = (), coding: Coding | None = None
) -> list[Event]:
    """All events, person by person and then pair by pair, each in order of time.

    Events of one person, and of one pair, never overlap. Raises what `find_targets` raises.
    """
    coding = coding or Coding()
    targets = find_targets(samples, areas, coding)
    clock = timeline(samples.times, coding.longest_step)
    rows = samples.rows()
    events, looks = [], np.full(rows.shape, NONE, dtype=np.int32)
    for person, row in enumerate(rows):
        seen = row >= 0
        labels = np.full(len(row), NONE)
        labels[seen] = targets.of[row[seen]]
        runs = find_runs(labels, clock, coding)
        looks[person] = spread(runs, len(row))
        name = samples.people[person]
        events += [
            Event(name, *_look(run.label, targets.names), run.start, run.end) for run in runs
        ]
    return events + list(_pair_events(samples, looks, rows, clock, coding, targets.names))


def _pair_events(
    samples: Samples,
    looks: np.ndarray,
    rows: np.ndarray,
    clock: Timeline,
    coding: Coding,
    names: Sequence[str],
) -> Iterator[Event]:
    """Events of pairs, from the finished looks (P, F) of all people, so that they agree."""
    reach = coding.joint_distance * float(np.hypot(*samples.size))
    for first, second in combinations(range(len(looks)), 2):
        near = near_points(samples.points, rows[first], rows[second], reach)
        labels = pair_labels(looks, first, second, near)
        name = f"{samples.people[first]} + {samples.people[second]}"
        for run in find_runs(labels, clock, coding):
            yield Event(name, *_shared(run.label, names), run.start, run.end)


def near_points(
    points: np.ndarray, first: np.ndarray, second: np.ndarray, reach: float
) -> np.ndarray:
    """(F,) whether the gaze points of two people, given by their rows (F,), are within reach."""
    near = np.zeros(len(first), dtype=bool)
    both = np.flatnonzero((first >= 0) & (second >= 0))
    near[both] = np.hypot(*(points[first[both]] - points[second[both]]).T) <= reach
    return near


def pair_labels(looks: np.ndarray, first: int, second: int, near: np.ndarray) -> np.ndarray:
    """What two people do together in each picture (F,): MUTUAL, the target they share, or NONE.

    They share a target that has a name, or a place: their points are near, and not on two
    different targets that have names. A place is called after the target that one of them is on.
    """
    a, b = looks[first], looks[second]
    inside = ~np.isin(a, (NONE, OUTSIDE)) & ~np.isin(b, (NONE, OUTSIDE))
    apart = (a != second) & (b != first)
    target = np.where(a == ELSEWHERE, b, a)
    same_place = near & ((a == b) | (a == ELSEWHERE) | (b == ELSEWHERE))
    same_target = (a == b) & (a != ELSEWHERE)
    labels = np.where(inside & apart & (same_target | same_place), target, NONE)
    labels[(a == second) & (b == first)] = MUTUAL
    return labels


def _look(label: int, names: Sequence[str]) -> tuple[str, str]:
    if label == OUTSIDE:
        return LOOKS_OUTSIDE, ""
    return (LOOKS_ELSEWHERE, "") if label == ELSEWHERE else (LOOKS_AT, names[label])


def _shared(label: int, names: Sequence[str]) -> tuple[str, str]:
    if label == MUTUAL:
        return MUTUAL_GAZE, ""
    return JOINT_ATTENTION, "" if label == ELSEWHERE else names[label]
