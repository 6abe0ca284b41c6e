"""Small things that stand on furniture and on the floor, or are held."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sightline.synthetic.paints import any_colour, cloth, display, metal, pattern
from sightline.synthetic.pets import cat, dog
from sightline.synthetic.things import Maker, Part, Thing, blob, block
from sightline.synthetic.world import Paint, Texture


def ball(generator: Generator) -> Thing:
    """A ball of 8 to 26 cm."""
    size = generator.uniform(0.08, 0.26)
    middle = (0, 0, size / 2)
    return Thing("ball", [blob(middle, (size,) * 3, pattern(generator, (8, 25)))], middle)


def carton(generator: Generator) -> Thing:
    """A box, from a packet to a parcel, with a lid or a band."""
    width, depth, height = generator.uniform((0.08, 0.06, 0.1), (0.3, 0.25, 0.34))
    parts = [block((0, 0, 0), (width, depth, height), pattern(generator, (6, 25)))]
    band = Paint(any_colour(generator))
    if generator.random() < 0.5:
        parts.append(
            block((0, 0, 0.85 * height), (1.03 * width, 1.03 * depth, 0.17 * height), band)
        )
    else:
        parts.append(block((0, 0, 0), (0.25 * width, 1.02 * depth, 1.01 * height), band))
    return Thing("box", parts, (0, 0, height / 2))


def bottle(generator: Generator) -> Thing:
    """A bottle of 20 to 36 cm."""
    height, width = generator.uniform((0.2, 0.07), (0.36, 0.11))
    glass, label = Paint(any_colour(generator)), pattern(generator, (10, 30))
    middle, neck = (0, 0, 0.45 * height), (width / 2.5, width / 2.5, height / 2)
    parts = [blob(middle, (width, width, 0.9 * height), label)]
    return Thing("bottle", [*parts, blob((0, 0, 0.78 * height), neck, glass)], middle)


def plant(generator: Generator) -> Thing:
    """A pot with a crown of leaves: small, or as high as a child."""
    size = generator.choice((generator.uniform(0.12, 0.24), generator.uniform(0.3, 0.5)))
    leaf = np.array((0.16, 0.5, 0.15)) * generator.uniform(0.6, 1.4)
    leaves = Paint(tuple(leaf), tuple(leaf * 0.55), Texture.CLOUDS, 10 / size)
    pot, crown = pattern(generator), (0, 0, 1.5 * size)
    parts = [
        block((0, 0, 0), (0.7 * size, 0.7 * size, 0.8 * size), pot),
        blob(crown, (1.5 * size, 1.5 * size, 2 * size), leaves),
    ]
    if generator.random() < 0.5:
        parts.append(blob((0.3 * size, 0.2 * size, 2.2 * size), (0.9 * size,) * 3, leaves))
    return Thing("plant", parts, crown)


def laptop(generator: Generator) -> Thing:
    """An open laptop; people look at its screen."""
    shell = metal(generator)
    screen = (0, -0.108, 0.125)
    parts = [
        block((0, 0, 0), (0.34, 0.24, 0.02), shell),
        block((0, -0.12, 0.01), (0.34, 0.012, 0.23), shell),
        Part(True, screen, (0.31, 0.02, 0.2), display(generator)),
        block((0, 0.03, 0.02), (0.3, 0.1, 0.004), Paint((0.1, 0.1, 0.1))),
    ]
    return Thing("laptop", parts, screen)


def toy(generator: Generator) -> Thing:
    """A teddy, a car or a tower of blocks."""
    size, paint = generator.uniform(0.07, 0.12), pattern(generator, (15, 30))
    other, kind = Paint(any_colour(generator)), generator.integers(3)
    if kind == 0:
        rounds = ((0, 1.0, 1.0), (0, 2.4, 0.7), (-0.6, 3.0, 0.28), (0.6, 3.0, 0.28))
        parts = [blob((size * x, 0, size * z), (2 * size * r,) * 3, paint) for x, z, r in rounds]
        return Thing("toy", parts, (0, 0, size))
    if kind == 1:
        tyre = Paint((0.08, 0.08, 0.08))
        parts = [
            block((0, 0, 0.3 * size), (3.2 * size, 1.5 * size, size), paint),
            block((0, 0, 1.3 * size), (1.6 * size, 1.3 * size, 0.8 * size), other),
            *(
                blob((x * size, 0, 0.4 * size), (0.8 * size, 1.7 * size, 0.8 * size), tyre)
                for x in (-1, 1)
            ),
        ]
        return Thing("toy", parts, (0, 0, size))
    paints = (paint, other, Paint(any_colour(generator)))
    blocks = [
        block((0, 0, 0.8 * k * size), ((1.4 - 0.3 * k) * size,) * 2 + (0.8 * size,), p)
        for k, p in enumerate(paints)
    ]
    return Thing("toy", blocks, (0, 0, size))


def books(generator: Generator) -> Thing:
    """A pile of books, or one that stands."""
    count = generator.integers(1, 4)
    if count == 1:
        parts = [block((0, 0, 0), (0.17, 0.035, 0.24), _cover(generator))]
        return Thing("book", parts, (0, 0, 0.12))
    parts = [
        block((0, generator.normal(0, 0.01), 0.04 * k), (0.24, 0.17, 0.04), _cover(generator))
        for k in range(count)
    ]
    return Thing("book", parts, (0, 0, 0.04 * count - 0.02))


def _cover(generator: Generator) -> Paint:
    return Paint(any_colour(generator), any_colour(generator), Texture.PRINT, 40)


def cup(generator: Generator) -> Thing:
    """A cup with its handle."""
    clay = pattern(generator, (20, 50))
    parts = [
        block((0, 0, 0), (0.075, 0.075, 0.1), clay),
        blob((0.045, 0, 0.05), (0.05, 0.02, 0.06), clay),
        blob((0, 0, 0.1), (0.06, 0.06, 0.012), Paint((0.25, 0.13, 0.06))),
    ]
    return Thing("cup", parts, (0, 0, 0.05))


def vase(generator: Generator) -> Thing:
    """A vase with flowers."""
    height, clay = generator.uniform(0.16, 0.3), pattern(generator, (10, 30))
    petals = Paint(any_colour(generator, 0.7), any_colour(generator, 0.5), Texture.CHECKER, 40)
    parts = [
        blob((0, 0, 0.45 * height), (0.6 * height, 0.6 * height, 0.9 * height), clay),
        block((0, 0, 0.7 * height), (0.25 * height, 0.25 * height, 0.3 * height), clay),
        block((0, 0, height), (0.1 * height, 0.1 * height, 0.5 * height), Paint((0.2, 0.5, 0.2))),
        blob((0, 0, 1.55 * height), (0.65 * height, 0.65 * height, 0.5 * height), petals),
    ]
    return Thing("vase", parts, (0, 0, 0.9 * height))


def bowl(generator: Generator) -> Thing:
    """A dish with fruit or food on it."""
    width, china = generator.uniform(0.2, 0.32), Paint(any_colour(generator, 0.6, 1.0))
    parts = [blob((0, 0, 0.03), (width, width, 0.06), china)]
    for turn in generator.uniform(0, 2 * np.pi) + np.arange(3) * 2.1:
        spot = (0.2 * width * np.cos(turn), 0.2 * width * np.sin(turn), 0.08)
        parts.append(blob(spot, (0.36 * width,) * 2 + (0.08,), Paint(any_colour(generator, 0.5))))
    return Thing("bowl", parts, (0, 0, 0.04))


def bag(generator: Generator) -> Thing:
    """A bag with handles or a rucksack."""
    width, depth, height = generator.uniform((0.25, 0.12, 0.25), (0.42, 0.22, 0.42))
    leather, dark = cloth(generator), Paint(any_colour(generator, 0.05, 0.4))
    parts = [
        block((0, 0, 0), (width, depth, 0.7 * height), leather),
        blob((0, 0, 0.7 * height), (width, depth, 0.6 * height), leather),
        block((0, depth / 2, 0.1 * height), (0.6 * width, 0.04, 0.4 * height), dark),
        block((0, 0, 0.9 * height), (0.3 * width, 0.03, 0.25 * height), dark),
    ]
    return Thing("bag", parts, (0, 0, height / 2))


def phone(generator: Generator) -> Thing:
    """A phone that leans on its stand; people look at its screen."""
    shell, screen = metal(generator), (0, 0.006, 0.085)
    parts = [
        block((0, 0, 0), (0.085, 0.012, 0.17), shell),
        Part(True, screen, (0.074, 0.006, 0.145), display(generator)),
    ]
    return Thing("phone", parts, screen)


def keyboard(generator: Generator) -> Thing:
    """A keyboard."""
    keys = Paint((0.2, 0.2, 0.22), (0.75, 0.75, 0.78), Texture.CHECKER, 50)
    parts = [
        block((0, 0, 0), (0.44, 0.15, 0.02), metal(generator)),
        block((0, 0, 0.015), (0.41, 0.12, 0.012), keys),
    ]
    return Thing("keyboard", parts, (0, 0, 0.02))


SMALL: tuple[Maker, ...] = (ball, carton, bottle, plant, toy, books, cup, vase, bowl, phone)
OFFICE: tuple[Maker, ...] = (laptop, keyboard, books, cup, phone, plant, bottle)
FOOD: tuple[Maker, ...] = (bowl, bottle, cup, carton, vase, bowl)
LYING: tuple[Maker, ...] = (ball, carton, toy, bag, bag, cat, dog, plant)
HELD: tuple[Maker, ...] = (phone, books, cup, bottle, ball)


def held(generator: Generator) -> Thing:
    """A phone, a book, a cup, a bottle or a ball in somebody's hands."""
    return HELD[generator.integers(len(HELD))](generator)
