"""Random light: side light and back light, warm and cold, and the cameras that see it."""

from __future__ import annotations

import numpy as np
from numpy.random import default_rng

from sightline.synthetic.difficulty import Difficulty
from sightline.synthetic.world import Light

DAY_SHARE = 0.6  # of the pictures have daylight beside the lamp


def varied(light: Light, difficulty: Difficulty) -> Light:
    """The same light with warmth, daylight and shadows drawn at random, and lens and sensor too.

    The seed of the noise decides, so that what happens in a room never depends on its light.
    """
    generator = default_rng(light.noise_seed)
    low, high = (0.1, -np.pi, 0.1), (0.9, np.pi, 0.6)
    height, course, strength = generator.uniform(low, high)
    strength *= generator.random() < DAY_SHARE
    evening = _warmth(generator.normal(0.05, 0.15))
    level = np.cos(height) * np.array((np.cos(course), np.sin(course)))
    dim = 1 - 0.6 * strength  # or else the picture would be too bright
    return light._replace(
        colour=light.colour * _warmth(generator.normal(0.06, 0.08)) * dim,
        ambient=light.ambient * generator.uniform(0.75, 1.1) * dim,
        shadows=bool(generator.random() < difficulty.shadows),
        sun=np.array((*level, np.sin(height))),
        daylight=strength * evening,
        gain=np.exp(generator.normal(0, 0.1)) * _warmth(generator.normal(0, 0.03)),
        tone=float(generator.normal(0.1, 0.15)),
        vignette=float(generator.uniform(0, 0.35)),
        blur=float(generator.uniform(0, difficulty.blur)),
    )


def _warmth(warmth: float) -> np.ndarray:
    """The colour (3,) of light so much redder and less blue than white."""
    return np.array((1 + warmth, 1.0, 1 - warmth))
