"""Behavioural events: who looks at what from when to when, mutual gaze, joint attention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sightline.coding.areas import Area
from sightline.coding.runs import Run, find_runs, spread, timeline
from sightline.coding.samples import Samples
from sightline.coding.targets import ELSEWHERE, NONE, OUTSIDE, find_targets
from sightline.coding.thresholds import Coding

LOOKS_AT, LOOKS_ELSEWHERE, LOOKS_OUTSIDE = "looks at", "looks elsewhere", "looks outside"
MUTUAL_GAZE, JOINT_ATTENTION = "mutual gaze", "joint attention"
BEHAVIOURS = (LOOKS_AT, LOOKS_ELSEWHERE, LOOKS_OUTSIDE, MUTUAL_GAZE, JOINT_ATTENTION)

MUTUAL = -4
"""The label of mutual gaze beside those of `targets`."""
_LOOKS = {0: LOOKS_AT, OUTSIDE: LOOKS_OUTSIDE, ELSEWHERE: LOOKS_ELSEWHERE}
_TOGETHER = {0: JOINT_ATTENTION, ELSEWHERE: JOINT_ATTENTION, MUTUAL: MUTUAL_GAZE}
"""What a label means, of one person and of a pair; 0 stands for all named targets."""


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
    for person, name in enumerate(samples.people):
        seen = rows[person] >= 0
        looks[person, seen] = targets.of[rows[person, seen]]
        runs = find_runs(looks[person], clock, coding)
        looks[person] = spread(runs, len(seen))  # pairs see the finished looks, so that they agree
        events += _events(name, runs, _LOOKS, targets.names)
    for first, second in combinations(range(len(rows)), 2):
        near = near_points(samples, rows[[first, second]], coding.joint_distance)
        runs = find_runs(pair_labels(looks, first, second, near), clock, coding)
        name = f"{samples.people[first]} + {samples.people[second]}"
        events += _events(name, runs, _TOGETHER, targets.names)
    return events


def _events(
    person: str, runs: Iterable[Run], behaviours: dict[int, str], names: Sequence[str]
) -> Iterator[Event]:
    for run in runs:
        target = names[run.label] if run.label >= 0 else ""
        behaviour = behaviours[min(run.label, 0)]
        yield Event(person, behaviour, target, run.start, run.end)


def near_points(samples: Samples, rows: np.ndarray, share: float) -> np.ndarray:
    """(F,) whether the gaze points of two people are near; `rows` (2, F) are their samples.

    Near is at most `share` of the picture's diagonal apart.
    """
    near = np.zeros(rows.shape[1], dtype=bool)
    both = np.flatnonzero((rows >= 0).all(0))
    first, second = samples.points[rows[:, both]]
    near[both] = np.hypot(*(first - second).T) <= share * np.hypot(*samples.size)
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
