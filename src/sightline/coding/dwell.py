"""Dwell time: how often and how long each person looks at each target, over a whole film."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline.coding.events import LOOKS_AT, Event

COLUMNS = ("person", "target", "looks", "seconds")


@dataclass(frozen=True)
class Dwell:
    """How many times a person looks at a target, and for how many seconds in all."""

    person: str
    target: str
    looks: int
    seconds: float


def dwell_times(events: Sequence[Event]) -> list[Dwell]:
    """Of each person who looks at something, in order of appearance: the longest target first."""
    looks: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for event in events:
        if event.behaviour == LOOKS_AT:
            looks[event.person][event.target].append(event.end - event.start)
    found = [
        [Dwell(person, target, len(times), sum(times)) for target, times in targets.items()]
        for person, targets in looks.items()
    ]
    return [one for of in found for one in sorted(of, key=lambda dwell: -dwell.seconds)]


def write_dwell_times(events: Sequence[Event], path: str | Path) -> None:
    """Write `dwell_times` as CSV in UTF-8, seconds to the millisecond."""
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for one in dwell_times(events):
            writer.writerow([one.person, one.target, one.looks, f"{one.seconds:.3f}"])
