"""Who somebody is: age, build, face, hair, and what is worn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.random import Generator

from sightline.synthetic.difficulty import NORMAL, Difficulty
from sightline.synthetic.figure import any_colour, any_paint
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
HAIRS = ((0.06, 0.05, 0.045), (0.27, 0.16, 0.09), (0.5, 0.3, 0.14), (0.85, 0.68, 0.36))
HAIRS += ((0.55, 0.2, 0.08),)
HAIR_SHARES = (0.36, 0.28, 0.15, 0.13, 0.08)
IRISES = ((0.24, 0.13, 0.06), (0.4, 0.24, 0.1), (0.2, 0.36, 0.55), (0.25, 0.4, 0.22))
IRISES += ((0.42, 0.46, 0.48),)
STYLES = ("bald", "receding", "crew", "short", "side", "fringe", "curly", "afro")
STYLES += ("bob", "long", "loose", "bun", "ponytail")
HIS = (0.06, 0, 0.22, 0.3, 0.14, 0.08, 0.1, 0.05, 0.02, 0.01, 0.01, 0.01, 0)
HERS = (0.01, 0, 0.02, 0.07, 0.06, 0.11, 0.08, 0.07, 0.16, 0.12, 0.12, 0.09, 0.09)
HATS = ("cap", "backwards", "beanie", "brim", "hood", "headscarf", "helmet")
HIS_HATS = (0.26, 0.08, 0.24, 0.16, 0.14, 0.0, 0.12)
HER_HATS = (0.2, 0.04, 0.2, 0.18, 0.1, 0.2, 0.08)
BEARDS = ("none", "stubble", "moustache", "goatee", "full")
BEARD_SHARES = (0.58, 0.16, 0.06, 0.06, 0.14)
SLEEVES = ("long", "short", "none")
LEGS = ("trousers", "shorts", "skirt", "dress", "coat")

Option = TypeVar("Option")


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


@dataclass(frozen=True)
class Look:
    """How a person looks.

    scale: size of the head; size: of the body; stout: its width and depth, all against an adult's.
    tall: metres from the floor to the head's centre of one who stands; stoop: radians forwards.
    style, beard, hat, sleeves, legs: see STYLES, BEARDS, HATS, SLEEVES, LEGS; hat may be "none".
    glasses: "none", "clear", "sun".
    """

    years: float
    scale: float
    size: float
    stout: float
    tall: float
    stoop: float
    face: Face
    skin: Paint
    hair: Paint
    iris: Paint
    style: str
    beard: str
    hat: str
    glasses: str
    mask: bool
    scarf: bool
    backpack: bool
    placket: bool
    sleeves: str
    legs: str
    shirt: Paint
    trousers: Paint
    shoes: Paint
    extra: Paint  # of hat, scarf, backpack
    rims: Paint

    @property
    def dressed(self) -> bool:
        """Whether something on the head or neck hides a part of it."""
        return self.hat != "none" or self.glasses != "none" or self.mask or self.scarf


def pick(generator: Generator, options: Sequence[Option], shares: Sequence[float]) -> Option:
    """One of the options; `Generator.choice` takes ten times as long."""
    left = generator.random() * sum(shares)
    for option, share in zip(options, shares, strict=True):
        left -= share
        if left < 0:
            return option
    return options[-1]


def any_look(
    generator: Generator,
    difficulty: Difficulty = NORMAL,
    ages: tuple[float, float] | None = None,
) -> Look:
    """A random person; from and to so many years old, or of any age."""
    years = generator.uniform(*(ages or pick(generator, AGES, AGE_SHARES)))
    he = bool(generator.random() < 0.5)
    hair = _hair(generator, years)
    style = _style(generator, years, he)
    bearded = he and years > 17
    return Look(
        years=years,
        **_build(generator, years, he),
        face=_face(generator, years),
        skin=_skin(generator),
        hair=hair,
        iris=Paint(IRISES[generator.integers(len(IRISES))]),
        style=style,
        beard=pick(generator, BEARDS, BEARD_SHARES) if bearded else "none",
        **_worn(generator, difficulty.dressed, HIS_HATS if he else HER_HATS),
        **_clothes(generator, he, years),
    )


def _build(generator: Generator, years: float, he: bool) -> dict[str, float]:
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


def _face(generator: Generator, years: float) -> Face:
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


def _skin(generator: Generator) -> Paint:
    """Any tone from pale to dark, rosy to olive, plain or a little uneven."""
    tone, warmth, rose = generator.uniform(0, len(SKINS) - 1), *generator.normal(0, 0.03, 2)
    skin = np.array(
        [np.interp(tone, range(len(SKINS)), channel) for channel in zip(*SKINS, strict=True)]
    )
    skin *= np.array((1 + 0.4 * warmth, 1 - rose, 1 - 2 * warmth - 0.5 * rose))
    uneven = skin * generator.uniform(0.9, 1.0)
    frequency = generator.uniform(20, 60)
    return Paint(tuple(skin.clip(0, 1)), tuple(uneven.clip(0, 1)), Texture.CLOUDS, frequency)


def _hair(generator: Generator, years: float) -> Paint:
    """Natural, dyed now and then, greyer with the years."""
    dye = np.array(pick(generator, HAIRS, HAIR_SHARES)) * generator.uniform(0.7, 1.2)
    if generator.random() < 0.02:
        dye = np.array(any_colour(generator, 0.4, 0.9))
    grey = np.clip(generator.normal((years - 52) / 22, 0.35), 0, 1)
    dye += grey * (generator.uniform(0.5, 0.92) - dye)
    return Paint(tuple(dye), tuple(dye * 0.72), Texture.CLOUDS, generator.uniform(25, 60))


def _style(generator: Generator, years: float, he: bool) -> str:
    """A hair style; men lose their hair with the years."""
    if he and generator.random() < (years - 28) / 80:
        return pick(generator, ("bald", "receding"), (0.3, 0.7))
    return pick(generator, STYLES, HIS if he else HERS)


def _worn(generator: Generator, share: float, hats: tuple[float, ...]) -> dict:
    """Hat, glasses, mask, scarf: a `share` of the people has at least one of them."""
    worn = {"hat": "none", "glasses": "none", "mask": False, "scarf": False}
    if generator.random() < share:
        first = pick(generator, ("hat", "glasses", "mask", "scarf"), (0.42, 0.42, 0.05, 0.11))
        chances = {"hat": 0.1, "glasses": 0.1, "mask": 0.02, "scarf": 0.1, first: 1.0}
        has = {name: generator.random() < chances[name] for name in worn}
        worn = {
            "hat": pick(generator, HATS, hats) if has["hat"] else "none",
            "glasses": pick(generator, ("clear", "sun"), (0.68, 0.32))
            if has["glasses"]
            else "none",
            "mask": has["mask"],
            "scarf": has["scarf"],
        }
    dark = generator.uniform(0.03, 0.3) * np.ones(3)
    rims = any_colour(generator, 0.2, 0.8) if generator.random() < 0.3 else tuple(dark)
    return {**worn, "extra": any_paint(generator, (10, 40)), "rims": Paint(rims)}


def _clothes(generator: Generator, he: bool, years: float) -> dict:
    shares = (0.78, 0.14, 0, 0, 0.08) if he else (0.52, 0.08, 0.15, 0.15, 0.1)
    legs = pick(generator, LEGS, shares)
    sleeves = pick(generator, SLEEVES, (0.6, 0.32, 0.08)) if legs != "coat" else "long"
    return {
        "sleeves": sleeves,
        "legs": legs,
        "backpack": bool(years > 5 and generator.random() < 0.1),
        "placket": bool(generator.random() < 0.35),
        "shirt": any_paint(generator, (6, 30)),
        "trousers": Paint(any_colour(generator, 0.08, 0.6)),
        "shoes": Paint(any_colour(generator, 0.05, 0.9)),
    }
