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
    start = start.masked_fill(start >= width, 0.0)  # a tiny negative number's is rounded to width
    turns = boxes[..., :1] - start
    return boxes - turns * boxes.new_tensor([1.0, 0.0] * (boxes.shape[-1] // 2))


def outlines(boxes: Tensor, per_edge: int = 9) -> Tensor:
    """Points (N, 4 * per_edge - 3, 2) around boxes (N, 4), whose edges are curved on the sphere.

    per_edge: with both corners. The last is the first again.
    """
    share = torch.linspace(0, 1, per_edge, dtype=boxes.dtype, device=boxes.device)[:-1]
    zero, one = torch.zeros_like(share), torch.ones_like(share)
    x = torch.cat([share, one, 1 - share, zero, zero[:1]])
    y = torch.cat([zero, share, one, 1 - share, zero[:1]])
    return torch.lerp(boxes[:, None, :2], boxes[:, None, 2:], torch.stack([x, y], -1))


def box_field(boxes: Tensor, per_edge: int = 9) -> Tensor:
    """Horizontal and vertical angle (N, 2) in degrees of views that just show boxes (N, 4).

    Of the perspective view around the box's centre; at most 170. From points on the box's outline,
    which is curved in the view: near a pole a wide box needs no more than it covers there.
    """
    frames = head_frames(to_rays(centres(boxes)))
    left, up, outward = (to_rays(outlines(boxes, per_edge)) @ frames.mT).unbind(-1)
    half = torch.stack([left, up], -1).abs().atan2(outward[..., None])
    return (2 * half.amax(1).rad2deg()).clamp(max=WIDEST)
