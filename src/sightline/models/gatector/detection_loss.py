"""The loss of GaTector's detector, that of YOLOv4, for whole batches at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
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
    truths, padded = _truths(objects, image_size, grids[0])
    scales = list(zip(grids, anchors_by_scale(anchors, grids, image_size), strict=True))[::-1]
    anchor = _same_shape(truths.boxes[:, 2:], torch.cat([own for _, own in scales])).argmax(1)
    losses, cells = [], 0
    for grid, own in scales:
        mine = (anchor >= 0) & (anchor < len(own))
        loss, positives = _scale_loss(grid.float(), own, truths[mine], anchor[mine], padded)
        losses.append(loss)
        cells += max(positives, 1)
        anchor = anchor - len(own)
    return torch.stack(losses).sum() / cells


def _truths(objects: list[Objects], image_size: int, grid: Tensor) -> tuple[_Truths, Tensor]:
    """Visible objects, and the same padded (B, K, 4) XYXY with the ignored ones among them."""
    counts = torch.tensor([len(of) for of in objects])
    image = torch.arange(len(objects)).repeat_interleave(counts).to(grid.device)
    boxes, left = visible_boxes(torch.cat([of.boxes for of in objects]), image_size)
    padded = boxes[left].split(torch.bincount(image[left], minlength=len(objects)).tolist())
    left = left & ~torch.cat([_ignored(of) for of in objects])
    labels = torch.cat([of.labels for of in objects])[left]
    classes = grid.shape[2] - 5
    if ((labels < 0) | (labels >= classes)).any():
        raise ValueError(
            f"objects have labels {labels.min()} to {labels.max()}, but this model tells "
            f"{classes} classes apart; give it the classes of the dataset (config.classes)."
        )
    found = _Truths(image[left], box_convert(boxes[left], "xyxy", "cxcywh"), labels)
    return found, pad_sequence(list(padded), batch_first=True)


def _ignored(objects: Objects) -> Tensor:
    nothing = torch.zeros_like(objects.labels, dtype=torch.bool)
    return nothing if objects.ignored is None else objects.ignored


def _same_shape(sizes: Tensor, anchors: Tensor) -> Tensor:
    """IoU (K, A) of sizes (K, 2) and anchors (A, 2) laid on one another."""
    shared = sizes[:, None].minimum(anchors).prod(-1)
    return shared / (sizes.prod(-1)[:, None] + anchors.prod(-1) - shared)


def _scale_loss(
    grid: Tensor, anchors: Tensor, truths: _Truths, anchor: Tensor, padded: Tensor
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
    asked = positive | ~_overlapping(boxes.detach(), padded)
    objectness = _cross_entropy(grid[:, :, 4], positive) * asked
    logits = grid[image, anchor, :, row, column][:, 5:]
    classes = torch.zeros_like(logits, dtype=torch.bool)
    classes[cell_of, truths.labels] = True
    return box.sum() + objectness.sum() + _cross_entropy(logits, classes).sum(), len(last)


def _overlapping(boxes: Tensor, padded: Tensor) -> Tensor:
    """Which boxes (B, A, H, W, 4) in centre form overlap an object (B, K, 4) XYXY: IoU > 0.5."""
    corners = box_convert(boxes.flatten(1, 3), "cxcywh", "xyxy")
    shared = _shared(corners[:, :, None], padded[:, None])
    both = boxes[..., 2:].prod(-1).flatten(1)[:, :, None] + areas(padded)[:, None]
    return (3 * shared > both).any(-1).view(boxes.shape[:-1])  # IoU > 0.5 without a division


def _shared(one: Tensor, other: Tensor) -> Tensor:
    """The area (...) that boxes (..., 4) XYXY share."""
    width, height = (
        one[..., i + 2].minimum(other[..., i + 2]) - one[..., i].maximum(other[..., i])
        for i in (0, 1)
    )
    return width.clamp_(min=0) * height.clamp_(min=0)  # in place: they are large


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
