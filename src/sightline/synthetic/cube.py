"""The six pictures of a cube around a point: how their cameras look, and which sees a direction."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from sightline.synthetic.world import Camera

FACES = np.array(  # rows right, down, forward for each face: +x, -x, +y, -y, +z, -z
    [
        [(0, -1, 0), (0, 0, -1), (1, 0, 0)],
        [(0, 1, 0), (0, 0, -1), (-1, 0, 0)],
        [(1, 0, 0), (0, 0, -1), (0, 1, 0)],
        [(-1, 0, 0), (0, 0, -1), (0, -1, 0)],
        [(0, 1, 0), (1, 0, 0), (0, 0, 1)],
        [(0, 1, 0), (-1, 0, 0), (0, 0, -1)],
    ],
    dtype=float,
)


def cube_cameras(
    position: np.ndarray, rotation: np.ndarray, side: int, border: float
) -> list[Camera]:
    """Six cameras of `side` pixels that together see everything, and a `border` more each."""
    return [Camera(position, turn, side / 2 - border, (side, side)) for turn in FACES @ rotation]


def cube_places(rays: Tensor, side: int, border: float) -> tuple[Tensor, Tensor, Tensor]:
    """Face (n,), pixels (2, n) on it and depth (n,) of points (3, n) seen from the middle."""
    depth, axis = rays.abs().max(0)
    x, y, z = rays
    turn = torch.where(rays.gather(0, axis[None])[0] < 0, -1.0, 1.0)
    right = torch.where(axis == 0, -turn * y, torch.where(axis == 1, turn * x, y))
    down = torch.where(axis == 2, turn * x, -z)
    xy = torch.stack([right, down]) / depth * (side / 2 - border) + side / 2
    return 2 * axis + (turn < 0), xy, depth
