"""Hats, glasses and masks as parts in the head's frame, in metres of an adult."""

from __future__ import annotations

from sightline.synthetic.figure import Part, turned
from sightline.synthetic.looks import Look
from sightline.synthetic.paints import shaded
from sightline.synthetic.world import Paint

LENS = Paint((0.03, 0.03, 0.04))
DOME = ((0, -0.018, 0.045), (0.088, 0.098, 0.092), "cloth")  # its lower half is inside the skull
SHAPES = {  # centre, half axes, paint
    "none": [],
    "cap": [DOME, ((0, 0.108, 0.064), (0.068, 0.056, 0.006), "trim")],
    "backwards": [DOME, ((0, -0.140, 0.044), (0.066, 0.050, 0.006), "trim")],
    "beanie": [
        ((0, -0.020, 0.052), (0.089, 0.099, 0.100), "cloth"),
        ((0, -0.014, 0.052), (0.0905, 0.1005, 0.03), "trim"),
    ],
    "brim": [DOME, ((0, -0.008, 0.066), (0.165, 0.175, 0.008), "trim")],
    "hood": [((0, -0.034, 0.014), (0.105, 0.098, 0.136), "shirt")],
    "headscarf": [
        ((0, -0.022, 0.022), (0.089, 0.092, 0.116), "cloth"),
        ((0, -0.024, -0.085), (0.086, 0.082, 0.095), "cloth"),
    ],
    "helmet": [
        ((0, -0.012, 0.066), (0.101, 0.108, 0.082), "plain"),
        ((0, -0.012, 0.072), (0.020, 0.112, 0.082), "trim"),
    ],
}
PEAKS = {"cap": turned(0, -0.25, 0), "backwards": turned(0, 0.25, 0)}  # hang down a little


def hat(look: Look) -> list[Part]:
    """What is worn on the head."""
    plain, trim = shaded(look.extra, 1.0), shaded(look.extra, 0.7)
    paints = {"cloth": look.extra, "plain": plain, "trim": trim, "shirt": look.shirt}
    wide = look.face.width
    parts = [
        Part((x, y, z), (a * wide, b, c), paints[name])
        for (x, y, z), (a, b, c), name in SHAPES[look.hat]
    ]
    if look.hat in PEAKS:
        parts[1] = parts[1]._replace(axes=PEAKS[look.hat])
    return parts


def glasses(look: Look) -> list[Part]:
    """Rims around free eyes, or dark lenses that hide them; with temples to the ears."""
    if look.glasses == "none":
        return []
    parts = []
    for wide in (-look.face.width, look.face.width):
        parts.append(_bar(look, (0.0785 * wide, 0.042, 0.030), (0.0018, 0.056, 0.003)))
        if look.glasses == "sun":
            parts.append(Part((0.035 * wide, 0.084, 0.017), (0.029, 0.020, 0.022), LENS))
        else:
            parts.append(_bar(look, (0.037 * wide, 0.099, -0.002), (0.024, 0.002, 0.0018)))
            parts.append(_bar(look, (0.060 * wide, 0.099, 0.0175), (0.0018, 0.002, 0.0195)))
    if look.glasses == "sun":
        return [*parts, _bar(look, (0, 0.099, 0.030), (0.020, 0.003, 0.003))]
    return [*parts, _bar(look, (0, 0.099, 0.037), (0.079 * look.face.width, 0.0022, 0.0024))]


def _bar(look: Look, centre: tuple[float, ...], half: tuple[float, ...]) -> Part:
    return Part(centre, half, look.rims, box=True)


def mask(look: Look) -> list[Part]:
    """A mask over nose, mouth and chin."""
    if not look.mask:
        return []
    half = (0.06 * max(look.face.jaw, 1), 0.072, 0.074)
    return [Part((0, 0.045, -0.053), half, shaded(look.extra, 1.0))]
