"""Pixels of panoramas: sampling over the seam and the poles, turning, perspective views and back.

A perspective view is a tangent plane: straight lines of the room are straight in it. `centres` are
unit vectors of the camera frame of `sphere`; up in a view is up in the panorama.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sightline.geometry.sphere import head_frames, to_points, to_rays


def sample(panorama: Tensor, points: Tensor) -> Tensor:
    """Values (C, ...) of a panorama (C, H, W) at points (..., 2), between pixels bilinear.

    Columns wrap around; beyond a pole lies the row that continues on its other side. Bytes are
    rounded to bytes, floats stay floats.
    """
    _, height, width = panorama.shape
    x, y = points[..., 0] * width - 0.5, points[..., 1] * height - 0.5
    left, top = x.floor(), y.floor()
    right_share, low_share = x - left, y - top
    flat = panorama.flatten(1)
    value = 0.0
    for row, row_share in ((top, 1 - low_share), (top + 1, low_share)):
        for column, column_share in ((left, 1 - right_share), (left + 1, right_share)):
            value = value + flat[:, _index(column, row, width, height)] * (row_share * column_share)
    assert isinstance(value, Tensor)
    if panorama.dtype == torch.uint8:
        return value.round().clamp(0, 255).byte()
    return value


def _index(column: Tensor, row: Tensor, width: int, height: int) -> Tensor:
    """Places in a flattened panorama; over the pole the columns are half a turn further."""
    column, row = column.long(), row.long()
    beyond = (row < 0) | (row >= height)
    row = torch.where(row < 0, -1 - row, row)
    row = torch.where(row >= height, 2 * height - 1 - row, row).clamp(0, height - 1)
    column = torch.where(beyond, column + width // 2, column) % width
    return row * width + column


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


def view_rays(centres: Tensor, field: tuple[float, float], size: tuple[int, int]) -> Tensor:
    """Vectors (..., h, w, 3), not normalised, of the pixels of views around `centres` (..., 3).

    field: horizontal and vertical angle of view in degrees, below 180. size: (w, h) in pixels.
    """
    places = cell_points(size[1], size[0]).to(centres)
    return place_rays(places, centres[..., None, None, :], field)


def place_rays(places: Tensor, centres: Tensor, field: tuple[float, float]) -> Tensor:
    """Vectors (..., 3), not normalised, to `places` (..., 2) of views: undoes `view_places`."""
    flat = (places * 2 - 1) * _reach(field, centres)  # rightwards, downwards
    left, up, outward = head_frames(centres).unbind(-2)
    return outward - flat[..., :1] * left - flat[..., 1:] * up


def view_places(rays: Tensor, centres: Tensor, field: tuple[float, float]) -> Tensor:
    """Where vectors (..., 3) are in views around `centres` (..., 3): fractions (..., 2) of them.

    Outside [0, 1] is outside the view; what is behind the camera is NaN.
    """
    left, up, outward = (head_frames(centres) @ rays[..., None])[..., 0].unbind(-1)
    depth = outward.where(outward > 0, torch.nan)
    flat = torch.stack([-left, -up], -1) / depth[..., None]
    return (flat / _reach(field, centres) + 1) / 2


def _reach(field: tuple[float, float], like: Tensor) -> Tensor:
    """Half the width and height of a view, on the plane at distance 1."""
    return torch.tan(torch.deg2rad(like.new_tensor(field) / 2))


def view(
    panorama: Tensor, centre: Tensor, field: tuple[float, float], size: tuple[int, int]
) -> Tensor:
    """The perspective view (C, h, w) of a panorama (C, H, W) around a unit vector (3,).

    field and size as in `view_rays`. Views coarser than the panorama are not smoothed.
    """
    return sample(panorama, to_points(view_rays(centre, field, size)))
