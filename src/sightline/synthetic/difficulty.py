"""How hard rendered pictures are: one switch with three settings.

What it changes is listed with each field; the rest of the world is the same for all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Difficulty:
    """What makes it hard to see who looks where.

    eyes_apart: radians by which the eyes turn at most apart from the head, each way.
    head_heights: the usual height of heads in a picture, as shares of its height, from and to.
    clutter: how many pieces of furniture and things there are, as a multiple of the usual number.
    dressed: share of the people with something on: hat, glasses, scarf.
    dark_targets: how likely a target that the camera does not see is, against one that it sees.
    covered: share of a head's outline that may be hidden.
    shadows: share of the pictures whose lamps throw shadows.
    noise, blur: the most of the sensor's noise (of 1) and of the lens's blur (pixels of 224).
    """

    name: str
    eyes_apart: float
    head_heights: tuple[float, float]
    clutter: float
    dressed: float
    dark_targets: float
    covered: float
    shadows: float
    noise: float
    blur: float


EASY = Difficulty(
    "easy",
    eyes_apart=np.radians(6.0),
    head_heights=(0.16, 0.32),
    clutter=0.5,
    dressed=0.15,
    dark_targets=0.0,
    covered=0.0,
    shadows=0.0,
    noise=0.005,
    blur=0.0,
)
NORMAL = Difficulty(
    "normal",
    eyes_apart=np.radians(18.0),
    head_heights=(0.10, 0.28),
    clutter=1.0,
    dressed=0.4,
    dark_targets=0.03,
    covered=0.25,
    shadows=0.5,
    noise=0.02,
    blur=0.4,
)
HARD = Difficulty(
    "hard",
    eyes_apart=np.radians(28.0),
    head_heights=(0.06, 0.28),
    clutter=1.6,
    dressed=0.6,
    dark_targets=0.1,
    covered=0.5,
    shadows=0.8,
    noise=0.05,
    blur=1.0,
)
DIFFICULTIES = {difficulty.name: difficulty for difficulty in (EASY, NORMAL, HARD)}
"""The settings by name."""
