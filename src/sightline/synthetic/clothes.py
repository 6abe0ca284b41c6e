"""What is worn on a body, as parts in its frame, in metres of an adult."""

from __future__ import annotations

import numpy as np

from sightline.synthetic.figure import Part, shaded
from sightline.synthetic.looks import Look
from sightline.synthetic.world import Paint


def bare(look: Look) -> tuple[Paint, Paint]:
    """Paints of the upper arms and of the forearms."""
    upper = look.skin if look.sleeves == "none" else look.shirt
    return upper, look.shirt if look.sleeves == "long" else look.skin


def clothes(look: Look, lean: np.ndarray, seated: bool) -> list[Part]:
    """Skirt or coat, placket, scarf, backpack, on a trunk in the frame `lean`."""
    parts = _skirt(look, seated)
    if look.placket:
        parts.append(_at(look, (0, 0.074, -0.45), (0.024, 0.023, 0.21), shaded(look.shirt, 0.55)))
    if look.scarf:
        parts.append(Part((0, -0.018, -0.165), (0.09, 0.09, 0.042), look.extra))
        parts.append(_at(look, (0.045, 0.078, -0.32), (0.035, 0.028, 0.13), look.extra))
    if look.backpack and not seated:
        parts.append(_at(look, (0, -0.13, -0.45), (0.13, 0.14, 0.2), look.extra))
        parts += [
            _at(look, (s * 0.105, 0.02, -0.34), (0.018, 0.085, 0.12), look.extra) for s in (-1, 1)
        ]
    return [part._replace(centre=np.array(part.centre) @ lean, axes=lean) for part in parts]


def _at(look: Look, centre: tuple[float, float, float], half: tuple, paint: Paint) -> Part:
    """Something on the front or back of a trunk that is more or less stout."""
    x, y, z = centre
    return Part((x, (y + 0.03) * look.stout - 0.03, z), half, paint)


def _skirt(look: Look, seated: bool) -> list[Part]:
    wide = look.stout
    if look.legs in ("trousers", "shorts"):
        return []
    paint = look.trousers if look.legs == "skirt" else look.shirt
    if seated:
        return [Part((0, 0.13, -0.72), (0.19 * wide, 0.32, 0.11), paint)]
    low, half = {"skirt": (-0.86, 0.26), "dress": (-0.82, 0.36), "coat": (-0.7, 0.42)}[look.legs]
    return [Part((0, -0.03, low), (0.2 * wide, 0.16 * wide, half), paint)]
