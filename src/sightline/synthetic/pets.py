"""A cat and a dog."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sightline.synthetic.things import Thing, blob, block
from sightline.synthetic.world import Paint, Texture


def cat(generator: Generator) -> Thing:
    """A cat that sits."""
    return _pet(generator, "cat", generator.uniform(0.09, 0.12))


def dog(generator: Generator) -> Thing:
    """A dog that stands."""
    return _pet(generator, "dog", generator.uniform(0.15, 0.22))


def _pet(generator: Generator, kind: str, size: float) -> Thing:
    """A cat or a dog, whose trunk is `size` thick; people look at its face."""
    coat = np.array((0.75, 0.55, 0.35)) * generator.uniform(0.2, 1.25)
    fur = Paint(tuple(coat), tuple(coat * 0.6), Texture.CLOUDS, 2 / size)
    dark = Paint((0.05, 0.05, 0.05))
    lift = 1.3 * size if kind == "dog" else 0.9 * size
    face = (0, 1.35 * size, lift + 1.1 * size)
    ears = [
        blob((x * size, face[1], face[2] + 0.45 * size), (0.25 * size, 0.2 * size, size / 2), fur)
        for x in (-0.3, 0.3)
    ]
    legs = [
        block((x * size, y * size, 0), (0.28 * size, 0.28 * size, lift), fur)
        for x in (-0.28, 0.28)
        for y in (-0.8, 0.8)
    ]
    parts = [
        blob((0, 0, lift), (size, 2.6 * size, size), fur),
        blob(face, (0.85 * size,) * 3, fur),
        blob((0, 1.75 * size, face[2] - 0.1 * size), (0.3 * size,) * 3, dark),
        blob((0, -1.5 * size, lift + 0.4 * size), (0.2 * size, size, 0.9 * size), fur),
    ]
    return Thing(kind, parts + ears + legs, face)
