"""Colours and paints at random: what things, clothes and rooms are made of."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.random import Generator

from sightline.synthetic.world import Paint, Texture

PRINTED = (Texture.CHECKER, Texture.STRIPES, Texture.CLOUDS, Texture.DOTS, Texture.PRINT)
PRINTED += (Texture.MARBLE,)
WOVEN = (Texture.CHECKER, Texture.STRIPES, Texture.STRIPES, Texture.CLOUDS, Texture.DOTS)
PLAIN_SHARE = 0.4  # of what may have a pattern


def any_colour(generator: Generator, low: float = 0.15, high: float = 0.95) -> tuple[float, ...]:
    """A colour of any hue, its brightness between `low` and `high`."""
    hue, saturation, value = generator.random(3).tolist()  # `uniform` of tuples is slow
    return colorsys.hsv_to_rgb(hue, 0.05 + 0.8 * saturation, low + (high - low) * value)


def muted(colour: tuple[float, ...]) -> np.ndarray:
    """A colour halfway to grey, as walls and floors mostly are."""
    return 0.5 * np.array(colour) + 0.5 * max(colour)


def shaded(paint: Paint, *factors: float) -> Paint:
    """The paint plain, each channel of its colour times a factor, or all times the only one."""
    each = factors if len(factors) == 3 else factors * 3
    return Paint(tuple(c * f for c, f in zip(paint.colour, each, strict=True)))


def pattern(
    generator: Generator,
    frequency: tuple[float, float] = (4, 16),
    textures: tuple[Texture, ...] = PRINTED,
) -> Paint:
    """Plain, or two colours in one of the `textures`, of `frequency` cells per metre."""
    texture = textures[generator.integers(len(textures))]
    if generator.random() < PLAIN_SHARE:
        texture = Texture.PLAIN
    return Paint(
        any_colour(generator), any_colour(generator), texture, generator.uniform(*frequency)
    )


def garment(generator: Generator, frequency: tuple[float, float]) -> Paint:
    """What people wear: plain, striped, checked, dotted or mottled."""
    return pattern(generator, frequency, WOVEN)


def wood(generator: Generator) -> Paint:
    """Dark to pale wood with its grain, or now and then varnished white, grey or in a colour."""
    if generator.random() < 0.25:
        return Paint(any_colour(generator, 0.5, 0.95))
    shade = np.array((0.72, 0.5, 0.3)) * generator.uniform(0.35, 1.2) * generator.normal(1, 0.05, 3)
    grain = tuple(shade * generator.uniform(0.75, 0.92))
    return Paint(tuple(shade.clip(0, 1)), grain, Texture.PLANKS, generator.uniform(3, 8))


def stone(generator: Generator) -> Paint:
    """Grey, white or dark marble."""
    ground = muted(any_colour(generator, 0.2, 0.9))
    vein = (ground + generator.choice((-0.2, 0.2))).clip(0, 1)
    return Paint(tuple(ground), tuple(vein), Texture.MARBLE, generator.uniform(3, 6))


def cloth(generator: Generator) -> Paint:
    """Woven cloth: plain, striped or mottled in two shades of a colour."""
    colour = np.array(any_colour(generator, 0.2, 0.85))
    weave = (Texture.PLAIN, Texture.STRIPES, Texture.CLOUDS)[generator.integers(3)]
    shade = tuple(colour * generator.uniform(0.7, 0.95))
    return Paint(tuple(colour), shade, weave, generator.uniform(6, 30))


def metal(generator: Generator) -> Paint:
    """Grey, from black to bright."""
    return Paint((generator.uniform(0.08, 0.8),) * 3)


def display(generator: Generator) -> Paint:
    """What a screen shows: it glows."""
    shown = (Texture.PRINT, Texture.PRINT, Texture.CHECKER, Texture.SCENE)
    texture = shown[generator.integers(len(shown))]
    paper, ink = any_colour(generator, 0.7, 1.0), any_colour(generator, 0.1, 0.6)
    return Paint(paper, ink, texture, generator.uniform(15, 60), glow=0.8)
