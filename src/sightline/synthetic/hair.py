"""Hair and beards as parts in the head's frame, in metres of an adult."""

from __future__ import annotations

from sightline.synthetic.figure import Part
from sightline.synthetic.looks import Look
from sightline.synthetic.paints import shaded
from sightline.synthetic.world import Paint

# by style: what sits on the crown, and what a hat leaves free; each a centre and half axes
CROWNS = {
    "crew": [((0, -0.018, 0.022), (0.0785, 0.088, 0.097))],
    "short": [((0, -0.022, 0.028), (0.083, 0.089, 0.100))],
    "side": [
        ((0, -0.022, 0.028), (0.083, 0.090, 0.100)),
        ((0.022, 0.030, 0.090), (0.056, 0.058, 0.033)),
    ],
    "fringe": [
        ((0, -0.024, 0.028), (0.084, 0.090, 0.101)),
        ((0, 0.046, 0.076), (0.064, 0.045, 0.036)),
    ],
    "curly": [((0, -0.026, 0.036), (0.096, 0.098, 0.108))],
    "afro": [((0, -0.034, 0.050), (0.120, 0.115, 0.114))],
}
BACKS = {
    "receding": [((0, -0.042, -0.006), (0.080, 0.062, 0.066))],
    "bob": [((0, -0.034, -0.034), (0.094, 0.070, 0.084))],
    "long": [((0, -0.052, -0.062), (0.088, 0.056, 0.125))],
    "loose": [
        ((0, -0.055, -0.075), (0.086, 0.050, 0.140)),
        ((-0.074, 0.000, -0.075), (0.022, 0.040, 0.130)),
        ((0.074, 0.000, -0.075), (0.022, 0.040, 0.130)),
    ],
    "bun": [((0, -0.108, 0.020), (0.042, 0.040, 0.042))],
    "ponytail": [
        ((0, -0.112, 0.020), (0.024, 0.026, 0.024)),
        ((0, -0.128, -0.060), (0.030, 0.026, 0.095)),
    ],
}
AROUND = ("hood", "headscarf")  # what hides hair and ears


def hair(look: Look) -> list[Part]:
    """The hair of a head, flat under a hat; none below a hood or scarf around the head."""
    if look.style == "bald" or look.hat in AROUND:
        return []
    top = CROWNS.get(look.style, [] if look.style == "receding" else CROWNS["short"])
    if look.hat != "none":
        top = [] if look.style == "receding" else CROWNS["crew"]
    return [
        Part((x * look.face.width, y, z), (a * look.face.width, b, c), look.hair)
        for (x, y, z), (a, b, c) in top + BACKS.get(look.style, [])
    ]


def beard(look: Look) -> list[Part]:
    """A moustache, a beard at the chin or all around the jaw; stubble is a matter of paint."""
    face, paint = look.face, shaded(look.hair, 0.8)
    if look.mask:
        return []
    moustache = Part((0, 0.086, -0.050), (0.031 * face.mouth, 0.011, 0.0075), paint)
    if look.beard == "moustache":
        return [moustache]
    if look.beard == "goatee":
        return [moustache, Part((0, 0.062, -0.105 * face.chin), (0.027, 0.030, 0.028), paint)]
    if look.beard == "full":
        centre = (0, 0.016, -0.078 * face.chin)
        return [moustache, Part(centre, (0.061 * face.jaw, 0.069, 0.058 * face.chin), paint)]
    return []


def jaw_paint(look: Look) -> Paint:
    """The skin of the jaw, darker where a beard begins to grow."""
    if look.beard != "stubble":
        return look.skin
    mixed = [0.72 * s + 0.28 * h for s, h in zip(look.skin.colour, look.hair.colour, strict=True)]
    return look.skin._replace(colour=tuple(mixed))
