"""A head as solids: face, hair, what is worn, and eyes that turn.

Measures are metres of an adult in the head's frame: x right, y forward, z up.
"""

from __future__ import annotations

import numpy as np

from sightline.synthetic.figure import Part, Pose, assemble, turned
from sightline.synthetic.hair import AROUND, beard, hair, jaw_paint
from sightline.synthetic.headwear import glasses, hat, mask
from sightline.synthetic.looks import Look
from sightline.synthetic.paints import shaded
from sightline.synthetic.world import Paint, Solid

EYE = np.array([0.033, 0.068, 0.018])  # the middle of the right eye
WHITE, PUPIL = Paint((0.97, 0.97, 0.97)), Paint((0.015, 0.015, 0.02))


def head(look: Look, pose: Pose, target: np.ndarray, owner: int) -> list[Solid]:
    """All solids of a head, its eyes turned to the target."""
    parts = _face(look) + hair(look) + beard(look) + hat(look) + glasses(look) + mask(look)
    if look.glasses != "sun":
        parts += _eyes(look, (target - pose.centre) @ pose.frame.T / look.scale)
    return assemble(parts, pose.centre, pose.frame, look.scale, owner)


def _face(look: Look) -> list[Part]:
    """Skull, jaw, nose, mouth, ears and brows."""
    face, wide = look.face, look.face.width
    nose, brow = shaded(look.skin, 0.94, 0.84, 0.8), shaded(look.hair, 0.7)
    chin = -0.058 * face.chin
    parts = [
        Part((0, 0, 0), (0.076 * wide, 0.092, 0.112 * face.length), look.skin),
        Part((0, 0.022, chin), (0.056 * face.jaw, 0.062, 0.066 * face.chin), jaw_paint(look)),
    ]
    if not look.mask:
        tip = (0.015 * face.nose, 0.022 * face.nose, 0.024 * face.nose_length)
        parts.append(Part((0, 0.094, 0.010 - tip[2]), tip, nose))
        lips = shaded(look.skin, 0.9, 0.56, 0.54)
        parts.append(Part((0, 0.076, -0.068), (0.026 * face.mouth, 0.013, 0.0075), lips))
    for side in (-1, 1):
        if look.hat not in AROUND:
            ear = (0.013 * face.ears, 0.021, 0.032 * face.ears)
            parts.append(Part((0.079 * wide * side, -0.008, -0.002), ear, nose))
        tilted = turned(0, 0, face.brow_tilt * side)
        thick = (0.022, 0.010, 0.0055 * face.brows)
        parts.append(Part((0.034 * wide * side, 0.078, 0.048), thick, brow, axes=tilted))
    return parts


def _eyes(look: Look, target: np.ndarray) -> list[Part]:
    """White, iris, pupil and upper lid of both eyes, turned to a `target` in the head's frame."""
    big, parts = look.face.eyes, []
    lid = shaded(look.skin, 0.9, 0.81, 0.77)
    for side in (-1, 1):
        eye = EYE * (side * look.face.width, 1, 1)
        aim = target - eye
        aim /= np.linalg.norm(aim)
        lift = 0.012 * look.face.lids + 0.008 * min(aim[2], 0.3)  # lids follow the eyes
        parts += [
            Part(eye, (0.021 * big, 0.021, 0.016 * big), WHITE),
            Part(eye + 0.0145 * aim, (0.0105, 0.0105, 0.0105), look.iris),
            Part(eye + 0.0205 * aim, (0.0061, 0.0061, 0.0061), PUPIL),
            Part(eye + np.array((0, 0.001, 0.012 + lift)), (0.0225 * big, 0.0245, 0.0135), lid),
        ]
    return parts
