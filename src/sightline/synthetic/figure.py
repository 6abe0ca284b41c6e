"""A person as solids: a head with hair, ears, nose and turning eyes, on a standing or sitting body.

Head measures are metres of an adult in the head frame: x right, y forward, z up.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from sightline.synthetic.difficulty import NORMAL, Difficulty
from sightline.synthetic.world import Paint, Solid, Texture

HEAD_HEIGHT = 0.25  # with hair, of an adult
EYES = np.array([0.0, 0.078, 0.018])  # the point between the eyes, from the head's centre
SKINS = np.array([(0.98, 0.82, 0.72), (0.87, 0.64, 0.48), (0.62, 0.41, 0.28), (0.36, 0.22, 0.15)])
HAIRS = ((0.08, 0.06, 0.05), (0.27, 0.16, 0.09), (0.5, 0.3, 0.14), (0.85, 0.68, 0.36))
HAIRS += ((0.55, 0.2, 0.08), (0.72, 0.72, 0.74))
IRISES = ((0.1, 0.06, 0.04), (0.12, 0.2, 0.32), (0.16, 0.24, 0.12))


@dataclass(frozen=True)
class Look:
    """How a person looks: paints, a hair style ("bald", "short", "long"), size of the head."""

    skin: Paint
    hair: Paint
    iris: Paint
    shirt: Paint
    trousers: Paint
    style: str
    beard: bool
    scale: float


@dataclass(frozen=True)
class Pose:
    """Where a head is and how it is turned: centre, frame (rows right, forward, up), body yaw."""

    centre: np.ndarray
    frame: np.ndarray
    body_yaw: float
    seated: bool

    def eyes(self, scale: float) -> np.ndarray:
        """The point between the eyes in the world."""
        return self.centre + scale * EYES @ self.frame


def any_colour(generator: Generator, low: float = 0.15, high: float = 0.95) -> tuple[float, ...]:
    """A colour of any hue, its brightness between `low` and `high`."""
    hue, saturation, value = generator.uniform((0, 0.05, low), (1, 0.85, high))
    return colorsys.hsv_to_rgb(hue, saturation, value)


def any_paint(generator: Generator, frequency: tuple[float, float] = (4, 16)) -> Paint:
    """Plain or with a texture of `frequency` cells per metre."""
    texture = Texture(generator.choice(4, p=(0.4, 0.2, 0.2, 0.2)))
    return Paint(
        any_colour(generator), any_colour(generator), texture, generator.uniform(*frequency)
    )


def any_look(generator: Generator, scale: float, difficulty: Difficulty = NORMAL) -> Look:
    """A random person."""
    shade, warmth = generator.uniform(0, len(SKINS) - 1.001), generator.normal(1, 0.03)
    low = int(shade)
    skin = SKINS[low] + (shade - low) * (SKINS[low + 1] - SKINS[low])
    hair = np.array(HAIRS[generator.choice(len(HAIRS), p=(0.3, 0.25, 0.15, 0.12, 0.08, 0.1))])
    dye = hair * generator.uniform(0.7, 1.2)
    return Look(
        skin=Paint(tuple(skin * (1, warmth, warmth**2))),
        hair=Paint(tuple(dye), tuple(dye * 0.75), Texture.CLOUDS, 40.0),
        iris=Paint(IRISES[generator.integers(len(IRISES))]),
        shirt=any_paint(generator),
        trousers=Paint(any_colour(generator, 0.08, 0.6)),
        style=str(generator.choice(["bald", "short", "long"], p=(0.1, 0.5, 0.4))),
        beard=bool(generator.random() < 0.12),
        scale=scale,
    )


def head(look: Look, pose: Pose, target: np.ndarray, owner: int) -> list[Solid]:
    """Skull, jaw, nose, ears, mouth, brows, hair, and eyes that turn to the target."""
    skin = look.skin
    tint = np.array(skin.colour)
    red = Paint(tuple(tint * (0.95, 0.6, 0.58)))
    nose = Paint(tuple(tint * (0.93, 0.82, 0.78)))
    brow = Paint(tuple(np.array(look.hair.colour) * 0.7))
    parts = [
        ((0, 0, 0), (0.076, 0.092, 0.112), skin),
        ((0, 0.022, -0.058), (0.056, 0.062, 0.066), skin),
        ((0, 0.098, -0.014), (0.015, 0.025, 0.024), nose),
        ((0, 0.071, -0.068), (0.026, 0.014, 0.008), red),
    ]
    for side in (-1, 1):
        eye = np.array([0.033 * side, 0.068, 0.018])
        aim = (target - pose.centre) @ pose.frame.T / look.scale - eye
        iris = eye + 0.0145 * aim / np.linalg.norm(aim)
        parts += [
            ((0.079 * side, -0.008, -0.002), (0.013, 0.021, 0.032), nose),
            (tuple(eye), (0.021, 0.021, 0.016), Paint((0.97, 0.97, 0.97))),
            (tuple(iris), (0.0105, 0.0105, 0.0105), look.iris),
            ((0.034 * side, 0.079, 0.047), (0.022, 0.010, 0.006), brow),
        ]
    if look.style != "bald":
        parts += [((0, -0.022, 0.028), (0.083, 0.089, 0.100), look.hair)]
    if look.style == "long":
        parts += [((0, -0.052, -0.062), (0.088, 0.056, 0.125), look.hair)]
    if look.beard:
        parts += [((0, 0.020, -0.074), (0.060, 0.070, 0.058), brow)]
    return [
        Solid(
            box=False,
            centre=pose.centre + look.scale * np.array(centre) @ pose.frame,
            half=look.scale * np.array(half),
            paint=paint,
            owner=owner,
            axes=pose.frame,
        )
        for centre, half, paint in parts
    ]


def body(look: Look, pose: Pose, hands: np.ndarray, owner: int) -> list[Solid]:
    """Neck, trunk, arms that reach to `hands` (2, 3) in the body frame, legs, and a seat."""
    frame = upright(pose.body_yaw)
    size = look.scale

    def limb(start: tuple, end: tuple, radius: float, paint: Paint) -> Solid:
        ends = pose.centre + size * np.array([start, end], dtype=float) @ frame
        return _limb(ends[0], ends[1], size * radius, paint, owner)

    def blob(centre: tuple, half: tuple, paint: Paint) -> Solid:
        middle = pose.centre + size * np.array(centre) @ frame
        return Solid(False, middle, size * np.array(half), paint, owner, frame)

    drop = pose.centre[2] / size  # from the head's centre to the floor, in the body's own measure
    solids = [
        limb((0, -0.02, -0.07), (0, -0.03, -0.2), 0.052, look.skin),
        blob((0, -0.03, -0.255), (0.205, 0.095, 0.085), look.shirt),
        blob((0, -0.03, -0.44), (0.175, 0.125, 0.275), look.shirt),
        blob((0, -0.03, -0.68), (0.165, 0.125, 0.13), look.trousers),
    ]
    for side, hand in zip((-1, 1), hands, strict=True):
        shoulder = (0.2 * side, -0.03, -0.26)
        elbow = (0.25 * side, (hand[1] - 0.1) / 3, max(hand[2], -0.7) / 2 - 0.26)
        knee_y, knee_z = (0.45, -0.74) if pose.seated else (0.03, -(drop + 0.75) / 2)
        ankle = (0.12 * side, knee_y - 0.03, -drop + 0.06)
        solids += [
            limb(shoulder, elbow, 0.055, look.shirt),
            limb(elbow, tuple(hand), 0.043, look.shirt),
            blob(tuple(hand), (0.042, 0.05, 0.045), look.skin),
            limb((0.09 * side, 0, -0.74), (0.11 * side, knee_y, knee_z), 0.085, look.trousers),
            limb((0.11 * side, knee_y, knee_z), ankle, 0.06, look.trousers),
            blob((0.12 * side, knee_y + 0.04, -drop + 0.04), (0.05, 0.12, 0.045), look.hair),
        ]
    if pose.seated:
        height = (drop - 0.8) * size
        middle = pose.centre + np.array((0, -0.04 * size, -0.8 * size - height / 2)) @ frame
        half = (0.2 * size, 0.2 * size, height / 2)
        solids.append(Solid(True, middle, half, look.hair, owner, frame))
    return solids


def upright(yaw: float) -> np.ndarray:
    """The frame (rows right, forward, up) that faces +y turned left by `yaw` radians."""
    c, s = np.cos(yaw), np.sin(yaw)
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])


def turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """The frame that faces left by `yaw`, up by `pitch`, and leans to its right by `roll`."""
    up = np.array(
        [[1, 0, 0], [0, np.cos(pitch), np.sin(pitch)], [0, -np.sin(pitch), np.cos(pitch)]]
    )
    lean = np.array([[np.cos(roll), 0, -np.sin(roll)], [0, 1, 0], [np.sin(roll), 0, np.cos(roll)]])
    return lean @ up @ upright(yaw)


def _limb(start: np.ndarray, end: np.ndarray, radius: float, paint: Paint, owner: int) -> Solid:
    """A long ellipsoid a little beyond both ends."""
    along = end - start
    length = float(np.linalg.norm(along))
    mirror = along / length - (1.0, 0.0, 0.0)
    axes = np.eye(3) - 2 * np.outer(mirror, mirror) / max(mirror @ mirror, 1e-12)  # x becomes along
    half = (length / 2 + 0.8 * radius, radius, radius)
    return Solid(False, (start + end) / 2, half, paint, owner, axes)
