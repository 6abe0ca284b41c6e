"""Heads as the release of GazeFollow360 makes them of annotated boxes: enlarged, clipped, cut."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as tvf

from sightline.geometry.boxes import centres, enlarge
from sightline.models.preprocess import standardise

FINEST = 1 / 256
"""Pixels; coordinates of float32 that come back from the unit square are off by less than half."""


@dataclass(frozen=True)
class ReleasedHeads:
    """N heads, in float64 as in the release, since its truncations depend on it.

    boxes: (N, 4) pixels, enlarged and clipped to the picture. points: (N, 2) pixels, their centres.
    unit_points: (N, 2) the same in the unit square. widths: (N,) of the boxes in pixels.
    corners: (N, 4) int64, what is cut out.
    """

    boxes: Tensor
    points: Tensor
    unit_points: Tensor
    widths: Tensor
    corners: Tensor


def released_heads(heads: Tensor, size: tuple[int, int] | Tensor) -> ReleasedHeads:
    """What the release makes of annotated boxes (N, 4) in pixels.

    size: width and height of their panorama, or (N, 2) of each one's.

    Boxes are truncated, enlarged by a tenth, more so to the right and below, and cut off at the
    picture's edges, also at the seam, which moves their centres.
    """
    pixels = (heads.double() / FINEST).round() * FINEST
    edges = torch.as_tensor(size, dtype=pixels.dtype, device=heads.device).expand(heads.shape[0], 2)
    boxes = enlarge(pixels.trunc(), 0.1).clamp(min=0).minimum(edges.repeat(1, 2))
    points = centres(boxes)
    return ReleasedHeads(
        boxes=boxes,
        points=points,
        unit_points=points / edges,
        widths=boxes[:, 2] - boxes[:, 0],
        corners=boxes.long(),
    )


def released_crops(image: Tensor, corners: Tensor, size: int = 224) -> Tensor:
    """The parts of a picture (3, H, W) uint8 in `corners` (N, 4), resized and standardised.

    (N, 3, size, size); the aspect ratio is not kept. A box without a pixel gives the one at its
    corner, black outside the picture.
    """
    crops = image.new_empty(len(corners), 3, size, size)
    for row, (left, top, right, bottom) in zip(crops, corners.tolist(), strict=True):  # own sizes
        crop = tvf.crop(image, top, left, max(bottom - top, 1), max(right - left, 1))
        row.copy_(tvf.resize(crop, [size, size], antialias=True))
    return standardise(crops.float())
