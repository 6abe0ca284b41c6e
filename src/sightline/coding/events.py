"""Behavioural events: who looks at what from when to when, mutual gaze, joint attention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from sightline.coding.areas import Area
from sightline.coding.pairs import MUTUAL, Looker, find_together
from sightline.coding.runs import Run, find_runs, timeline
from sightline.coding.samples import Samples
from sightline.coding.targets import ELSEWHERE, OUTSIDE, find_targets
from sightline.coding.thresholds import Coding

LOOKS_AT, LOOKS_ELSEWHERE, LOOKS_OUTSIDE = "looks at", "looks elsewhere", "looks outside"
MUTUAL_GAZE, JOINT_ATTENTION = "mutual gaze", "joint attention"
BEHAVIOURS = (LOOKS_AT, LOOKS_ELSEWHERE, LOOKS_OUTSIDE, MUTUAL_GAZE, JOINT_ATTENTION)

_LOOKS = {0: LOOKS_AT, OUTSIDE: LOOKS_OUTSIDE, ELSEWHERE: LOOKS_ELSEWHERE}
_TOGETHER = {0: JOINT_ATTENTION, ELSEWHERE: JOINT_ATTENTION, MUTUAL: MUTUAL_GAZE}
"""What a label means, of one person and of a pair; 0 stands for all named targets."""


@dataclass(frozen=True)
class Event:
    """Somebody does something from `start` to `end`, in seconds from the start of the film.

    person: one, or a pair in order of the alphabet: "Ann + Ben". target: a person, area or object,
    or "" for none.
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
    events, people = [], []
    for number, rows in enumerate(samples.of_people()):
        looks = find_runs(samples.picture[rows], targets.of[rows], clock, coding)
        people.append(Looker(number, rows, looks))
        events += _events(samples.people[number], looks, _LOOKS, targets.names)
    for one, two in combinations(people, 2):
        together = find_together(samples, one, two, clock, coding)
        pair = " + ".join(sorted(samples.people[person.number] for person in (one, two)))
        events += _events(pair, together, _TOGETHER, targets.names)
    return events


def _events(
    person: str, runs: Iterable[Run], behaviours: dict[int, str], names: Sequence[str]
) -> Iterator[Event]:
    """Runs as events, in whole milliseconds as all files have them."""
    for run in runs:
        target = names[run.label] if run.label >= 0 else ""
        start, end = round(run.start, 3), round(run.end, 3)
        if start < end:
            yield Event(person, behaviours[min(run.label, 0)], target, start, end)
