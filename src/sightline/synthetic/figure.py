"""What people are put together from: poses, frames that turn, parts in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.random import Generator

from sightline.synthetic.world import Paint, Solid

HEAD_HEIGHT = 0.25  # with hair, of an adult
EYES = np.array([0.0, 0.078, 0.018])  # the point between the eyes, from the head's centre
LEVEL = np.eye(3)

Option = TypeVar("Option")


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


class Part(NamedTuple):
    """An ellipsoid or box in the frame (right, forward, up) of a head or body, in its measure."""

    centre: Sequence[float] | np.ndarray
    half: Sequence[float]
    paint: Paint
    box: bool = False
    axes: np.ndarray = LEVEL


class Limb(NamedTuple):
    """A long ellipsoid a little beyond both ends."""

    start: Sequence[float] | np.ndarray
    end: Sequence[float] | np.ndarray
    radius: float
    paint: Paint


def limbs(bones: list[Limb]) -> list[Part]:
    """Limbs as parts."""
    starts, ends = np.array([[bone.start, bone.end] for bone in bones]).swapaxes(0, 1)
    along = ends - starts
    lengths = np.linalg.norm(along, axis=1)
    mirrors = along / lengths[:, None] - (1.0, 0.0, 0.0)
    squares = (mirrors * mirrors).sum(1).clip(min=1e-12)[:, None, None]
    axes = LEVEL - 2 * mirrors[:, :, None] * mirrors[:, None] / squares  # x becomes along
    return [
        Part(middle, (length / 2 + 0.8 * bone.radius, bone.radius, bone.radius), bone.paint, axes=a)
        for bone, middle, length, a in zip(bones, (starts + ends) / 2, lengths, axes, strict=True)
    ]


def assemble(
    parts: list[Part], origin: np.ndarray, frame: np.ndarray, scale: float, owner: int
) -> list[Solid]:
    """The solids of parts whose own `frame` (rows right, forward, up) is at `origin`."""
    centres = origin + scale * np.array([part.centre for part in parts]) @ frame
    halves = scale * np.array([part.half for part in parts])
    axes = np.array([part.axes for part in parts]) @ frame
    return [
        Solid(part.box, centre, half, part.paint, owner, own)
        for part, centre, half, own in zip(parts, centres, halves, axes, strict=True)
    ]


def pick(generator: Generator, options: Sequence[Option], shares: Sequence[float]) -> Option:
    """One of the options; `Generator.choice` takes ten times as long."""
    left = generator.random() * sum(shares)
    for option, share in zip(options, shares, strict=True):
        left -= share
        if left < 0:
            return option
    return options[-1]


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
