"""Boxes of a panorama, as fractions of it: over the seam, and how much of the sphere they cover."""

from __future__ import annotations

import torch
from torch import Tensor

from sightline.geometry.boxes import centres
from sightline.geometry.sphere import head_frames, to_rays

WIDEST = 170.0  # degrees: a perspective view of 180 would be infinitely wide


def wrap_boxes(boxes: Tensor, width: float = 1.0) -> Tensor:
    """Boxes (..., 4) or points (..., 2) with their first x in [0, width).

    Boxes keep their width, so that those over the seam end beyond `width`. width: of the panorama,
    in the unit of the boxes.
    """
    start = torch.remainder(boxes[..., :1], width)
    start = start.where(start < width, 0.0)  # the remainder of a tiny negative number is rounded
    turns = boxes[..., :1] - start
    return boxes - turns * boxes.new_tensor([1.0, 0.0] * (boxes.shape[-1] // 2))


def box_field(boxes: Tensor, per_edge: int = 9) -> Tensor:
    """Horizontal and vertical angle (N, 2) in degrees of views that just show boxes (N, 4).

    Of the perspective view around the box's centre; at most 170. From points on the box's outline,
    which is curved in the view: near a pole a wide box needs no more than it covers there.
    """
    share = torch.linspace(0, 1, per_edge, dtype=boxes.dtype, device=boxes.device)
    x, y = torch.lerp(boxes[:, None, :2], boxes[:, None, 2:], share[:, None]).unbind(-1)
    sides = [(x, y[:, :1]), (x, y[:, -1:]), (x[:, :1], y), (x[:, -1:], y)]
    outline = torch.cat([torch.stack(torch.broadcast_tensors(*side), -1) for side in sides], 1)
    frames = head_frames(to_rays(centres(boxes)))
    left, up, outward = (to_rays(outline) @ frames.mT).unbind(-1)
    half = torch.stack([left, up], -1).abs().atan2(outward[..., None])
    return (2 * half.amax(1).rad2deg()).clamp(max=WIDEST)
