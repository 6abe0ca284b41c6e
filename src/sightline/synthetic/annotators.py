"""People who mark the targets of rendered pictures: ten for each person of a test picture."""

from __future__ import annotations

import numpy as np
from numpy.random import default_rng

ANNOTATORS = 10
SPREAD = (0.01, 0.13)  # how far annotators stray, as shares of the picture; drawn per picture
"""So that one is 0.09 from the mean of the others: 0.096 on GazeFollow (Recasens et al. 2015)."""
STRAYS = 1  # what is drawn of a picture besides its world


def marks(points: np.ndarray, seed: int, stream: int, index: int) -> np.ndarray:
    """What annotators (P, ANNOTATORS, 2) mark for targets (P, 2) on the unit square, inside it.

    A function of the arguments alone; the last three name the picture.
    """
    generator = default_rng((seed, stream, index, STRAYS))
    spread = generator.uniform(*SPREAD)
    strays = generator.normal(0, spread, (len(points), ANNOTATORS, 2))
    return (points[:, None] + strays).clip(0, 1)
