"""Things to look at, as a few solids each, standing on a base point."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from sightline.synthetic.figure import any_colour, any_paint, upright
from sightline.synthetic.world import Paint, Solid, Texture


class Thing(NamedTuple):
    """Solids of one owner and the point (3,) of it that people look at."""

    solids: list[Solid]
    point: np.ndarray


def raised(point: np.ndarray, height: float) -> np.ndarray:
    """The point (3,) so far above."""
    return point + np.array((0.0, 0.0, height))


def box(
    base: np.ndarray, size: tuple[float, ...], paint: Paint, owner: int, yaw: float = 0.0
) -> Solid:
    """A box of `size` (width, depth, height) that stands on `base`."""
    half = np.array(size) / 2
    return Solid(True, raised(base, half[2]), half, paint, owner, upright(yaw))


def ball(generator: Generator, base: np.ndarray, owner: int) -> Thing:
    """A ball of 8 to 26 cm."""
    radius = generator.uniform(0.04, 0.13)
    centre = raised(base, radius)
    paint = any_paint(generator, (8, 25))
    return Thing([Solid(False, centre, (radius,) * 3, paint, owner)], centre)


def carton(generator: Generator, base: np.ndarray, owner: int) -> Thing:
    """A box, from a packet to a parcel."""
    size = tuple(generator.uniform((0.08, 0.06, 0.1), (0.3, 0.25, 0.34)))
    solid = box(base, size, any_paint(generator, (6, 25)), owner, generator.uniform(0, np.pi))
    return Thing([solid], solid.centre)


def bottle(generator: Generator, base: np.ndarray, owner: int) -> Thing:
    """A bottle of 20 to 36 cm."""
    height, radius = generator.uniform((0.2, 0.035), (0.36, 0.055))
    glass, label = Paint(any_colour(generator)), any_paint(generator, (10, 30))
    middle = raised(base, 0.42 * height)
    solids = [
        Solid(False, middle, (radius, radius, 0.45 * height), label, owner),
        Solid(False, raised(base, 0.8 * height), (radius / 2.5,) * 2 + (height / 4,), glass, owner),
    ]
    return Thing(solids, middle)


def plant(generator: Generator, base: np.ndarray, owner: int) -> Thing:
    """A pot with a crown of leaves."""
    size = generator.uniform(0.12, 0.24)
    leaf = np.array((0.16, 0.5, 0.15)) * generator.uniform(0.6, 1.4)
    leaves = Paint(tuple(leaf), tuple(leaf * 0.55), Texture.CLOUDS, 45.0)
    crown = raised(base, 1.5 * size)
    solids = [
        box(base, (0.7 * size, 0.7 * size, 0.8 * size), any_paint(generator), owner),
        Solid(False, crown, (0.75 * size, 0.75 * size, size), leaves, owner),
    ]
    return Thing(solids, crown)


def laptop(generator: Generator, base: np.ndarray, owner: int) -> Thing:
    """An open laptop; people look at its screen."""
    yaw, shell = generator.uniform(0, 2 * np.pi), Paint(any_colour(generator, 0.3, 0.9))
    frame = upright(yaw)
    screen = Paint(any_colour(generator, 0.6), (0.95, 0.95, 1.0), Texture.STRIPES, 30.0, glow=0.7)
    back = base + np.array((0, 0.12, 0.01)) @ frame
    lid = box(back, (0.34, 0.012, 0.23), shell, owner, yaw)
    panel = box(back + np.array((0, -0.008, 0.015)) @ frame, (0.31, 0.006, 0.2), screen, owner, yaw)
    return Thing([box(base, (0.34, 0.24, 0.02), shell, owner, yaw), lid, panel], panel.centre)


def teddy(generator: Generator, base: np.ndarray, owner: int) -> Thing:
    """A soft toy: belly, head and ears."""
    size, fur = generator.uniform(0.07, 0.12), any_paint(generator, (15, 30))
    parts = [(0, 0, 1.0, 1.0), (0, 0, 2.4, 0.7), (-0.6, 0, 3.0, 0.28), (0.6, 0, 3.0, 0.28)]
    solids = [
        Solid(False, base + size * np.array((x, y, z)), (size * r,) * 3, fur, owner)
        for x, y, z, r in parts
    ]
    return Thing(solids, solids[0].centre)


SMALL: tuple[Callable[[Generator, np.ndarray, int], Thing], ...] = (
    ball,
    carton,
    bottle,
    plant,
    laptop,
    teddy,
)


def table(generator: Generator, base: np.ndarray, size: tuple[float, ...], owner: int) -> Thing:
    """A table of `size` (width, depth, height): four legs, or one block."""
    paint = any_paint(generator, (3, 10))
    width, depth, height = size
    top = box(raised(base, height - 0.04), (width, depth, 0.04), paint, owner)
    if generator.random() < 0.3:
        solids = [box(base, (0.9 * width, 0.9 * depth, height - 0.04), paint, owner), top]
        return Thing(solids, top.centre)
    across, along = width / 2 - 0.05, depth / 2 - 0.05
    legs = [
        box(base + np.array((x, y, 0.0)), (0.05, 0.05, height - 0.04), paint, owner)
        for x in (-across, across)
        for y in (-along, along)
    ]
    return Thing([top, *legs], top.centre)


def panel(generator: Generator, centre: np.ndarray, axes: np.ndarray, owner: int) -> Thing:
    """A picture, screen or window on a wall whose inward normal is the second row of `axes`."""
    width, height = generator.uniform((0.3, 0.25), (1.1, 0.8))
    glow = float(generator.choice([0.0, 0.8, 1.0], p=(0.6, 0.2, 0.2)))
    picture = any_paint(generator, (3, 14))._replace(glow=glow)
    frame = Paint(any_colour(generator, 0.05, 0.9))
    half = np.array((width / 2, 0.012, height / 2))
    rim = Solid(True, centre, half + np.array((0.03, 0, 0.03)), frame, owner, axes)
    front = Solid(True, centre + 0.01 * axes[1], half, picture, owner, axes)
    return Thing([front, rim], front.centre)


def lamp(generator: Generator, ceiling: np.ndarray, owner: int) -> Thing:
    """A lamp on a cord below a point of the ceiling."""
    drop, radius = generator.uniform((0.15, 0.07), (0.7, 0.16))
    shade = any_paint(generator, (8, 25))._replace(glow=float(generator.uniform(0.3, 1.0)))
    centre = raised(ceiling, -drop)
    cord = Solid(True, raised(ceiling, -drop / 2), (0.006, 0.006, drop / 2), shade, owner)
    return Thing([cord, Solid(False, centre, (radius, radius, 0.8 * radius), shade, owner)], centre)


def held(generator: Generator, centre: np.ndarray, yaw: float, owner: int) -> Thing:
    """A phone, a book or a cup in the hands of a person who faces `yaw`."""
    sizes = ((0.09, 0.015, 0.16), (0.26, 0.03, 0.19), (0.09, 0.09, 0.11))
    paint = any_paint(generator, (12, 30))
    solid = box(centre, sizes[generator.integers(len(sizes))], paint, owner, yaw)
    return Thing([solid], solid.centre)
