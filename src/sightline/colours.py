"""Colours by which people are told apart in all that is drawn."""

from __future__ import annotations

from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]
"""Red, green, blue, from 0 to 255."""

PALETTE: tuple[Colour, ...] = (
    (230, 159, 0),  # the first seven: Okabe & Ito 2008, in an order that sets neighbours apart
    (86, 180, 233),
    (204, 121, 167),
    (240, 228, 66),
    (0, 158, 115),
    (213, 94, 0),
    (0, 114, 178),
    (160, 240, 175),  # the rest: as far as possible from all before, also for colour-blind eyes
    (119, 102, 255),
    (136, 17, 17),
    (0, 0, 200),
    (102, 51, 85),
)
"""Colours of the people, cycling."""

DARK: Colour = (18, 18, 22)
WHITE: Colour = (255, 255, 255)


def colour_of(identity: int) -> Colour:
    """The colour of the person with this track or index."""
    return PALETTE[identity % len(PALETTE)]


def contrast_of(colour: Colour) -> Colour:
    """Dark or white, far from a person's colour: one of the two shows on any ground."""
    red, green, blue = colour
    return DARK if 0.3 * red + 0.59 * green + 0.11 * blue > 110 else WHITE
