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
HIPS = 0.74  # from the head's centre down to the hip joints
UNDER = 0.06  # from them down to what is sat on
UPPER_ARM, FOREARM = 0.29, 0.27
SIDES = np.array([-1.0, 1.0])


def body(look: Look, pose: Pose, hands: np.ndarray, owner: int) -> list[Solid]:
    """All of a body whose hands reach for `hands` (2, 3), left and right, in its own frame."""
    origin, size = body_origin(look, pose), look.size
    lean = _lean(look.stoop)
    floor = -origin[2] / size
    parts = _trunk(look, lean) + _arms(look, lean, hands) + _legs(look, floor, pose.seated)
    parts += clothes(look, lean, pose.seated)
    return assemble(parts, origin, upright(pose.body_yaw), size, owner)


def body_origin(look: Look, pose: Pose) -> np.ndarray:
    """Where the frame of a body begins in the world."""
    return pose.centre - (0, 0, NECK * (look.scale - look.size))


def hips(look: Look) -> np.ndarray:
    """The middle between the hip joints in the body's frame."""
    return np.array((0, 0, -HIPS)) @ _lean(look.stoop)


def _lean(stoop: float) -> np.ndarray:
    """The frame (rows right, forward, up) of a back that leans forwards."""
    c, s = np.cos(stoop), np.sin(stoop)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _trunk(look: Look, lean: np.ndarray) -> list[Part]:
    wide = look.stout
    lower = look.shirt if look.legs in ("dress", "coat") else look.trousers
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


def _legs(look: Look, floor: float, seated: bool) -> list[Part]:
    """Thighs, shins and feet on a floor at this height."""
    _, back, low = hips(look)
    knee = (back + 0.45, low) if seated else (0.6 * back + 0.03, (floor + low) / 2)
    ankle = knee[0] - 0.03 if seated else 0.4 * back
    thigh = look.skin if look.legs in ("skirt", "dress") else look.trousers
    shin = look.trousers if look.legs in ("trousers", "coat") else look.skin
    thick = 0.5 + 0.5 * look.stout
    bones, feet = [], []
    for side in (-1, 1):
        bend = (0.11 * side, *knee)
        bones.append(Limb((0.09 * side, back, low), bend, 0.085 * thick, thigh))
        bones.append(Limb(bend, (0.12 * side, ankle, floor + 0.06), 0.06 * thick, shin))
        foot = (0.12 * side, ankle + 0.06, floor + 0.045)
        feet.append(Part(foot, (0.05, 0.12, 0.045), look.shoes))
    return limbs(bones) + feet
