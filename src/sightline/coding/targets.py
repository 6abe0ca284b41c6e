"""What is looked at in each sample: a person, an area, an object, elsewhere, outside, or unknown.

The first that fits is taken: no gaze point, outside the picture, another person's head (of several
the nearest), an area (of several the first), the gaze object of the table, elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.coding.areas import Area, area_of
from sightline.coding.samples import Samples
from sightline.coding.thresholds import Coding

NONE, OUTSIDE, ELSEWHERE = -1, -2, -3
"""No data; outside the picture; at nothing that has a name. Named targets are 0 and up."""


@dataclass(frozen=True)
class Targets:
    """names: of the targets from 0, first all people; of: (N,) the target of each sample."""

    names: tuple[str, ...]
    of: np.ndarray


def find_targets(samples: Samples, areas: Sequence[Area], coding: Coding) -> Targets:
    """What each sample looks at. Raises ValueError for an area that is named like a person."""
    names = _names(samples, areas)
    index = {name: number for number, name in enumerate(names)}
    objects = np.array([index.get(name, ELSEWHERE) for name in samples.objects], dtype=int)
    numbers = np.array([index[area.name] for area in areas] + [NONE])
    area = area_of(
        areas, samples.points, samples.times[samples.picture], samples.size, wraps=samples.wraps
    )
    person = looked_at_people(samples, coding.head_margin)
    of = np.select(
        [np.isnan(samples.points).any(1), samples.inside < coding.inside_threshold, person >= 0],
        [NONE, OUTSIDE, person],
        np.where(area >= 0, numbers[area], objects),
    )
    return Targets(names, of)


def _names(samples: Samples, areas: Sequence[Area]) -> tuple[str, ...]:
    things = [area.name for area in areas] + [name for name in np.unique(samples.objects) if name]
    if both := sorted(set(things) & set(samples.people)):
        raise ValueError(f"{both[0]} is a person and an area or object: rename one of them.")
    return tuple(dict.fromkeys([*samples.people, *map(str, things)]))


def looked_at_people(samples: Samples, margin: float) -> np.ndarray:
    """(N,) the other person in whose head box, grown by `margin`, the gaze point is; -1 for none.

    Of several the one whose head's centre is nearest.
    """
    found = np.full(len(samples.person), -1)
    nearest = np.full(len(samples.person), np.inf)
    for others in samples.of_pictures():  # one pass over all samples per person in a picture
        other = others[samples.picture]
        person, heads = samples.person[other], samples.heads[other]
        low, high = heads[:, :2], heads[:, 2:]
        away = np.abs(samples.shortest(samples.points - (low + high) / 2))
        within = (away <= (high - low) * (0.5 + margin)).all(1)
        distance = np.hypot(*away.T)
        hit = within & (other >= 0) & (samples.person != person) & (distance < nearest)
        found[hit], nearest[hit] = person[hit], distance[hit]
    return found
