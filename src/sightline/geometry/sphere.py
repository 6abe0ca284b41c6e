"""The sphere around a panorama's camera: points, directions, head frames, sight lines, arcs.

An equirectangular picture shows all longitudes left to right and all latitudes top to bottom. Its
points are fractions of the picture, u rightwards and v downwards; u counts modulo 1. The camera
frame is right-handed with z up: the picture's left and right edge look along +x, its centre along
-x, and three quarters of its width along +y. Heads and gaze targets lie on the unit sphere, as in
Li et al., "Looking here or there? Gaze Following in 360-Degree Images", ICCV 2021.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def to_rays(points: Tensor) -> Tensor:
    """Unit vectors (..., 3) in the camera frame of points (..., 2) of a panorama."""
    longitude, colatitude = 2 * math.pi * points[..., 0], math.pi * points[..., 1]
    around = colatitude.sin()
    x, y = around * longitude.cos(), -around * longitude.sin()
    return torch.stack([x, y, colatitude.cos()], -1)


def to_points(rays: Tensor) -> Tensor:
    """Points (..., 2) of a panorama, u in [0, 1), where vectors (..., 3) of any length point."""
    x, y, z = rays.unbind(-1)
    u = torch.remainder(-torch.atan2(y, x) / (2 * math.pi), 1.0)
    u = u.masked_fill((u >= 1) | (u == 0), 0.0)  # of a tiny negative number it is 1, of -0 -0
    return torch.stack([u, torch.atan2(torch.hypot(x, y), z) / math.pi], -1)


def to_degrees(points: Tensor) -> Tensor:
    """Yaw and pitch (..., 2) in degrees of points (..., 2): 0 at the centre, right and up positive.

    Yaw is in [-180, 180), pitch in [-90, 90].
    """
    u, v = points.unbind(-1)
    return torch.stack([torch.remainder(u, 1.0) * 360 - 180, 90 - v * 180], -1)


def from_degrees(angles: Tensor) -> Tensor:
    """Points (..., 2), u in [0, 1), at yaw and pitch (..., 2) in degrees: undoes `to_degrees`."""
    yaw, pitch = angles.unbind(-1)
    return torch.stack([torch.remainder(yaw / 360 + 0.5, 1.0), 0.5 - pitch / 180], -1)


def head_frames(heads: Tensor) -> Tensor:
    """Rows left, up and outward (..., 3, 3) of the frame at unit vectors (..., 3).

    The frame turns with the head, so that directions in it do not change when the panorama is
    turned about the vertical. At the poles, where no direction is left, it is that of u = 0.
    """
    x, y, z = heads.unbind(-1)
    around = torch.hypot(x, y)
    pole = around < 1e-6  # at v = 1 rounding leaves a direction, but a random one
    cos, sin = torch.where(pole, 1.0, x / around), torch.where(pole, 0.0, y / around)
    left = torch.stack([-sin, cos, torch.zeros_like(z)], -1)
    up = torch.stack([-z * cos, -z * sin, around], -1)
    return torch.stack([left, up, heads], -2)


def to_head_frame(directions: Tensor, heads: Tensor) -> Tensor:
    """Directions (..., 3) of the camera frame in the frames of heads at unit vectors (..., 3)."""
    return (head_frames(heads) @ directions[..., None])[..., 0]


def from_head_frame(directions: Tensor, heads: Tensor) -> Tensor:
    """Directions (..., 3) in the frames of heads at unit vectors (..., 3), in the camera frame."""
    return (head_frames(heads).mT @ directions[..., None])[..., 0]


def sight_directions(heads: Tensor, targets: Tensor) -> Tensor:
    """Chords (..., 3) from heads to targets, both unit vectors, in the frame of each head.

    Not normalised: of length 2 sin(angle / 2). Their outward part is never positive.
    """
    return to_head_frame(targets - heads, heads)


def sight_ends(heads: Tensor, directions: Tensor) -> Tensor:
    """Where sight lines from heads (..., 3) along directions (..., 3) meet the sphere again.

    heads are unit vectors, directions are in the camera frame and of any length. A direction that
    leads out of the sphere ends where it starts, at the head.
    """
    unit = torch.nn.functional.normalize(directions, dim=-1)
    reach = (-2 * (heads * unit).sum(-1, keepdim=True)).clamp(min=0)
    return heads + reach * unit


def great_circle(a: Tensor, b: Tensor) -> Tensor:
    """Angle (...) in radians between vectors (..., 3), exact also for equal and opposite ones."""
    cross = torch.linalg.cross(*torch.broadcast_tensors(a, b)).norm(dim=-1)
    return torch.atan2(cross, (a * b).sum(-1))


def arcs(starts: Tensor, ends: Tensor, count: int) -> Tensor:
    """Unit vectors (..., count, 3) on the shorter great-circle arc between unit vectors (..., 3).

    At equal angles, start and end included. Opposite ends, which all great circles join, are joined
    over the pole that is nearer to the start.
    """
    angle = great_circle(starts, ends)[..., None]
    side = ends - (starts * ends).sum(-1, keepdim=True) * starts
    up = head_frames(starts)[..., 1, :] * torch.where(starts[..., 2:] < 0, -1.0, 1.0)
    length = side.norm(dim=-1, keepdim=True)
    side = torch.where(length > 1e-6, side / length.clamp(min=1e-12), up)
    share = torch.linspace(0, 1, count, dtype=starts.dtype, device=starts.device)
    turn = (angle * share)[..., None]
    return turn.cos() * starts[..., None, :] + turn.sin() * side[..., None, :]


def wrapped(difference: Tensor) -> Tensor:
    """Differences of u as the shorter way round, in [-0.5, 0.5)."""
    return torch.remainder(difference + 0.5, 1.0) - 0.5


def yaw_turns(turns: Tensor) -> Tensor:
    """Rotations (..., 3, 3) that move what is at a point by `turns` (...) of u to the right."""
    angle = -2 * math.pi * turns
    cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    rows = [cos, -sin, zero, sin, cos, zero, zero, zero, one]
    return torch.stack(rows, -1).unflatten(-1, (3, 3))
