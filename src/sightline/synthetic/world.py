"""The description of one world: solids with colours, a camera, a light, and people with targets.

Metres, z up. A camera's frame is x right, y down, z forward; a head's is x right, y forward, z up.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

ROOM = 0  # owner of walls, floor and ceiling


class Texture(IntEnum):
    """How the two colours of a solid are mixed over its surface; see `textures`.

    BRICKS, PLANKS, DOTS, MARBLE: the second colour is that of joints, grain, dots and veins.
    PRINT: lines of text in the second colour, `frequency` of them a metre.
    SCENE: a picture of a landscape between the two colours that fills each face; another one for
    each frequency.
    """

    PLAIN = 0
    CHECKER = 1
    STRIPES = 2
    CLOUDS = 3
    BRICKS = 4
    PLANKS = 5
    DOTS = 6
    MARBLE = 7
    PRINT = 8
    SCENE = 9


class Paint(NamedTuple):
    """Two colours in [0, 1], their texture, its cells per metre, and the share of own light."""

    colour: tuple[float, ...]
    second: tuple[float, ...] = (0.0, 0.0, 0.0)
    texture: Texture = Texture.PLAIN
    frequency: float = 1.0
    glow: float = 0.0


class Solid(NamedTuple):
    """An ellipsoid or a box; `axes` (3, 3) rows are its own axes, `half` its extents along them.

    owner: the thing that it is a part of; parts of one thing do not hide one another's target.
    """

    box: bool
    centre: np.ndarray
    half: tuple[float, ...] | np.ndarray
    paint: Paint
    owner: int
    axes: np.ndarray = np.eye(3)


@dataclass(frozen=True)
class Solids:
    """N solids as float32 arrays, see `Solid` and `Paint`; colours (N, 2, 3)."""

    box: Tensor
    centre: Tensor
    half: Tensor
    axes: Tensor
    owner: Tensor
    colours: Tensor
    texture: Tensor
    frequency: Tensor
    glow: Tensor

    def __len__(self) -> int:
        return len(self.owner)

    def __getitem__(self, which: Tensor) -> Solids:
        return Solids(*(getattr(self, field.name)[which] for field in fields(self)))

    def to(self, device: torch.device | str) -> Solids:
        """The same on another device."""
        return Solids(*(getattr(self, field.name).to(device) for field in fields(self)))


def stack(solids: list[Solid]) -> Solids:
    """Solids as float32 tensors."""
    box, centre, half, paint, owner, axes = zip(*solids, strict=True)
    colour, second, texture, frequency, glow = zip(*paint, strict=True)
    return Solids(
        box=torch.tensor(box),
        centre=tensor(centre),
        half=tensor(half),
        axes=tensor(axes),
        owner=torch.tensor(owner),
        colours=tensor([colour, second]).movedim(0, 1),
        texture=torch.tensor(texture),
        frequency=tensor(frequency),
        glow=tensor(glow),
    )


def join(*parts: Solids) -> Solids:
    """All solids of the parts in order."""
    names = [field.name for field in fields(Solids)]
    return Solids(*(torch.cat([getattr(part, name) for part in parts]) for name in names))


def tensor(values: object) -> Tensor:
    """Numbers as a float32 tensor."""
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


@dataclass(frozen=True)
class Camera:
    """A pinhole camera; `rotation` (3, 3) rows are right, down, forward in the world.

    focal: pixels; size: (width, height) in pixels; the principal point is the picture's centre.
    """

    position: np.ndarray
    rotation: np.ndarray
    focal: float
    size: tuple[int, int]

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (..., 2) and depths (...) of points (..., 3); depth <= 0 is behind the camera."""
        seen = (points - self.position) @ self.rotation.T
        depth = seen[..., 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            pixels = seen[..., :2] / depth[..., None] * self.focal + np.array(self.size) / 2
        return pixels, depth

    def unproject(self, pixels: np.ndarray, depth: np.ndarray | float = 1.0) -> np.ndarray:
        """Points (..., 3) at pixels (..., 2) and depths (...)."""
        flat = (pixels - np.array(self.size) / 2) / self.focal
        seen = np.concatenate([flat, np.ones_like(flat[..., :1])], -1)
        return seen * np.asarray(depth)[..., None] @ self.rotation + self.position

    def contains(self, points: np.ndarray, margin: float = 0.0) -> np.ndarray:
        """Whether points (..., 3) fall into the picture, grown on all sides by a share `margin`."""
        pixels, depth = self.project(points)
        share = pixels / np.array(self.size)
        return (depth > 0) & ((share >= -margin) & (share <= 1 + margin)).all(-1)


class Light(NamedTuple):
    """What shines on a world, and what lens and sensor make of the picture; see `developed`.

    lamp: (3,) its place; colour: (3,) of its light; ambient: (3,) the light from everywhere.
    noise: of the sensor, a standard deviation in [0, 1]; noise_seed: another one for each frame.
    shadows: whether solids keep the lamp's light from others.
    sun, daylight: (3,) the direction to it and its colour; it shines through walls, unshadowed.
    gain: (3,) exposure and white balance; tone: above 0 (at most 1) raises the middle tones;
    vignette: the share of light that the corners lose; blur: of the lens, a standard deviation in
    pixels of a picture 224 wide.
    """

    lamp: np.ndarray
    colour: np.ndarray
    ambient: np.ndarray
    noise: float
    noise_seed: int
    shadows: bool = False
    sun: np.ndarray = np.array((0.0, 0.0, 1.0))
    daylight: np.ndarray = np.zeros(3)
    gain: np.ndarray = np.ones(3)
    tone: float = 0.0
    vignette: float = 0.0
    blur: float = 0.0


@dataclass(frozen=True)
class People:
    """P people: who they are among the owners, where they are, what they look at.

    heads, bodies: (P,) owners of their solids.
    eyes, facing, targets: (P, 3) the point between the eyes, unit direction of the head, the point
    looked at.
    target_owners: (P,) what the target is a part of, -1 for a place in the air.
    inside: (P,) the target is in front of the camera and inside the picture.
    occluded: (P,) something else hides the target from the camera.
    visible: (P,) the camera sees most of the head.
    """

    heads: np.ndarray
    bodies: np.ndarray
    eyes: np.ndarray
    facing: np.ndarray
    targets: np.ndarray
    target_owners: np.ndarray
    inside: np.ndarray
    occluded: np.ndarray
    visible: np.ndarray

    def __len__(self) -> int:
        return len(self.heads)


@dataclass(frozen=True)
class World:
    """All that is needed to render one picture and to know the truth about it."""

    solids: Solids
    camera: Camera
    light: Light
    people: People
