"""What things to look at are: a class, solids in a frame of their own, what they are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from sightline.synthetic.figure import any_colour
from sightline.synthetic.world import Paint, Solid, Texture

CLASSES = (
    *("head", "body", "ball", "book", "bottle", "bowl", "box", "toy", "bag", "cup", "vase"),
    *("phone", "laptop", "keyboard", "plant", "cat", "dog", "chair", "sofa", "bed", "table"),
    *("counter", "cupboard", "bookcase", "shelf", "lamp", "rug", "picture", "window", "door"),
    *("screen", "clock", "mirror", "board"),
)
"""What can be looked at, by label."""
HEAD, BODY = CLASSES.index("head"), CLASSES.index("body")

PATTERNS = (
    *(Texture.PLAIN, Texture.CHECKER, Texture.STRIPES, Texture.CLOUDS, Texture.DOTS),
    *(Texture.MARBLE, Texture.PRINT),
)

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


def wood(generator: Generator) -> Paint:
    """Dark to pale wood with its grain, or now and then varnished white, grey or in a colour."""
    if generator.random() < 0.25:
        return Paint(any_colour(generator, 0.5, 0.95))
    shade = np.array((0.72, 0.5, 0.3)) * generator.uniform(0.35, 1.2) * generator.normal(1, 0.05, 3)
    grain = tuple(shade * generator.uniform(0.75, 0.92))
    return Paint(tuple(shade.clip(0, 1)), grain, Texture.PLANKS, generator.uniform(3, 8))


def cloth(generator: Generator) -> Paint:
    """Woven cloth: plain, striped or checked in two shades of a colour."""
    colour = np.array(any_colour(generator, 0.2, 0.85))
    weave = Texture(generator.choice((Texture.PLAIN, Texture.STRIPES, Texture.CLOUDS)))
    shade = tuple(colour * generator.uniform(0.7, 0.95))
    return Paint(tuple(colour), shade, weave, generator.uniform(6, 30))


def pattern(generator: Generator, frequency: tuple[float, float] = (4, 16)) -> Paint:
    """Plain, or two colours in a pattern of `frequency` cells per metre."""
    return Paint(
        any_colour(generator),
        any_colour(generator),
        PATTERNS[generator.choice(len(PATTERNS), p=(0.4, *(0.1,) * 6))],
        generator.uniform(*frequency),
    )


def metal(generator: Generator) -> Paint:
    """Grey, from black to bright."""
    return Paint((generator.uniform(0.08, 0.8),) * 3)


def display(generator: Generator) -> Paint:
    """What a screen shows: it glows."""
    texture = Texture(
        generator.choice((Texture.PRINT, Texture.PRINT, Texture.CHECKER, Texture.SCENE))
    )
    paper, ink = any_colour(generator, 0.7, 1.0), any_colour(generator, 0.1, 0.6)
    return Paint(paper, ink, texture, generator.uniform(15, 60), glow=0.8)


def raised(point: np.ndarray, height: float) -> np.ndarray:
    """The point (3,) so far above."""
    return point + np.array((0.0, 0.0, height))
