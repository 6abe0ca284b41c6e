"""How far two codings of a film agree: Cohen's kappa per time bin, overlap of intervals, events."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sightline.coding.events import Event

NOTHING = "none"
"""The label of a bin in which a person does nothing that was coded."""


@dataclass(frozen=True)
class PersonAgreement:
    """Bins of one person (or pair): share of equal labels, and Cohen's kappa (NaN: undefined)."""

    person: str
    bins: int
    equal: float
    kappa: float


@dataclass(frozen=True)
class LabelAgreement:
    """One label of one person: seconds in either coding, IoU of the time, F1 of the events."""

    person: str
    label: str
    first_seconds: float
    second_seconds: float
    iou: float
    f1: float


@dataclass(frozen=True)
class Agreement:
    """Two codings compared: by person, and by person and label."""

    people: list[PersonAgreement]
    labels: list[LabelAgreement]


def compare(first: Sequence[Event], second: Sequence[Event], *, width: float) -> Agreement:
    """The agreement of two codings, in bins of `width` seconds.

    Bins reach from the first start to the last end in either coding. Raises ValueError if there are
    no events at all, or more bins than can be meant.
    """
    events = [*first, *second]
    if not events:
        raise ValueError("there are no events in either file.")
    start, end = min(e.start for e in events), max(e.end for e in events)
    if not width > 0 or (end - start) / width > 1e7:
        raise ValueError(f"bins of {width} seconds make no sense; 0.1 is usual.")
    centres = start + width * (np.arange(max(1, round((end - start) / width))) + 0.5)
    people, labels = [], []
    for person in dict.fromkeys(event.person for event in events):
        one, two = ([e for e in coding if e.person == person] for coding in (first, second))
        binned = bin_labels(one, centres), bin_labels(two, centres)
        equal = float(np.mean(binned[0] == binned[1]))
        people.append(PersonAgreement(person, len(centres), equal, cohens_kappa(*binned)))
        for label in dict.fromkeys(event.label for event in [*one, *two]):
            labels.append(_compare_label(person, label, one, two))
    return Agreement(people, labels)


def bin_labels(events: Sequence[Event], centres: np.ndarray) -> np.ndarray:
    """The label at each bin's centre (B,), "none" for no event; of several the last to start."""
    labels = np.full(len(centres), NOTHING, dtype=object)
    for event in sorted(events, key=lambda event: event.start):
        first, last = np.searchsorted(centres, [event.start, event.end])
        labels[first:last] = event.label
    return labels


def cohens_kappa(first: np.ndarray, second: np.ndarray) -> float:
    """Cohen's kappa (1960) of two labellings (B,); NaN where both have only one and the same label.

    Agreement beyond what the two would reach by chance with their own shares of labels.
    """
    counts = Counter(first), Counter(second)
    chance = sum(n * counts[1][label] for label, n in counts[0].items()) / len(first) ** 2
    observed = float(np.mean(first == second))
    return math.nan if chance == 1 else (observed - chance) / (1 - chance)


def _compare_label(
    person: str, label: str, one: Sequence[Event], two: Sequence[Event]
) -> LabelAgreement:
    first, second = (
        _union((e.start, e.end) for e in side if e.label == label) for side in (one, two)
    )
    shared = sum(_shared(a, b) for a in first for b in second)
    lengths = sum(b - a for a, b in first), sum(b - a for a, b in second)
    return LabelAgreement(
        person=person,
        label=label,
        first_seconds=lengths[0],
        second_seconds=lengths[1],
        iou=shared / (sum(lengths) - shared),
        f1=event_f1(first, second),
    )


def _union(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans that overlap as one; those that touch stay two."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def event_f1(first: Sequence[tuple[float, float]], second: Sequence[tuple[float, float]]) -> float:
    """F1 of the intervals of one label; two match if they share more than half of their union.

    Intervals of one side do not overlap, so more than half can be shared with one only.
    """
    matches = 0
    for a in first:
        for b in second:
            shared = _shared(a, b)
            matches += shared > 0.5 * (a[1] - a[0] + b[1] - b[0] - shared)
    return 2 * matches / (len(first) + len(second))


def _shared(a: tuple[float, float], b: tuple[float, float]) -> float:
    return max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
