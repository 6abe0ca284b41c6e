"""What hangs on walls, around its middle with +y into the room, and below ceilings."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from sightline.synthetic.paints import any_colour, cloth, display, metal, pattern, wood
from sightline.synthetic.things import Part, Thing, blob, block
from sightline.synthetic.world import Paint, Texture


def _panel(width: float, height: float, paint: Paint, front: float = 0.012) -> Part:
    """A flat box around the middle whose front is so far before the wall."""
    return Part(True, (0, 0, 0), (width, 2 * front, height), paint)


def picture(generator: Generator) -> Thing:
    """A picture in a frame, or a printed poster without one."""
    width, height = generator.uniform((0.25, 0.25), (0.95, 0.75))
    if generator.random() < 0.3:
        sheet = Paint((0.93, 0.92, 0.88), any_colour(generator, 0.1, 0.5), Texture.PRINT, 24)
        parts = [_panel(width, height, sheet)]
        emblem = Paint(any_colour(generator, 0.5))
        parts.append(blob((0, 0.01, 0.2 * height), (0.5 * width, 0.02, 0.4 * height), emblem))
    else:
        canvas = view(generator) if generator.random() < 0.6 else pattern(generator, (3, 14))
        parts = [
            _panel(width + 0.06, height + 0.06, Paint(any_colour(generator, 0.05, 0.9))),
            _panel(width, height, canvas, 0.018),
        ]
    return Thing("picture", parts, (0, 0, 0))


def view(generator: Generator) -> Paint:
    """A landscape under a bright or an evening sky."""
    sky = np.array((0.72, 0.87, 1.0)) * generator.uniform(0.75, 1.0) * generator.normal(1, 0.06, 3)
    green, stone = np.array((0.2, 0.36, 0.14)), np.array((0.3, 0.28, 0.26))
    land = (green if generator.random() < 0.7 else stone) * generator.uniform(0.7, 1.3)
    return Paint(tuple(sky.clip(0, 1)), tuple(land), Texture.SCENE, generator.uniform(1, 40))


def window(generator: Generator) -> Thing:
    """A window with daylight, a view, glazing bars, a sill, and mostly curtains."""
    width, height = generator.uniform((0.7, 0.8), (1.5, 1.25))
    frame = Paint((generator.uniform(0.5, 0.95),) * 3)
    daylight = view(generator)._replace(glow=float(generator.uniform(0.85, 1.0)))
    parts = [
        _panel(width + 0.1, height + 0.1, frame, 0.02),
        _panel(width, height, daylight, 0.025),
        _panel(0.03, height, frame, 0.035),
        _panel(width, 0.03, frame, 0.035),
        block((0, 0.06, -height / 2 - 0.07), (width + 0.2, 0.12, 0.03), frame),
    ]
    if generator.random() < 0.6:
        fold, drawn = cloth(generator), generator.uniform(0.2, 0.35)
        folds = fold._replace(texture=Texture.STRIPES, frequency=12)
        parts += [
            block(
                (side * (width / 2 + 0.02), 0.05, -height / 2 - 0.12),
                (drawn, 0.04, height + 0.3),
                folds,
            )
            for side in (-1, 1)
        ]
    return Thing("window", parts, (0.0, 0.02, 0.1))


def door(generator: Generator) -> Thing:
    """A door with its frame, panels and handle; it stands on the floor at its wall."""
    leaf, frame = wood(generator), wood(generator)
    width = generator.uniform(0.75, 0.95)
    parts = [
        block((0, 0, 0), (width + 0.14, 0.03, 2.07), frame),
        block((0, 0.015, 0), (width, 0.03, 2.0), leaf),
        blob((0.42 * width, 0.05, 1.0), (0.05, 0.05, 0.05), metal(generator)),
    ]
    darker = leaf._replace(colour=tuple(np.array(leaf.colour) * 0.8))
    if generator.random() < 0.6:
        parts += [block((0, 0.02, low), (0.6 * width, 0.03, 0.7), darker) for low in (0.2, 1.1)]
    return Thing("door", parts, (0, 0.02, 1.2))


def screen(generator: Generator) -> Thing:
    """A television or a projector's screen: it glows."""
    width = generator.uniform(0.7, 1.5)
    shown = view(generator)._replace(glow=0.9) if generator.random() < 0.6 else display(generator)
    parts = [
        _panel(width + 0.05, 0.58 * width + 0.05, Paint((0.04, 0.04, 0.05)), 0.03),
        _panel(width, 0.58 * width, shown, 0.034),
    ]
    return Thing("screen", parts, (0, 0.02, 0))


def clock(generator: Generator) -> Thing:
    """A round clock with two hands."""
    size, black = generator.uniform(0.2, 0.36), Paint((0.05, 0.05, 0.05))
    hands = [
        Part(True, (0, 0.025, 0.13 * size), (0.025, 0.01, 0.28 * size), black),
        Part(True, (0.16 * size, 0.025, 0), (0.36 * size, 0.01, 0.02), black),
    ]
    parts = [
        blob((0, 0, 0), (1.15 * size, 0.03, 1.15 * size), Paint(any_colour(generator, 0.1, 0.7))),
        blob((0, 0.004, 0), (size, 0.034, size), Paint((0.95, 0.95, 0.93))),
    ]
    return Thing("clock", parts + hands, (0, 0.01, 0))


def mirror(generator: Generator) -> Thing:
    """A mirror, as a plain bright panel in a frame."""
    width, height = generator.uniform((0.35, 0.5), (0.7, 1.0))
    glass = Paint((0.7, 0.78, 0.8), (0.85, 0.92, 0.95), Texture.CLOUDS, 1.5, glow=0.25)
    parts = [
        _panel(width + 0.08, height + 0.08, wood(generator)),
        _panel(width, height, glass, 0.018),
    ]
    return Thing("mirror", parts, (0, 0, 0))


def board(generator: Generator) -> Thing:
    """A blackboard or a whiteboard with writing on it, and a ledge."""
    width, height = generator.uniform((1.2, 0.8), (2.0, 1.1))
    dark = generator.random() < 0.5
    ground, chalk = (
        ((0.08, 0.2, 0.15), (0.9, 0.9, 0.85)) if dark else ((0.94,) * 3, (0.1, 0.15, 0.5))
    )
    rim = wood(generator) if dark else metal(generator)
    parts = [
        _panel(width + 0.08, height + 0.08, rim),
        _panel(width, height, Paint(ground, chalk, Texture.PRINT, 9), 0.018),
        block((0, 0.04, -height / 2 - 0.06), (0.9 * width, 0.08, 0.02), rim),
    ]
    return Thing("board", parts, (0, 0, 0))


def shelf(generator: Generator) -> Thing:
    """A board on the wall with room for small things."""
    width, plank = generator.uniform(0.6, 1.1), wood(generator)
    parts = [
        block((0, 0.11, 0), (width, 0.22, 0.03), plank),
        *(block((x * width, 0.06, -0.1), (0.03, 0.12, 0.1), plank) for x in (-0.4, 0.4)),
    ]
    return Thing(
        "shelf", parts, (0, 0.11, 0.015), tuple((x * width, 0.11, 0.03) for x in (-0.3, 0, 0.3))
    )


def wall_lamp(generator: Generator) -> Thing:
    """A lamp on the wall."""
    shade = cloth(generator)._replace(glow=float(generator.uniform(0.5, 1.0)))
    parts = [
        block((0, 0.04, -0.04), (0.05, 0.08, 0.05), metal(generator)),
        blob((0, 0.1, 0.06), (0.18, 0.16, 0.2), shade),
    ]
    return Thing("lamp", parts, (0, 0.1, 0.06))


def wall_cupboard(generator: Generator) -> Thing:
    """A cupboard above a kitchen counter."""
    width, front = generator.uniform(0.6, 1.2), wood(generator)
    parts = [block((0, 0.14, -0.28), (width, 0.28, 0.56), wood(generator))]
    parts += [
        block((x * width, 0.285, -0.26), (0.46 * width, 0.02, 0.52), front) for x in (-0.25, 0.25)
    ]
    return Thing("cupboard", parts, (0, 0.28, 0))


def hanging_lamp(generator: Generator) -> Thing:
    """A lamp on a cord below the ceiling."""
    drop, width = generator.uniform((0.15, 0.14), (0.6, 0.34))
    shade = pattern(generator, (8, 25))._replace(glow=float(generator.uniform(0.3, 1.0)))
    lamp = blob((0, 0, -drop), (width, width, 0.8 * width), shade)
    return Thing("lamp", [block((0, 0, -drop), (0.012, 0.012, drop), shade), lamp], (0, 0, -drop))


def ceiling_light(generator: Generator) -> Thing:
    """A flat light at the ceiling, as in offices and shops."""
    tube = Paint((1.0, 1.0, 0.97), glow=float(generator.uniform(0.8, 1.0)))
    width, depth = generator.choice(((1.2, 0.2), (0.6, 0.6)))
    parts = [
        block((0, 0, -0.07), (width, depth, 0.06), tube),
        block((0, 0, -0.05), (width + 0.05, depth + 0.05, 0.05), metal(generator)),
    ]
    return Thing("lamp", parts, (0, 0, -0.05))
