"""What things to look at are: a class, and solids in a frame of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from sightline.synthetic.world import Paint, Solid

CLASSES = (
    *("head", "body", "ball", "book", "bottle", "bowl", "box", "toy", "bag", "cup", "vase"),
    *("phone", "laptop", "keyboard", "plant", "cat", "dog", "chair", "sofa", "bed", "table"),
    *("counter", "cupboard", "bookcase", "shelf", "lamp", "rug", "picture", "window", "door"),
    *("screen", "clock", "mirror", "board"),
)
"""What can be looked at, by label."""
HEAD, BODY = CLASSES.index("head"), CLASSES.index("body")

Place = tuple[float, ...]  # three numbers


class Part(NamedTuple):
    """A box or an ellipsoid: its middle and size (width, depth, height) in the thing's frame."""

    box: bool
    middle: Place
    size: Place
    paint: Paint


class Thing(NamedTuple):
    """Something of a class, in its own frame: x right, y forward, z up from where it stands.

    point: what people look at. tops: places where smaller things can stand.
    """

    kind: str
    parts: list[Part]
    point: Place
    tops: tuple[Place, ...] = ()

    def at(self, place: np.ndarray, frame: np.ndarray, owner: int) -> list[Solid]:
        """Its solids at a place (3,), turned to a frame (rows right, forward, up)."""
        middles = place + np.array([part.middle for part in self.parts]) @ frame
        halves = np.array([part.size for part in self.parts]) / 2
        return [
            Solid(part.box, middle, half, part.paint, owner, frame)
            for part, middle, half in zip(self.parts, middles, halves, strict=True)
        ]

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest corner (3,) of the box around it."""
        middles = np.array([part.middle for part in self.parts])
        halves = np.array([part.size for part in self.parts]) / 2
        return (middles - halves).min(0), (middles + halves).max(0)


Maker = Callable[[Generator], Thing]


def block(base: Place, size: Place, paint: Paint) -> Part:
    """A box that stands on `base`."""
    return Part(True, (base[0], base[1], base[2] + size[2] / 2), size, paint)


def blob(middle: Place, size: Place, paint: Paint) -> Part:
    """An ellipsoid."""
    return Part(False, middle, size, paint)
