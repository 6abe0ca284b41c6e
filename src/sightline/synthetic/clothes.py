"""What is worn on a body, as parts in its frame, in metres of an adult."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sightline.synthetic.figure import Part
from sightline.synthetic.looks import Look
from sightline.synthetic.paints import shaded
from sightline.synthetic.world import Paint


def bare(look: Look) -> tuple[Paint, Paint]:
    """Paints of the upper arms and of the forearms."""
    upper = look.skin if look.sleeves == "none" else look.shirt
    return upper, look.shirt if look.sleeves == "long" else look.skin


def clothes(look: Look, lean: np.ndarray, seated: bool) -> list[Part]:
    """Skirt or coat, placket, scarf, backpack, on a trunk in the frame `lean`."""
    parts = _skirt(look, seated)
    if look.placket:
        trim = shaded(look.shirt, 0.55)
        parts.append(Part((0, 0.078, -0.45), (0.022, 0.016, 0.19), trim, box=True))
    if look.scarf:
        parts.append(Part((0.045, 0.078, -0.32), (0.035, 0.028, 0.13), look.extra))
    if look.backpack and not seated:
        parts.append(Part((0, -0.13, -0.45), (0.13, 0.14, 0.2), look.extra))
        parts += [
            Part((s * 0.1, 0.05, -0.37), (0.018, 0.022, 0.13), look.extra, box=True)
            for s in (-1, 1)
        ]
    parts = [part._replace(centre=_surface(look, part.centre)) for part in parts]
    if look.scarf:
        parts.append(Part((0, -0.018, -0.165), (0.09, 0.09, 0.042), look.extra))
    return [part._replace(centre=np.array(part.centre) @ lean, axes=lean) for part in parts]


def _surface(look: Look, centre: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    """Where something on the front or back of the usual trunk is on a more or less stout one."""
    x, y, z = centre
    return x, (y + 0.03) * look.stout - 0.03, z


def _skirt(look: Look, seated: bool) -> list[Part]:
    wide = 0.6 + 0.4 * look.stout
    if look.legs in ("trousers", "shorts"):
        return []
    paint = look.trousers if look.legs == "skirt" else look.shirt
    if seated:
        return [Part((0, 0.13, -0.72), (0.19 * wide, 0.32, 0.11), paint)]
    side, low, half = {
        "skirt": (0.225, -0.91, 0.36),
        "dress": (0.215, -0.9, 0.42),
        "coat": (0.2, -0.72, 0.44),
    }[look.legs]
    return [Part((0, -0.02, low), (side * wide, 0.75 * side * wide, half), paint)]
