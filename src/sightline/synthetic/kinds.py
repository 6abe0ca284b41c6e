"""Kinds of rooms: what stands, hangs and lies in them, and what their floors are of."""

from __future__ import annotations

from typing import NamedTuple

from numpy.random import Generator

from sightline.synthetic import furniture, small, walls
from sightline.synthetic.things import Maker
from sightline.synthetic.world import Texture


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
