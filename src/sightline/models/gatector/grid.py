"""From the raw grids of the detector to boxes and, by non-maximum suppression, to objects."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.ops import batched_nms, box_convert

from sightline.scene import Objects

Anchors = tuple[tuple[float, float], ...]
"""Width and height of typical objects in pixels of the network's input, small ones first."""
THRESHOLD, OVERLAP = 0.001, 0.5
"""The release's for evaluation: the least score, and how much boxes of a class may overlap."""


def as_grids(raw: list[Tensor], anchors: int) -> list[Tensor]:
    """Outputs (B, anchors * channels, H, W) as grids (B, anchors, channels, H, W)."""
    return [outputs.unflatten(1, (anchors, -1)) for outputs in raw]


def anchors_by_scale(anchors: Anchors, grids: list[Tensor], image_size: int) -> list[Tensor]:
    """The anchors (A, 2) of each grid on the unit square: the large ones belong to coarse grids.

    Grids come coarse to fine, as in YOLO.
    """
    unit = torch.tensor(anchors, dtype=torch.float32, device=grids[0].device) / image_size
    counts = [grid.shape[1] for grid in reversed(grids)]
    return list(unit.split(counts))[::-1]


def grid_boxes(grid: Tensor, anchors: Tensor) -> Tensor:
    """Boxes (B, A, H, W, 4) of a raw grid (B, A, 5 + C, H, W): unit square, centre and size."""
    h, w = grid.shape[-2:]
    x, y, width, height = grid[:, :, :4].float().unbind(2)
    columns = torch.arange(w, device=grid.device)
    rows = torch.arange(h, device=grid.device)[:, None]
    anchor_width, anchor_height = anchors.T[..., None, None]
    centre = (x.sigmoid() + columns) / w, (y.sigmoid() + rows) / h
    return torch.stack([*centre, width.exp() * anchor_width, height.exp() * anchor_height], -1)


def detect(
    grids: list[Tensor],
    anchors: Anchors,
    image_size: int,
    *,
    classes: tuple[str, ...] = (),
    threshold: float = THRESHOLD,
    overlap: float = OVERLAP,
) -> list[Objects]:
    """The objects of each image on the CPU, by class and then by score, highest first.

    The score is objectness times the probability of the likeliest class; boxes scoring at least
    `threshold` stay, less those that overlap (IoU) a better one of their class by more than
    `overlap`. The release evaluates with the defaults, and shows pictures with 0.5 and 0.3.
    """
    boxes, scores, labels = candidates(grids, anchors, image_size)
    image_of, place = (scores >= threshold).nonzero(as_tuple=True)
    found = Objects(boxes[image_of, place], labels[image_of, place], scores[image_of, place])
    kind = image_of * grids[0].shape[2] + found.labels  # more than any label, for each image
    # In float64, since torchvision tells the boxes of few kinds apart by moving them far away.
    exact = torch.float32 if boxes.device.type == "mps" else torch.float64  # MPS has no float64
    kept = batched_nms(found.boxes.to(exact), found.scores.to(exact), kind, overlap)
    kept = kept[kind[kept].argsort(stable=True)]
    counts = torch.bincount(image_of[kept], minlength=len(boxes)).tolist()
    parts = (value[kept].cpu().split(counts) for value in (found.boxes, found.labels, found.scores))
    return [Objects(*values, classes=classes) for values in zip(*parts, strict=True)]


def candidates(
    grids: list[Tensor], anchors: Anchors, image_size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Unit-square XYXY boxes (B, K, 4), scores and labels (B, K) of all places of the grids."""
    scales = zip(grids, anchors_by_scale(anchors, grids, image_size), strict=True)
    columns = zip(*(_candidates(grid, unit) for grid, unit in scales), strict=True)
    boxes, scores, labels = (torch.cat(column, 1) for column in columns)
    return boxes, scores, labels


def _candidates(grid: Tensor, anchors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Unit-square XYXY boxes (B, K, 4), scores and labels (B, K): anchor, then row, then column."""
    boxes = box_convert(grid_boxes(grid, anchors).flatten(1, 3), "cxcywh", "xyxy")
    likeliest, labels = grid[:, :, 5:].max(2)
    scores = grid[:, :, 4].float().sigmoid() * likeliest.float().sigmoid()
    return boxes, scores.flatten(1), labels.flatten(1)
