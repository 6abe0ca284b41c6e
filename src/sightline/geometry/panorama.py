"""Pixels of panoramas: sampling over the seam and the poles, turning, perspective views and back.

A perspective view is a tangent plane: straight lines of the room are straight in it. `centres` are
unit vectors of the camera frame of `sphere`; up in a view is up in the panorama.
"""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor

from sightline.geometry.sphere import head_frames, to_points, to_rays


def sample(panorama: Tensor, points: Tensor, image_of: Tensor | None = None) -> Tensor:
    """Values (C, ...) of a panorama (C, H, W) at points (..., 2) of it, bilinear between pixels.

    image_of: (N,) in which of several panoramas (C, B, H, W) each row of points (N, ..., 2) is.

    Columns wrap around; beyond a pole lies the row that continues on its other side. Bytes are
    rounded to bytes, other values come in the precision of the points.
    """
    height, width = panorama.shape[-2:]
    x, y = points[..., 0] * width - 0.5, points[..., 1] * height - 0.5
    left, top = x.floor(), y.floor()
    first = 0 if image_of is None else image_of.view(-1, *[1] * (x.ndim - 1)) * (height * width)
    upper, lower = (_row(panorama, first, left, row, x - left) for row in (top, top + 1))
    value = torch.lerp(upper, lower, y - top)
    return value.round().clamp(0, 255).byte() if panorama.dtype == torch.uint8 else value


def _row(
    panorama: Tensor, first: Tensor | int, left: Tensor, row: Tensor, right_share: Tensor
) -> Tensor:
    """Values (C, ...) in rows, between columns `left` and the next; `first` is the corner."""
    height, width = panorama.shape[-2:]
    column, inner = left.long(), row.long().clamp(0, height - 1)
    column = column + (inner != row) * (width // 2)  # beyond a pole, half a turn further
    column = column % width
    start = first + inner * width
    ends = start + column, start + torch.where(column + 1 < width, column + 1, 0)
    flat = panorama.flatten(1)  # gather is ten times faster than indexing
    values = (flat.gather(1, end.flatten().expand(len(flat), -1)).to(left) for end in ends)
    low, high = (value.view(len(flat), *left.shape) for value in values)
    return torch.lerp(low, high, right_share)


def cell_points(height: int, width: int) -> Tensor:
    """Centres (height, width, 2) of the cells of a picture or heatmap of this size."""
    v, u = (torch.arange(height) + 0.5) / height, (torch.arange(width) + 0.5) / width
    return torch.stack(torch.meshgrid(v, u, indexing="ij")[::-1], -1)


def turn(panorama: Tensor, rotation: Tensor) -> Tensor:
    """A panorama (C, H, W) whose camera frame was rotated: what was along r is along rotation @ r.

    rotation: (3, 3).
    """
    points = cell_points(*panorama.shape[1:]).to(panorama.device)
    return sample(panorama, to_points(to_rays(points) @ rotation.to(points)))


Field: TypeAlias = tuple[float, float] | Tensor
"""Horizontal and vertical angle of view in degrees, below 180; or a tensor (..., 2) of each."""


def view_rays(centres: Tensor, field: Field, size: tuple[int, int]) -> Tensor:
    """Vectors (..., h, w, 3), not normalised, of the pixels of views around `centres` (..., 3).

    size: (w, h) in pixels.
    """
    places, fields = cell_points(size[1], size[0]), torch.as_tensor(field)[..., None, None, :]
    return place_rays(places.to(centres), centres[..., None, None, :], fields)


def place_rays(places: Tensor, centres: Tensor, field: Field) -> Tensor:
    """Vectors (..., 3), not normalised, to `places` (..., 2) of views: undoes `view_places`."""
    flat = (places * 2 - 1) * _reach(field, centres)  # rightwards, downwards
    left, up, outward = head_frames(centres).unbind(-2)
    return outward - flat[..., :1] * left - flat[..., 1:] * up


def view_places(rays: Tensor, centres: Tensor, field: Field) -> Tensor:
    """Where vectors (..., 3) are in views around `centres` (..., 3): fractions (..., 2) of them.

    Outside [0, 1] is outside the view; what is behind the camera is NaN.
    """
    left, up, outward = (head_frames(centres) @ rays[..., None])[..., 0].unbind(-1)
    depth = outward.where(outward > 0, torch.nan)
    flat = torch.stack([-left, -up], -1) / depth[..., None]
    return (flat / _reach(field, centres) + 1) / 2


def _reach(field: Field, like: Tensor) -> Tensor:
    """Half the width and height (..., 2) of views, on the plane at distance 1."""
    return torch.tan(torch.deg2rad(torch.as_tensor(field).to(like) / 2))


def view(panorama: Tensor, centre: Tensor, field: Field, size: tuple[int, int]) -> Tensor:
    """The perspective view (C, h, w) of a panorama (C, H, W) around a unit vector (3,).

    field and size as in `view_rays`. Views coarser than the panorama are not smoothed.
    """
    return sample(panorama, to_points(view_rays(centre, field, size)))
