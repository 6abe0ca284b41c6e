"""The shell of a room: walls, floor, ceiling with beams, skirting; or the sky and a fence."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from sightline.synthetic.kinds import Kind
from sightline.synthetic.paints import any_colour, muted, wood
from sightline.synthetic.world import ROOM, Paint, Solid, Texture

GROUND = 0.01  # metres: the surface of the floor
PAPERS = (Texture.PLAIN, Texture.STRIPES, Texture.DOTS, Texture.BRICKS, Texture.CLOUDS)


class Space(NamedTuple):
    """The lowest and the highest corner (3,) of a room."""

    low: np.ndarray
    high: np.ndarray


def shell(generator: Generator, kind: Kind, space: Space) -> list[Solid]:
    """What is around a kind of room."""
    walls, floor = wall_paint(generator, kind), floor_paint(generator, kind)
    middle, half = (space.low + space.high) / 2, (space.high - space.low) / 2
    ground = Solid(True, middle * (1, 1, 0), np.array((*half[:2], GROUND)), floor, ROOM)
    solids = [Solid(True, middle, half, walls, ROOM), ground]
    if kind.outdoors:
        return solids + _fence(generator, space)
    plaster = Paint((generator.uniform(0.8, 0.95),) * 3)
    top = np.array((*middle[:2], space.high[2]))
    solids.append(Solid(True, top, np.array((*half[:2], 0.01)), plaster, ROOM))
    if generator.random() < 0.6:
        solids += _rails(space, Paint(any_colour(generator, 0.2, 0.95)), 0.07, 0.012)
    if generator.random() < 0.2:
        beam, timber = np.array((0.06, half[1], 0.07)), wood(generator)
        across = np.linspace(space.low[0], space.high[0], 5)[1:-1]
        places = [np.array((x, middle[1], space.high[2] - 0.07)) for x in across]
        solids += [Solid(True, place, beam, timber, ROOM) for place in places]
    return solids


def _fence(generator: Generator, space: Space) -> list[Solid]:
    """A hedge or a fence around a terrace."""
    leaf = np.array((0.2, 0.42, 0.15)) * generator.uniform(0.7, 1.4)
    hedge = Paint(tuple(leaf), tuple(leaf * 0.5), Texture.CLOUDS, 9)
    paint = hedge if generator.random() < 0.6 else wood(generator)
    return _rails(space, paint, generator.uniform(0.8, 1.3), 0.15)


def _rails(space: Space, paint: Paint, height: float, thick: float) -> list[Solid]:
    """Boxes along the foot of the four walls, so high and thick."""
    low, high = space
    middle, half = (low + high) / 2, (high - low) / 2
    rails = []
    for axis in (0, 1):
        size = np.array((*half[:2], height / 2))
        size[axis] = thick / 2
        for end in (low[axis] + thick / 2, high[axis] - thick / 2):
            place = np.array((*middle[:2], GROUND + height / 2))
            place[axis] = end
            rails.append(Solid(True, place, size, paint, ROOM))
    return rails


def wall_paint(generator: Generator, kind: Kind) -> Paint:
    """Plain, papered, panelled or brick walls; the sky outdoors."""
    if kind.outdoors:
        sky = np.array((0.62, 0.8, 0.98)) * generator.uniform(0.8, 1.0)
        return Paint(tuple(sky), (0.92, 0.94, 0.97), Texture.CLOUDS, 0.5, glow=0.9)
    texture = Texture(generator.choice(PAPERS, p=(0.45, 0.18, 0.12, 0.15, 0.1)))
    wall = muted(any_colour(generator, 0.45, 0.97))
    cells = (8.0, 14.0) if texture == Texture.BRICKS else (2.0, 8.0)
    second = tuple(wall * generator.uniform(0.75, 0.95))
    return Paint(tuple(wall), second, texture, generator.uniform(*cells))


def floor_paint(generator: Generator, kind: Kind) -> Paint:
    """Planks, tiles, stone or carpet."""
    texture = kind.floor[generator.integers(len(kind.floor))]
    if texture == Texture.PLANKS:
        plank = np.array((0.72, 0.5, 0.32)) * generator.uniform(0.5, 1.2)
        return Paint(tuple(plank), tuple(plank * 0.6), texture, generator.uniform(6, 12))
    tile = muted(any_colour(generator, 0.25, 0.85))
    cells = (15.0, 30.0) if texture == Texture.CLOUDS else (1.5, 5.0)
    second = tuple(tile * generator.uniform(0.6, 0.95))
    return Paint(tuple(tile), second, texture, generator.uniform(*cells))
