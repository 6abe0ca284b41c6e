"""Kinds of rooms: what stands, hangs and lies in them, and how their walls and floors look."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from sightline.synthetic import furniture, small, walls
from sightline.synthetic.figure import any_colour
from sightline.synthetic.things import Maker
from sightline.synthetic.world import Paint, Texture


class Several(NamedTuple):
    """So many of what `make` makes: at least, at most."""

    make: Maker
    least: int
    most: int


class Kind(NamedTuple):
    """A kind of room.

    tables: with `chairs` around them; free: stand anywhere; backed: stand at walls; hung: on walls;
    overhead: at the ceiling; small: on furniture; floor: textures of it; rugs: on it. outdoors: no
    walls.
    """

    name: str
    tables: tuple[Several, ...]
    chairs: int
    free: tuple[Several, ...]
    backed: tuple[Several, ...]
    hung: tuple[Several, ...]
    overhead: tuple[Several, ...]
    small: tuple[Maker, ...]
    floor: tuple[Texture, ...]
    rugs: tuple[Several, ...] = ()
    outdoors: bool = False


_PLANKS, _TILES, _PILE = Texture.PLANKS, Texture.CHECKER, Texture.CLOUDS
_STONE, _BRICKS = Texture.MARBLE, Texture.BRICKS
_RUG = Several(furniture.rug, 0, 1)
_PICTURES = Several(walls.picture, 1, 3)
_DOOR, _CLOCK = Several(walls.door, 0, 1), Several(walls.clock, 0, 1)
_TUBES, _LAMPS = Several(walls.ceiling_light, 0, 2), Several(walls.hanging_lamp, 0, 2)
KINDS = (
    Kind(
        "living room",
        tables=(Several(furniture.low_table, 1, 2),),
        chairs=0,
        free=(
            Several(furniture.sofa, 0, 1),
            Several(furniture.floor_lamp, 0, 1),
        ),
        backed=(
            Several(furniture.sofa, 0, 1),
            Several(furniture.bookcase, 0, 1),
            Several(furniture.cupboard, 0, 1),
            _DOOR,
        ),
        hung=(
            Several(walls.window, 0, 2),
            Several(walls.screen, 0, 1),
            _PICTURES,
            Several(walls.shelf, 0, 1),
            _CLOCK,
            Several(walls.mirror, 0, 1),
        ),
        overhead=(_LAMPS,),
        small=(*small.SMALL, furniture.table_lamp),
        floor=(_PLANKS, _PLANKS, _PILE),
        rugs=(_RUG,),
    ),
    Kind(
        "bedroom",
        tables=(Several(furniture.low_table, 0, 1),),
        chairs=0,
        free=(Several(furniture.chair, 0, 1),),
        backed=(
            Several(furniture.bed, 1, 1),
            Several(furniture.cupboard, 1, 2),
            _DOOR,
        ),
        hung=(
            Several(walls.window, 1, 2),
            Several(walls.mirror, 0, 1),
            _PICTURES,
            Several(walls.wall_lamp, 0, 1),
            Several(walls.shelf, 0, 1),
        ),
        overhead=(_LAMPS,),
        small=(*small.SMALL, furniture.table_lamp),
        floor=(_PLANKS, _PILE),
        rugs=(_RUG,),
    ),
    Kind(
        "kitchen",
        tables=(Several(furniture.table, 1, 1),),
        chairs=2,
        free=(Several(furniture.chair, 0, 1),),
        backed=(
            Several(furniture.counter, 1, 2),
            Several(furniture.cupboard, 0, 1),
            _DOOR,
        ),
        hung=(
            Several(walls.window, 0, 1),
            Several(walls.wall_cupboard, 0, 2),
            Several(walls.shelf, 0, 2),
            _CLOCK,
            Several(walls.picture, 0, 1),
        ),
        overhead=(_LAMPS,),
        small=small.FOOD,
        floor=(_TILES, _STONE, _PLANKS),
    ),
    Kind(
        "office",
        tables=(Several(furniture.desk, 1, 3),),
        chairs=1,
        free=(Several(furniture.chair, 0, 1),),
        backed=(
            Several(furniture.bookcase, 0, 1),
            Several(furniture.cupboard, 0, 2),
            _DOOR,
        ),
        hung=(
            Several(walls.window, 0, 2),
            Several(walls.board, 0, 1),
            Several(walls.screen, 0, 1),
            Several(walls.picture, 0, 2),
            _CLOCK,
        ),
        overhead=(_TUBES,),
        small=(*small.OFFICE, furniture.monitor, furniture.monitor, furniture.table_lamp),
        floor=(_PILE, _PLANKS, _TILES),
    ),
    Kind(
        "classroom",
        tables=(Several(furniture.desk, 2, 4),),
        chairs=1,
        free=(Several(furniture.chair, 0, 2),),
        backed=(Several(furniture.cupboard, 0, 1), Several(furniture.bookcase, 0, 1), _DOOR),
        hung=(
            Several(walls.board, 1, 1),
            Several(walls.screen, 0, 1),
            Several(walls.window, 0, 2),
            Several(walls.picture, 0, 2),
            _CLOCK,
        ),
        overhead=(_TUBES,),
        small=(*small.OFFICE, small.toy, small.books, small.ball),
        floor=(_PLANKS, _TILES),
    ),
    Kind(
        "shop",
        tables=(Several(furniture.stand, 0, 2),),
        chairs=0,
        free=(Several(furniture.stand, 0, 2),),
        backed=(Several(furniture.goods, 2, 3), _DOOR),
        hung=(
            Several(walls.screen, 0, 1),
            Several(walls.picture, 0, 2),
            Several(walls.shelf, 0, 2),
            _CLOCK,
        ),
        overhead=(_TUBES,),
        small=(*small.SMALL, small.bag),
        floor=(_TILES, _STONE, _PLANKS),
    ),
    Kind(
        "hall",
        tables=(Several(furniture.stand, 1, 3),),
        chairs=0,
        free=(Several(furniture.sofa, 0, 1),),
        backed=(Several(walls.door, 0, 2), Several(furniture.cupboard, 0, 1)),
        hung=(
            Several(walls.picture, 2, 5),
            Several(walls.window, 0, 1),
            Several(walls.mirror, 0, 1),
            Several(walls.wall_lamp, 0, 2),
        ),
        overhead=(_LAMPS, _TUBES),
        small=(*small.SMALL, small.bag),
        floor=(_STONE, _TILES, _PLANKS),
        rugs=(_RUG,),
    ),
    Kind(
        "terrace",
        tables=(Several(furniture.table, 1, 2), Several(furniture.stand, 0, 2)),
        chairs=2,
        free=(
            Several(furniture.chair, 0, 2),
            Several(small.plant, 1, 4),
            Several(furniture.sofa, 0, 1),
        ),
        backed=(),
        hung=(),
        overhead=(),
        small=small.FOOD,
        floor=(_PLANKS, _BRICKS, _TILES, _PILE),
        outdoors=True,
    ),
)
CHANCES = (0.2, 0.1, 0.14, 0.16, 0.1, 0.1, 0.1, 0.1)  # of the KINDS


def any_kind(generator: Generator) -> Kind:
    """A random kind of room."""
    return KINDS[generator.choice(len(KINDS), p=CHANCES)]


def wall_paint(generator: Generator, kind: Kind) -> Paint:
    """Plain, papered, panelled or brick walls; the sky outdoors."""
    if kind.outdoors:
        sky = np.array((0.62, 0.8, 0.98)) * generator.uniform(0.8, 1.0)
        return Paint(tuple(sky), (0.92, 0.94, 0.97), Texture.CLOUDS, 0.5, glow=0.9)
    paper = (Texture.PLAIN, Texture.STRIPES, Texture.DOTS, Texture.BRICKS, Texture.CLOUDS)
    texture = Texture(generator.choice(paper, p=(0.45, 0.18, 0.12, 0.15, 0.1)))
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


def muted(colour: tuple[float, ...]) -> np.ndarray:
    """A colour halfway to grey, as walls and floors mostly are."""
    return 0.5 * np.array(colour) + 0.5 * max(colour)
