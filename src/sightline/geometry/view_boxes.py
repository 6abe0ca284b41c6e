"""Boxes of a panorama in perspective views of it, and back; in fractions of both.

A box of the one is no box of the other: it is the smallest around the outline as seen there.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sightline.geometry.boxes import centres
from sightline.geometry.panorama import place_rays, view_places
from sightline.geometry.sphere import to_points, to_rays, wrapped
from sightline.geometry.sphere_boxes import outline, wrap_boxes


def to_view_boxes(boxes: Tensor, views: Tensor, field: tuple[float, float]) -> Tensor:
    """Boxes (N, 4) of a panorama in the views around unit vectors (N, 3), one view for each.

    field: as in `panorama.view_rays`. What is further outside than the view is large is cut off.
    """
    places = view_places(to_rays(outline(boxes)), views[:, None], field)
    low = places.nan_to_num(nan=torch.inf).amin(1)  # NaN is behind the camera
    high = places.nan_to_num(nan=-torch.inf).amax(1)
    return torch.cat([low, high], 1).clamp(-1, 2)


def from_view_boxes(boxes: Tensor, views: Tensor, field: tuple[float, float]) -> Tensor:
    """Boxes (N, 4) of views around unit vectors (N, 3) in the panorama, x_min in [0, 1).

    Not for boxes in which a pole is.
    """
    points = to_points(place_rays(outline(boxes), views[:, None], field))
    middle = to_points(place_rays(centres(boxes), views, field))[:, None, :1]
    points = torch.cat([middle + wrapped(points[..., :1] - middle), points[..., 1:]], -1)
    return wrap_boxes(torch.cat([points.amin(1), points.amax(1)], 1))
