"""Hats, glasses and masks as parts in the head's frame, in metres of an adult."""

from __future__ import annotations

from sightline.synthetic.figure import Part, shaded, turned
from sightline.synthetic.looks import Look
from sightline.synthetic.world import Paint

DOME = ((0, -0.018, 0.045), (0.088, 0.098, 0.092))  # its lower half is inside the skull
DOWN = turned(0, -0.25, 0)
LENS = Paint((0.03, 0.03, 0.04))
MASKS = (Paint((0.62, 0.8, 0.88)), Paint((0.92, 0.93, 0.94)), Paint((0.08, 0.08, 0.09)))


def hat(look: Look) -> list[Part]:
    """What is worn on the head."""
    paint, trim = look.extra, shaded(look.extra, 0.7)
    parts = {
        "none": [],
        "cap": [(*DOME, paint), ((0, 0.108, 0.064), (0.068, 0.056, 0.006), trim)],
        "backwards": [(*DOME, paint), ((0, -0.140, 0.044), (0.066, 0.050, 0.006), trim)],
        "beanie": [
            ((0, -0.020, 0.052), (0.089, 0.099, 0.100), paint),
            ((0, -0.014, 0.052), (0.0905, 0.1005, 0.03), trim),
        ],
        "brim": [(*DOME, paint), ((0, -0.008, 0.066), (0.165, 0.175, 0.008), trim)],
        "hood": [((0, -0.034, 0.014), (0.105, 0.098, 0.136), look.shirt)],
        "headscarf": [
            ((0, -0.022, 0.022), (0.089, 0.092, 0.116), paint),
            ((0, -0.024, -0.085), (0.086, 0.082, 0.095), paint),
        ],
        "helmet": [
            ((0, -0.012, 0.066), (0.101, 0.108, 0.082), paint._replace(texture=0)),
            ((0, -0.012, 0.072), (0.020, 0.112, 0.082), trim),
        ],
    }[look.hat]
    brims = {"cap": DOWN, "backwards": turned(0, 0.25, 0)}
    wide = look.face.width
    made = [Part((x, y, z), (a * wide, b, c), own) for (x, y, z), (a, b, c), own in parts]
    if look.hat in brims:
        made[1] = made[1]._replace(axes=brims[look.hat])
    return made


def glasses(look: Look) -> list[Part]:
    """Rims around free eyes, or dark lenses that hide them; with temples to the ears."""
    if look.glasses == "none":
        return []
    wide = look.face.width
    temples = [
        Part((s * 0.0785 * wide, 0.042, 0.030), (0.0018, 0.056, 0.003), look.rims, box=True)
        for s in (-1, 1)
    ]
    if look.glasses == "sun":
        lenses = [
            Part((s * 0.035 * wide, 0.084, 0.017), (0.029, 0.020, 0.022), LENS) for s in (-1, 1)
        ]
        return [*lenses, Part((0, 0.099, 0.030), (0.020, 0.003, 0.003), look.rims, True), *temples]
    top = Part((0, 0.099, 0.037), (0.079 * wide, 0.0022, 0.0024), look.rims, box=True)
    below = [
        Part((s * 0.037 * wide, 0.099, -0.002), (0.024, 0.002, 0.0018), look.rims, box=True)
        for s in (-1, 1)
    ]
    sides = [
        Part((s * 0.060 * wide, 0.099, 0.0175), (0.0018, 0.002, 0.0195), look.rims, box=True)
        for s in (-1, 1)
    ]
    return [top, *below, *sides, *temples]


def mask(look: Look) -> list[Part]:
    """A mask over nose, mouth and chin."""
    if not look.mask:
        return []
    paint = MASKS[int(look.years) % len(MASKS)]
    return [Part((0, 0.045, -0.053), (0.06 * max(look.face.jaw, 1), 0.072, 0.074), paint)]
