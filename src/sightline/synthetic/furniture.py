"""Furniture as boxes and ellipsoids, its front at +y, with places where small things can stand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from sightline.synthetic.paints import any_colour, cloth, display, metal, pattern, stone, wood
from sightline.synthetic.things import Part, Place, Thing, blob, block
from sightline.synthetic.world import Paint, Texture

Row = Callable[[Generator, float, float], list[Part]]


def table_of(generator: Generator, size: Place) -> Thing:
    """A table of `size` (width, depth, height): on legs, on a foot, between sides, or a block."""
    width, depth, height = size
    top = stone(generator) if generator.random() < 0.15 else wood(generator)
    under = height - 0.04
    style = generator.integers(4)
    if style == 0:
        legs = [
            block((x, y, 0), (0.05, 0.05, under), top)
            for x in (0.05 - width / 2, width / 2 - 0.05)
            for y in (0.05 - depth / 2, depth / 2 - 0.05)
        ]
    elif style == 1:
        foot = metal(generator)
        legs = [
            block((0, 0, 0), (0.08, 0.08, under), foot),
            blob((0, 0, 0.02), (0.7 * width, 0.7 * depth, 0.06), foot),
        ]
    elif style == 2:
        legs = [
            block((x, 0, 0), (0.04, 0.9 * depth, under), top) for x in (-0.45 * width, 0.45 * width)
        ]
    else:
        legs = [block((0, 0, 0), (0.9 * width, 0.9 * depth, under), wood(generator))]
    plate = block((0, 0, under), (width, depth, 0.04), top)
    count = max(1, round(width / 0.45))
    tops = tuple(
        (((k + 0.5) / count - 0.5) * width, generator.uniform(-0.18, 0.18) * depth, height)
        for k in range(count)
    )
    return Thing("table", [plate, *legs], (0, 0, height - 0.02), tops)


def table(generator: Generator) -> Thing:
    """A table to eat at."""
    return table_of(generator, tuple(generator.uniform((0.8, 0.6, 0.7), (1.5, 0.85, 0.78))))


def desk(generator: Generator) -> Thing:
    """A table to work at."""
    return table_of(generator, tuple(generator.uniform((0.9, 0.5, 0.7), (1.3, 0.7, 0.76))))


def low_table(generator: Generator) -> Thing:
    """A table beside a sofa or a bed."""
    return table_of(generator, tuple(generator.uniform((0.4, 0.35, 0.35), (0.9, 0.55, 0.5))))


def stand(generator: Generator) -> Thing:
    """A narrow table for one thing."""
    return table_of(generator, tuple(generator.uniform((0.25, 0.25, 0.5), (0.42, 0.42, 1.1))))


def chair(generator: Generator) -> Thing:
    """A chair, or a stool."""
    frame, seat = wood(generator), cloth(generator)
    legs = [
        block((x, y, 0), (0.04, 0.04, 0.43), frame) for x in (-0.17, 0.17) for y in (-0.17, 0.17)
    ]
    if generator.random() < 0.3:
        foot = [
            block((0, 0, 0), (0.06, 0.06, 0.43), frame),
            blob((0, 0, 0), (0.4, 0.4, 0.1), frame),
        ]
        legs = foot
    parts = [block((0, 0, 0.42), (0.4, 0.4, 0.05), seat), *legs]
    if generator.random() < 0.8:
        parts.append(block((0, -0.18, 0.47), (0.4, 0.04, generator.uniform(0.35, 0.5)), seat))
    return Thing("chair", parts, (0, 0, 0.45), ((0, 0, 0.47),))


def sofa(generator: Generator) -> Thing:
    """A sofa or an armchair with a cushion."""
    width, cover = generator.choice((0.85, generator.uniform(1.3, 1.9))), cloth(generator)
    cushion = pattern(generator, (6, 20))
    side = 0.14
    parts = [
        block((0, 0, 0.05), (width, 0.8, 0.36), cover),
        block((0, -0.32, 0.05), (width, 0.18, 0.75), cover),
        *(
            block((x, 0, 0.05), (side, 0.8, 0.55), cover)
            for x in ((side - width) / 2, (width - side) / 2)
        ),
        blob((0.25 * width, -0.16, 0.58), (0.36, 0.16, 0.34), cushion),
    ]
    tops = ((-0.2 * width, 0.1, 0.41),)
    return Thing("sofa", parts, (0, 0.1, 0.35), tops)


def bed(generator: Generator) -> Thing:
    """A bed with its head against the wall."""
    width, frame = generator.uniform(0.9, 1.5), wood(generator)
    parts = [
        block((0, 0, 0.1), (width, 1.9, 0.2), frame),
        block((0, -0.93, 0), (width + 0.06, 0.05, generator.uniform(0.7, 1.0)), frame),
        block((0, 0, 0.3), (0.97 * width, 1.84, 0.16), Paint((0.92, 0.92, 0.9))),
        block((0, 0.28, 0.32), (1.0 * width, 1.3, 0.18), cloth(generator)),
        blob((0, -0.68, 0.5), (0.6 * width, 0.36, 0.16), Paint(any_colour(generator, 0.8, 1.0))),
    ]
    return Thing("bed", parts, (0, 0.2, 0.45), ((0, 0.3, 0.5), (0.2 * width, 0.6, 0.5)))


def cupboard(generator: Generator) -> Thing:
    """A chest of drawers, a sideboard or a wardrobe."""
    width, height = generator.choice(
        ((0.8, 0.85), (1.3, 0.7), (0.5, 1.2), (0.9, 1.9))
    ) * generator.normal(1, 0.06, 2)
    body, front, knob = wood(generator), wood(generator), metal(generator)
    parts = [block((0, 0, 0), (width, 0.42, height), body)]
    rows = 1 if height > 1.5 else 3
    gap = 0.03
    for k in range(rows):
        tall = (height - gap) / rows - gap
        low = gap + k * (tall + gap)
        for x in (-0.25, 0.25):
            parts.append(block((x * width, 0.21, low), (width / 2 - 0.04, 0.02, tall), front))
        parts.append(block((0, 0.23, low + tall / 2), (0.5 * width, 0.02, 0.02), knob))
    tops = ((-0.25 * width, 0, height), (0.25 * width, 0, height)) if height < 1.5 else ()
    return Thing("cupboard", parts, (0, 0.22, 0.6 * height), tops)


def counter(generator: Generator) -> Thing:
    """A kitchen counter with doors, a sink and cupboards below."""
    width, front = generator.uniform(1.2, 2.0), wood(generator)
    doors = np.linspace(-width / 3, width / 3, 3)
    parts = [
        block((0, 0, 0), (width, 0.55, 0.86), front),
        block((0, 0, 0.86), (width + 0.02, 0.6, 0.04), stone(generator)),
        *(block((x, 0.275, 0.12), (width / 3 - 0.04, 0.02, 0.7), wood(generator)) for x in doors),
        block((0.3 * width, 0, 0.885), (0.4, 0.34, 0.02), Paint((0.2, 0.2, 0.22))),
        block((0.3 * width, -0.2, 0.9), (0.03, 0.03, 0.22), Paint((0.75, 0.75, 0.78))),
        block((0.3 * width, -0.13, 1.1), (0.03, 0.16, 0.03), Paint((0.75, 0.75, 0.78))),
    ]
    tops = tuple((x * width, 0, 0.9) for x in (-0.4, -0.2, 0))
    return Thing("counter", parts, (0, 0, 0.88), tops)


def bookcase(generator: Generator) -> Thing:
    """Boards full of books."""
    return _rack(generator, "bookcase", _row_of_books)


def goods(generator: Generator) -> Thing:
    """Boards full of products, as in a shop."""
    return _rack(generator, "shelf", _row_of_goods)


def _rack(generator: Generator, kind: str, row: Row) -> Thing:
    width, boards = generator.uniform(0.7, 1.2), int(generator.integers(2, 5))
    rise, paint = 0.4, wood(generator)
    height = boards * rise + 0.1
    parts = [
        block((0, -0.15, 0), (width, 0.02, height), paint),
        *(block((x, 0, 0), (0.03, 0.3, height), paint) for x in (-width / 2, width / 2)),
        block((0, 0, height - 0.03), (width, 0.3, 0.03), paint),
    ]
    for k in range(boards):
        level = 0.05 + k * rise
        parts.append(block((0, 0, level), (width, 0.3, 0.025), paint))
        parts += row(generator, width - 0.08, level + 0.025)
    tops = ((-0.25 * width, 0, height), (0.2 * width, 0, height)) if height < 1.4 else ()
    return Thing(kind, parts, (0, 0.1, 0.6 * height), tops)


def _row_of_books(generator: Generator, width: float, level: float) -> list[Part]:
    """Spines side by side, as stripes on two blocks, with some air after them."""
    first = generator.uniform(0.3, 0.6)
    return [
        block(
            (at * width, -0.02, level),
            (share * width, 0.2, generator.uniform(0.2, 0.31)),
            Paint(
                any_colour(generator),
                any_colour(generator),
                Texture.STRIPES,
                generator.uniform(18, 40),
            ),
        )
        for at, share in ((first / 2 - 0.5, first), (first - 0.5 + 0.17, 0.32))
    ]


def _row_of_goods(generator: Generator, width: float, level: float) -> list[Part]:
    """Packets and bottles in runs of one kind."""
    count = int(generator.integers(3, 5))
    size = width / count
    return [
        Part(
            bool(generator.random() < 0.7),
            ((k + 0.5) * size - width / 2, 0, level + tall / 2),
            (generator.uniform(0.6, 0.95) * size, 0.2, tall),
            pattern(generator, (8, 30)),
        )
        for k, tall in enumerate(generator.uniform(0.16, 0.3, count))
    ]


def floor_lamp(generator: Generator) -> Thing:
    """A lamp on a pole."""
    height, pole = generator.uniform(1.2, 1.6), metal(generator)
    shade = cloth(generator)._replace(glow=float(generator.uniform(0.3, 1.0)))
    parts = [
        blob((0, 0, 0.02), (0.3, 0.3, 0.05), pole),
        block((0, 0, 0), (0.025, 0.025, height), pole),
        blob((0, 0, height), (0.36, 0.36, 0.32), shade),
    ]
    return Thing("lamp", parts, (0, 0, height))


def table_lamp(generator: Generator) -> Thing:
    """A lamp on a foot."""
    shade = cloth(generator)._replace(glow=float(generator.uniform(0.4, 1.0)))
    parts = [
        blob((0, 0, 0.1), (0.1, 0.1, 0.22), pattern(generator, (10, 30))),
        block((0, 0, 0.18), (0.22, 0.22, 0.18), shade),
    ]
    return Thing("lamp", parts, (0, 0, 0.25))


def monitor(generator: Generator) -> Thing:
    """A computer's screen on its foot."""
    from_table, shell = 0.1, metal(generator)
    parts = [
        block((0, -0.02, 0), (0.2, 0.16, 0.015), shell),
        block((0, -0.03, 0), (0.05, 0.03, from_table + 0.1), shell),
        block((0, -0.01, from_table), (0.56, 0.03, 0.34), shell),
        Part(True, (0, 0, from_table + 0.17), (0.52, 0.02, 0.3), display(generator)),
    ]
    return Thing("screen", parts, (0, 0.01, from_table + 0.17))


def rug(generator: Generator) -> Thing:
    """A rug."""
    width, depth = generator.uniform((1.0, 0.8), (1.8, 1.3))
    weave, rim = pattern(generator, (3, 9)), Paint(any_colour(generator, 0.2, 0.8))
    parts = [
        block((0, 0, 0), (width, depth, 0.008), rim),
        block((0, 0, 0), (width - 0.16, depth - 0.16, 0.012), weave),
    ]
    return Thing("rug", parts, (0, 0, 0.006))
