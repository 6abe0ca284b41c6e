"""Who somebody is: age, build, face, hair, and what is worn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from sightline.synthetic.difficulty import NORMAL, Difficulty
from sightline.synthetic.figure import pick
from sightline.synthetic.paints import any_colour, garment
from sightline.synthetic.physique import AGE_SHARES, AGES, Face, any_build, any_face, any_skin
from sightline.synthetic.world import Paint, Texture

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
    extra: Paint  # of hat, mask, scarf, backpack
    rims: Paint

    @property
    def dressed(self) -> bool:
        """Whether something on the head or neck hides a part of it."""
        return self.hat != "none" or self.glasses != "none" or self.mask or self.scarf


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
        **any_build(generator, years, he),
        face=any_face(generator, years),
        skin=any_skin(generator),
        hair=hair,
        iris=Paint(IRISES[generator.integers(len(IRISES))]),
        style=style,
        beard=pick(generator, BEARDS, BEARD_SHARES) if bearded else "none",
        **_worn(generator, difficulty.dressed, HIS_HATS if he else HER_HATS),
        **_clothes(generator, he, years),
    )


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
    names = ("hat", "glasses", "mask", "scarf")
    first = pick(generator, names, (0.42, 0.42, 0.05, 0.11))
    some = generator.random() < share
    chances = {"hat": 0.1, "glasses": 0.1, "mask": 0.02, "scarf": 0.1, first: 1.0}
    has = {name: some and bool(generator.random() < chances[name]) for name in names}
    dark = (generator.uniform(0.03, 0.3),) * 3
    rims = any_colour(generator, 0.2, 0.8) if generator.random() < 0.3 else dark
    return {
        "hat": pick(generator, HATS, hats) if has["hat"] else "none",
        "glasses": pick(generator, ("clear", "sun"), (2, 1)) if has["glasses"] else "none",
        "mask": has["mask"],
        "scarf": has["scarf"],
        "extra": garment(generator, (10, 40)),
        "rims": Paint(rims),
    }


def _clothes(generator: Generator, he: bool, years: float) -> dict:
    shares = (0.78, 0.14, 0, 0, 0.08) if he else (0.52, 0.08, 0.15, 0.15, 0.1)
    legs = pick(generator, LEGS, shares)
    sleeves = pick(generator, SLEEVES, (0.6, 0.32, 0.08)) if legs != "coat" else "long"
    return {
        "sleeves": sleeves,
        "legs": legs,
        "backpack": bool(years > 5 and generator.random() < 0.1),
        "placket": bool(generator.random() < 0.35),
        "shirt": garment(generator, (6, 30)),
        "trousers": Paint(any_colour(generator, 0.08, 0.6)),
        "shoes": Paint(any_colour(generator, 0.05, 0.9)),
    }
