"""The loss of GaTector's detector, that of YOLOv4, for whole batches at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.ops import box_convert

from sightline.geometry.boxes import areas
from sightline.models.gatector.grid import Anchors, anchors_by_scale, grid_boxes
from sightline.models.gatector.labels import visible_boxes
from sightline.scene import Objects


@dataclass
class _Truths:
    """What is to be found: of each object the image, the box (centre form) and the label."""

    image: Tensor
    boxes: Tensor
    labels: Tensor

    def __getitem__(self, rows: Tensor) -> _Truths:
        return _Truths(self.image[rows], self.boxes[rows], self.labels[rows])


def detection_loss(
    grids: list[Tensor], anchors: Anchors, image_size: int, objects: list[Objects]
) -> Tensor:
    """GaTector's detector loss, that of YOLOv4, on raw grids (B, A, 5 + C, H, W) coarse to fine.

    Each object is to be found by the anchor most like it in shape, in the cell of its centre. Where
    two meet, the later one gives the box, and both their classes. Other cells whose box overlaps an
    object (IoU > 0.5) are not asked, nor are those on `ignored` objects. The sum is divided by the
    number of cells that are to find something, counting at least one for each grid.
    """
    truths, seen = _truths(objects, image_size, grids[0])
    scales = list(zip(grids, anchors_by_scale(anchors, grids, image_size), strict=True))[::-1]
    anchor = _same_shape(truths.boxes[:, 2:], torch.cat([own for _, own in scales])).argmax(1)
    losses, cells = [], 0
    for grid, own in scales:
        mine = (anchor >= 0) & (anchor < len(own))
        loss, positives = _scale_loss(grid.float(), own, truths[mine], anchor[mine], seen)
        losses.append(loss)
        cells += max(positives, 1)
        anchor = anchor - len(own)
    return torch.stack(losses).sum() / cells


def _truths(objects: list[Objects], image_size: int, grid: Tensor) -> tuple[_Truths, _Truths]:
    """Visible objects that are to be found, and these with the ignored ones among them."""
    counts = torch.tensor([len(of) for of in objects])
    image = torch.arange(len(objects)).repeat_interleave(counts).to(grid.device)
    boxes, left = visible_boxes(torch.cat([of.boxes for of in objects]), image_size)
    labels = torch.cat([of.labels for of in objects])
    seen = _Truths(image, box_convert(boxes, "xyxy", "cxcywh"), labels)
    found = seen[left & ~torch.cat([_ignored(of) for of in objects])]
    classes = grid.shape[2] - 5
    if ((found.labels < 0) | (found.labels >= classes)).any():
        raise ValueError(
            f"objects have labels {found.labels.min()} to {found.labels.max()}, but this model "
            f"tells {classes} classes apart; give it the classes of the dataset (config.classes)."
        )
    return found, seen[left]


def _ignored(objects: Objects) -> Tensor:
    nothing = torch.zeros_like(objects.labels, dtype=torch.bool)
    return nothing if objects.ignored is None else objects.ignored


def _same_shape(sizes: Tensor, anchors: Tensor) -> Tensor:
    """IoU (K, A) of sizes (K, 2) and anchors (A, 2) laid on one another."""
    shared = sizes[:, None].minimum(anchors).prod(-1)
    return shared / (sizes.prod(-1)[:, None] + anchors.prod(-1) - shared)


def _scale_loss(
    grid: Tensor, anchors: Tensor, truths: _Truths, anchor: Tensor, seen: _Truths
) -> tuple[Tensor, int]:
    """The sum of all terms of one grid, and how many of its cells are to find something."""
    h, w = grid.shape[-2:]
    boxes = grid_boxes(grid, anchors)
    column, row = (truths.boxes[:, :2] * boxes.new_tensor((w, h))).long().unbind(1)
    places = torch.stack([truths.image, anchor, row.clamp(max=h - 1), column.clamp(max=w - 1)])
    cells, cell_of = places.unique(dim=1, return_inverse=True)
    order = torch.arange(len(cell_of), device=grid.device)
    last = order.new_zeros(cells.shape[1]).scatter_reduce(0, cell_of, order, "amax")
    image, anchor, row, column = cells
    truth, found = truths.boxes[last], boxes[image, anchor, row, column]
    units = boxes.new_tensor((w, h, w, h))  # in cells, as there: small numbers are clamped
    box = (1 - complete_iou(found * units, truth * units)) * (2 - truth[:, 2:].prod(1))
    positive = torch.zeros_like(grid[:, :, 4], dtype=torch.bool)
    positive[image, anchor, row, column] = True
    asked = positive | ~_overlapping(boxes.detach(), seen)
    objectness = _cross_entropy(grid[:, :, 4], positive) * asked
    logits = grid[image, anchor, :, row, column][:, 5:]
    classes = torch.zeros_like(logits, dtype=torch.bool)
    classes[cell_of, truths.labels] = True
    return box.sum() + objectness.sum() + _cross_entropy(logits, classes).sum(), len(last)


def _overlapping(boxes: Tensor, seen: _Truths) -> Tensor:
    """Which boxes (B, A, H, W, 4) in centre form overlap an object: IoU > 0.5.

    The middle of such a box is inside the object, and a box has its middle in its cell: only the
    cells of each object are compared with it, a hundredth of all pairs on a shelf.
    """
    h, w = boxes.shape[2:4]
    corners = box_convert(seen.boxes, "cxcywh", "xyxy")
    cells = corners * boxes.new_tensor((w, h, w, h))
    low = (cells[:, :2].ceil() - 1).clamp(min=0).long()
    high = cells[:, 2:].floor().long().minimum(low.new_tensor((w, h)) - 1)
    width, height = (high - low + 1).clamp(min=0).unbind(1)
    truth = torch.arange(len(corners), device=boxes.device).repeat_interleave(width * height)
    first = (width * height).cumsum(0) - width * height
    place = torch.arange(len(truth), device=boxes.device) - first[truth]
    column, row = low[truth, 0] + place % width[truth], low[truth, 1] + place // width[truth]
    found = box_convert(boxes[seen.image[truth], :, row, column], "cxcywh", "xyxy")
    other = corners[truth][:, None]
    overlap = 3 * _shared(found, other) > areas(found) + areas(other)  # without a division
    over = torch.zeros(boxes.shape[:-1], dtype=torch.bool, device=boxes.device)
    pair, anchor = overlap.nonzero(as_tuple=True)
    over[seen.image[truth[pair]], anchor, row[pair], column[pair]] = True
    return over


def _shared(one: Tensor, other: Tensor) -> Tensor:
    """The area (...) that boxes (..., 4) XYXY share."""
    width, height = (
        one[..., i + 2].minimum(other[..., i + 2]) - one[..., i].maximum(other[..., i])
        for i in (0, 1)
    )
    return width.clamp(min=0) * height.clamp(min=0)


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Of probabilities cut to [1e-7, 1 - 1e-7], as released: beyond, there is no gradient."""
    probability = logits.sigmoid().clamp(1e-7, 1 - 1e-7)
    return -torch.where(target, probability, 1 - probability).log()


def complete_iou(found: Tensor, truth: Tensor) -> Tensor:
    """Complete IoU (N,) of boxes (N, 4) in centre form (Zheng et al. 2020).

    Other than torchvision's, its weight alpha has a gradient, as released.
    """
    one, other = (box_convert(boxes, "cxcywh", "xyxy") for boxes in (found, truth))
    shared = _shared(one, other)
    iou = shared / (areas(one) + areas(other) - shared).clamp(min=1e-6)
    distance = (found[:, :2] - truth[:, :2]).square().sum(1)
    around = one[:, 2:].maximum(other[:, 2:]) - one[:, :2].minimum(other[:, :2])
    angles = [torch.atan2(boxes[:, 2], boxes[:, 3]) for boxes in (found, truth)]
    shape = 4 / math.pi**2 * (angles[0] - angles[1]).square()
    alpha = shape / (1 - iou + shape).clamp(min=1e-6)
    return iou - distance / around.square().sum(1).clamp(min=1e-6) - alpha * shape
