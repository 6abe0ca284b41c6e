"""Boxes of a panorama in perspective views of it, and back; in fractions of both.

The boxes are of heads: what goes over is the ellipse in a box, whose corners would make boxes
grow where the picture is turned or stretched.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sightline.geometry.boxes import centres
from sightline.geometry.panorama import place_rays, view_places
from sightline.geometry.sphere import to_points, to_rays, wrapped
from sightline.geometry.sphere_boxes import wrap_boxes


def to_view_boxes(boxes: Tensor, views: Tensor, field: tuple[float, float]) -> Tensor:
    """Boxes (N, 4) of a panorama in the views around unit vectors (N, 3), one view for each.

    field: as in `panorama.view_rays`. What is further outside than the view is large is cut off.
    """
    places = view_places(to_rays(ellipses(boxes)), views[:, None], field)
    low = places.nan_to_num(nan=torch.inf).amin(1)  # NaN is behind the camera
    high = places.nan_to_num(nan=-torch.inf).amax(1)
    return torch.cat([low, high], 1).clamp(-1, 2)


def from_view_boxes(boxes: Tensor, views: Tensor, field: tuple[float, float]) -> Tensor:
    """Boxes (N, 4) of views around unit vectors (N, 3) in the panorama, x_min in [0, 1).

    Not for boxes in which a pole is.
    """
    points = to_points(place_rays(ellipses(boxes), views[:, None], field))
    middle = to_points(place_rays(centres(boxes), views, field))[:, None, :1]
    points = torch.cat([middle + wrapped(points[..., :1] - middle), points[..., 1:]], -1)
    return wrap_boxes(torch.cat([points.amin(1), points.amax(1)], 1))


def ellipses(boxes: Tensor, count: int = 32) -> Tensor:
    """Points (N, count, 2) on the ellipses in boxes (N, 4)."""
    angle = torch.arange(count, device=boxes.device) * (2 * math.pi / count)
    around = torch.stack([angle.cos(), angle.sin()], -1).to(boxes)
    return centres(boxes)[:, None] + (boxes[:, None, 2:] - boxes[:, None, :2]) / 2 * around
