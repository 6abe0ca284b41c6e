"""A body as solids: neck, trunk, arms that reach somewhere, legs, clothes.

Measures are metres of an adult in the body's frame: x right, y forward, z up from the head's
centre. Small children have large heads: there the frame begins lower, see `body_origin`.
"""

from __future__ import annotations

import numpy as np

from sightline.synthetic.clothes import bare, clothes
from sightline.synthetic.figure import Limb, Part, Pose, assemble, limbs, upright
from sightline.synthetic.looks import Look
from sightline.synthetic.world import Solid

NECK = 0.10  # from the head's centre down to the chin, which heads and bodies share
HIPS, SEAT = -0.74, -0.8  # height of the hip joints, and of what is sat on
UPPER_ARM, FOREARM = 0.29, 0.27
SIDES = np.array([-1.0, 1.0])


def body(look: Look, pose: Pose, hands: np.ndarray, owner: int) -> list[Solid]:
    """All of a body whose hands reach for `hands` (2, 3), left and right, in its own frame."""
    origin, size = body_origin(look, pose), look.size
    lean = _lean(look.stoop)
    floor = -origin[2] / size
    parts = _trunk(look, lean) + _arms(look, lean, hands) + _legs(look, lean, floor, pose.seated)
    parts += clothes(look, lean, pose.seated)
    return assemble(parts, origin, upright(pose.body_yaw), size, owner)


def body_origin(look: Look, pose: Pose) -> np.ndarray:
    """Where the frame of a body begins in the world."""
    return pose.centre - (0, 0, NECK * (look.scale - look.size))


def hips(look: Look) -> np.ndarray:
    """The middle of the hips in the body's frame."""
    return np.array((0, -0.03, HIPS)) @ _lean(look.stoop)


def _lean(stoop: float) -> np.ndarray:
    """The frame (rows right, forward, up) of a back that leans forwards."""
    c, s = np.cos(stoop), np.sin(stoop)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _trunk(look: Look, lean: np.ndarray) -> list[Part]:
    wide = look.stout
    lower = look.shirt if look.legs == "dress" else look.trousers
    neck = limbs([Limb((0, -0.02, -0.07), (0, -0.03, -0.2), 0.05, look.skin)])
    blobs = [
        ((0, -0.03, -0.255), (0.19 + 0.015 * wide, 0.095, 0.085), look.shirt),
        ((0, -0.03, -0.44), (0.172 * wide, 0.122 * wide, 0.275), look.shirt),
        ((0, -0.03, -0.68), (0.165 * wide, 0.125 * wide, 0.13), lower),
    ]
    return neck + [
        Part(np.array(centre) @ lean, half, paint, axes=lean) for centre, half, paint in blobs
    ]


def _arms(look: Look, lean: np.ndarray, hands: np.ndarray) -> list[Part]:
    """Upper arms, forearms and hands, bent at elbows that point down and outwards."""
    shoulders = np.stack([0.2 * SIDES, np.full(2, -0.03), np.full(2, -0.26)], 1) @ lean
    line = hands - shoulders
    length = np.linalg.norm(line, axis=1, keepdims=True)
    along, reach = line / length, length.clip(0.1, 0.99 * (UPPER_ARM + FOREARM))
    middle = (reach**2 + UPPER_ARM**2 - FOREARM**2) / (2 * reach)
    outwards = np.stack([0.5 * SIDES, np.full(2, -0.45), np.full(2, -0.75)], 1)
    aside = outwards - (outwards * along).sum(1, keepdims=True) * along
    aside *= np.sqrt((UPPER_ARM**2 - middle**2).clip(min=0)) / np.linalg.norm(
        aside, axis=1, keepdims=True
    )
    elbows, wrists = shoulders + middle * along + aside, shoulders + reach * along
    upper, lower = bare(look)
    thick = 0.5 + 0.5 * look.stout
    parts = limbs(
        [Limb(s, e, 0.053 * thick, upper) for s, e in zip(shoulders, elbows, strict=True)]
        + [Limb(e, w, 0.042 * thick, lower) for e, w in zip(elbows, wrists, strict=True)]
    )
    return parts + [Part(wrist, (0.042, 0.05, 0.045), look.skin) for wrist in wrists]


def _legs(look: Look, lean: np.ndarray, floor: float, seated: bool) -> list[Part]:
    """Thighs, shins and feet on a floor at this height."""
    hip_y = hips(look)[1] + 0.03
    joint = np.array((0, 0, HIPS)) @ lean
    knee = (hip_y + 0.45, joint[2]) if seated else (0.6 * hip_y + 0.03, (floor + joint[2]) / 2)
    ankle_y = knee[0] - 0.03 if seated else 0.4 * hip_y
    shin = look.trousers if look.legs in ("trousers", "coat") else look.skin
    thick = 0.5 + 0.5 * look.stout
    bones, feet = [], []
    for side in (-1, 1):
        hip, bend = (0.09 * side, joint[1], joint[2]), (0.11 * side, *knee)
        bones.append(Limb(hip, bend, 0.085 * thick, look.trousers))
        bones.append(Limb(bend, (0.12 * side, ankle_y, floor + 0.06), 0.06 * thick, shin))
        feet.append(
            Part((0.12 * side, ankle_y + 0.06, floor + 0.045), (0.05, 0.12, 0.045), look.shoes)
        )
    return limbs(bones) + feet
