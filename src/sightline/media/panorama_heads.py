"""Heads in panoramas: given over the seam, or found by any detector in perspective views."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sightline.geometry.boxes import areas, centres, to_pixels
from sightline.geometry.panorama import view
from sightline.geometry.sphere import to_rays
from sightline.geometry.sphere_boxes import wrap_boxes
from sightline.geometry.view_boxes import from_view_boxes
from sightline.media.heads import HeadDetector, Heads
from sightline.scene import Projection

FIELD = (90.0, 90.0)
RINGS = ((0.0, 8), (40.0, 6), (-40.0, 6))
"""Pitch in degrees and number of views around: up to 84 degrees of latitude, and anything of 40
degrees is whole in some view. No view has a pole in it."""
WHOLE = 0.98  # of the way from a view's middle to its edge: a box that goes further may be cut
SAME = 0.4  # intersection over union from which heads of two views are one
WITHIN = 0.3  # share of a box that may be cut from which what it shows is a part of another head


def settle_boxes(boxes: Tensor, size: tuple[int, int], projection: Projection) -> Tensor:
    """Pixel boxes (P, 4) as a `Scene` of this projection and `size` (width, height) wants them.

    In a panorama boxes may begin anywhere from left to right, and end left of where they begin.
    Elsewhere such a box or one of which the picture shows nothing, and in a panorama one that goes
    all around, or whose middle is above or below it, raises ValueError.
    """
    width, height = size
    ends_before = boxes[:, 2] < boxes[:, 0]
    if projection == "perspective":
        _refuse(boxes[ends_before], "is reversed; only in a panorama may x_min be above x_max")
        seen = (boxes[:, 2:] > 0) & (boxes[:, :2] < torch.tensor(size))
        beside = f"is outside the picture of {width} x {height} pixels; give pixels of it"
        _refuse(boxes[~seen.all(1) & boxes.isfinite().all(1)], beside)
        return boxes
    ends = boxes[:, 2] + ends_before * width
    _refuse(boxes[ends - boxes[:, 0] >= width], f"is wider than the panorama of {width} pixels")
    middle = centres(boxes)[:, 1]  # beyond a pole there is nothing
    outside = f"is above or below the panorama of {width} x {height} pixels; give pixels of it"
    _refuse(boxes[(middle < 0) | (middle > height)], outside)
    return wrap_boxes(torch.stack([*boxes[:, :2].unbind(1), ends, boxes[:, 3]], 1), width)


def _refuse(boxes: Tensor, reason: str) -> None:
    if len(boxes):
        raise ValueError(f"the head box {boxes[0].tolist()} {reason}.")


class PanoramaDetector:
    """Finds the heads in a panorama with a detector that reads ordinary pictures.

    It looks at overlapping perspective views, as fine as the panorama, and keeps of the boxes of
    one head the one from the view that has it nearest to its middle.
    """

    def __init__(self, detector: HeadDetector) -> None:
        self.detector = detector
        self.note: str = getattr(detector, "note", "")
        points = [[n / count, 0.5 - pitch / 180] for pitch, count in RINGS for n in range(count)]
        self.views = to_rays(torch.tensor(points))

    def __call__(self, image: Tensor) -> Heads:
        """The heads in a panorama (3, H, W) uint8 RGB; those over the seam end beyond W."""
        size = image.shape[2], image.shape[1]
        side = max(1, round(size[0] / math.pi))  # of 90 degrees, as fine in the middle
        found = [self.detector(view(image, v, FIELD, (side, side))) for v in self.views]
        number = torch.arange(len(found)).repeat_interleave(torch.tensor([len(h) for h in found]))
        inside = torch.cat([heads.boxes for heads in found]).float() / side
        scores = torch.cat([heads.scores for heads in found])
        boxes = from_view_boxes(inside, self.views[number], FIELD)
        kept = choose_heads(boxes, number, reach=(2 * inside - 1).abs().amax(1))
        return Heads(to_pixels(boxes[kept], size), scores[kept])


def choose_heads(boxes: Tensor, views: Tensor, reach: Tensor) -> Tensor:
    """The rows, in order, of one box for each head.

    boxes: (N, 4) fractions of a panorama. views: (N,) in which view each was found: what is found
    in the same one are different heads. reach: (N,) how far from the middle of its view, where the
    box is least distorted, it ends; 1 is the view's edge.
    """
    common, each = _intersections(boxes), areas(boxes)
    share = common / (each + each[:, None] - common)
    cut = (reach > WHOLE)[:, None]
    same = (share > SAME) | (cut & (common > WITHIN * each[:, None]))
    same &= views != views[:, None]
    kept: list[int] = []
    for row in reach.argsort(stable=True).tolist():  # each depends on those before
        if not same[row, kept].any():
            kept.append(row)
    return torch.tensor(sorted(kept), dtype=torch.int64)


def _intersections(boxes: Tensor) -> Tensor:
    """Areas (N, N) common to boxes (N, 4) of a panorama, the nearer way round."""
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    turns = (centres(boxes)[:, None] - centres(boxes)).round() * boxes.new_tensor([1.0, 0.0])
    sides = torch.minimum(high, boxes[:, 2:] + turns) - torch.maximum(low, boxes[:, :2] + turns)
    return sides.clamp(min=0).prod(-1)
