"""Ages, and the builds, faces and skins that go with them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from sightline.synthetic.world import Paint, Texture

AGES = ((1.5, 4), (4, 12), (12, 18), (18, 60), (60, 90))  # years
AGE_SHARES = (0.04, 0.13, 0.09, 0.54, 0.2)
# by years: height in metres, size of the head against an adult's, share of the height when seated
YEARS = (1.5, 2, 4, 8, 12, 16, 20, 60, 90)
TALL = (0.8, 0.87, 1.03, 1.28, 1.5, 1.68, 1.72, 1.7, 1.62)
HEADS = (0.82, 0.84, 0.88, 0.92, 0.95, 0.98, 1.0, 1.0, 0.99)
SEATED = (0.61, 0.6, 0.575, 0.545, 0.525, 0.52, 0.52, 0.52, 0.51)
SKINS = ((0.98, 0.84, 0.75), (0.92, 0.72, 0.58), (0.82, 0.6, 0.43), (0.64, 0.43, 0.29))
SKINS += ((0.45, 0.28, 0.19), (0.27, 0.17, 0.12))


class Face(NamedTuple):
    """Sizes of a face against the usual one; brow_tilt in radians."""

    width: float
    length: float
    jaw: float
    chin: float
    nose: float
    nose_length: float
    ears: float
    brows: float
    brow_tilt: float
    mouth: float
    eyes: float
    lids: float  # how wide open: 1 is usual, 0 half shut


def any_build(generator: Generator, years: float, he: bool) -> dict[str, float]:
    """Measures of the body that belong to an age."""
    tall, scale, seated = (float(np.interp(years, YEARS, row)) for row in (TALL, HEADS, SEATED))
    tall *= (1.03 if he else 0.97) ** min(years / 16, 1) * generator.normal(1, 0.035)
    scale *= generator.normal(1, 0.025)
    return {
        "scale": scale,
        "size": (seated * tall - 0.115 * scale) / 0.78,  # from the hips to the head's centre
        "stout": min(float(np.exp(generator.normal(0.04, 0.16))), 1.4),
        "tall": tall - 0.12 * scale,
        "stoop": generator.uniform(0, 0.008) * max(years - 55, 4),
    }


def any_face(generator: Generator, years: float) -> Face:
    """Proportions of a face of an age."""
    young, old = max(0.0, 1 - years / 14), max(0.0, (years - 50) / 40)
    z = generator.normal(size=10).clip(-2.2, 2.2)
    blinks = generator.random() < 0.05
    return Face(
        width=1 + 0.03 * z[0] + 0.02 * young,
        length=1 + 0.03 * z[1] - 0.04 * young,
        jaw=1 + 0.09 * z[2] + 0.04 * young,
        chin=1 + 0.06 * z[3] - 0.14 * young,
        nose=0.95 + 0.12 * z[4] - 0.2 * young + 0.1 * old,
        nose_length=1 + 0.12 * z[5] - 0.2 * young + 0.1 * old,
        ears=1 + 0.1 * z[6] + 0.18 * old,
        brows=1 + 0.25 * z[7] - 0.3 * young,
        brow_tilt=0.12 * z[8],
        mouth=1 + 0.12 * z[9] - 0.15 * young,
        eyes=1 + 0.06 * young,
        lids=generator.uniform(0.1, 0.4) if blinks else generator.uniform(0.8, 1.1) - 0.15 * old,
    )


def any_skin(generator: Generator) -> Paint:
    """Any tone from pale to dark, rosy to olive, plain or a little uneven."""
    tone, warmth, rose = generator.uniform(0, len(SKINS) - 1), *generator.normal(0, 0.03, 2)
    skin = np.array(
        [np.interp(tone, range(len(SKINS)), channel) for channel in zip(*SKINS, strict=True)]
    )
    skin *= np.array((1 + 0.4 * warmth, 1 - rose, 1 - 2 * warmth - 0.5 * rose))
    uneven = skin * generator.uniform(0.9, 1.0)
    frequency = generator.uniform(20, 60)
    return Paint(tuple(skin.clip(0, 1)), tuple(uneven.clip(0, 1)), Texture.CLOUDS, frequency)
