"""GaTector's losses: boxes of objects, squared error of the heatmap, energy in the gazed box."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torchvision.ops import box_convert

from sightline.batch import Batch, counted_rows
from sightline.geometry.heatmap import gaussian_heatmaps
from sightline.models.base import GazeModel
from sightline.models.gatector.grid import Anchors, anchors_by_scale, grid_boxes
from sightline.models.gatector.labels import visible_boxes
from sightline.scene import Objects


def gatector_loss(
    model: GazeModel,
    batch: Batch,
    *,
    heatmap_weight: float = 10_000.0,
    energy_weight: float = 10.0,
    detection_weight: float = 1.0,
) -> dict[str, Tensor]:
    """Weighted `detection` over images, `heatmap` and `energy` over the people that count.

    People who look outside have a blank heatmap as target, and no energy unless the release's
    `gaze_object` of -1, the head, is asked for.
    """
    assert batch.truth is not None, "training needs labelled scenes"
    output, config, objects = model(batch), model.config, _objects(batch)
    rows = counted_rows(batch.truth)
    heatmaps = output.heatmaps[rows].float()
    inside, points = batch.truth.inside[rows], batch.truth.points[rows].nanmean(1)
    labels = gaussian_heatmaps(points, config.heatmap_size) * inside[:, None, None]
    looking, boxes = gazed_boxes(batch, rows, head_if_none=config.as_released)
    energy = energy_loss(heatmaps[looking], boxes, as_released=config.as_released)
    found = detection_loss(output.grids, config.anchors, config.image_size, objects)
    return {
        "detection": detection_weight * found,
        "heatmap": heatmap_weight * _mean(squared_errors(heatmaps, labels)),
        "energy": energy_weight * _mean(energy),
    }


def gatector_detector_loss(model: GazeModel, batch: Batch) -> dict[str, Tensor]:
    """The `detection` term by itself."""
    grids, config = model(batch).grids, model.config
    return {"detection": detection_loss(grids, config.anchors, config.image_size, _objects(batch))}


def _objects(batch: Batch) -> list[Objects]:
    if batch.objects is None:
        raise ValueError(
            "GaTector learns from labelled objects, and some pictures here have none given; train "
            "on a dataset with boxes, such as goo-synth."
        )
    return batch.objects


def _mean(values: Tensor) -> Tensor:
    return values.sum() / max(len(values), 1)


def gazed_boxes(batch: Batch, rows: Tensor, *, head_if_none: bool) -> tuple[Tensor, Tensor]:
    """Of the people in `rows` (M,): who looks at an object (L,), and the boxes (L, 4) of these.

    head_if_none: take the last object of the picture, in GOO the head, for who looks at none.
    """
    assert batch.truth is not None
    objects = _objects(batch)
    if batch.truth.gaze_object is None or not objects:
        return rows[:0], batch.heads[:0]
    counts = torch.tensor([len(of) for of in objects], device=rows.device)
    image, row = batch.image_of[rows], batch.truth.gaze_object[rows]
    if head_if_none:
        row = torch.where(row < 0, counts[image] - 1, row)
    looking = (row >= 0).nonzero()[:, 0]
    start = (counts.cumsum(0) - counts)[image]
    return looking, torch.cat([of.boxes for of in objects])[(start + row)[looking]]


def squared_errors(heatmaps: Tensor, labels: Tensor) -> Tensor:
    """The mean squared error (N,) of each heatmap (N, h, w)."""
    return (heatmaps - labels).square().mean((-2, -1))


def energy_loss(heatmaps: Tensor, boxes: Tensor, *, as_released: bool) -> Tensor:
    """The share (N,) of each heatmap (N, h, w) that lies outside its unit-square box (N, 4).

    Cells that a box covers in part count in part, and what is below zero is no energy. As released,
    coordinates are cut to whole cells, both ends included, x says the row and y the column, and the
    total has a sign.
    """
    h, w = heatmaps.shape[-2:]
    if as_released:
        rows, columns = _whole_cells(boxes[:, 0::2], h), _whole_cells(boxes[:, 1::2], w)
    else:
        heatmaps = heatmaps.clamp(min=0)
        rows, columns = _covered(boxes[:, 1::2], h), _covered(boxes[:, 0::2], w)
    within = (heatmaps * rows[:, :, None] * columns[:, None, :]).sum((-2, -1))
    total = heatmaps.sum((-2, -1))
    return 1 - within / torch.where(total == 0, 1.0, total)


def _whole_cells(ends: Tensor, size: int) -> Tensor:
    """1 for the cells (N, size) from the first to the second end (N, 2) on the unit interval."""
    low, high = (ends * size).trunc()[..., None].unbind(1)
    cell = torch.arange(size, device=ends.device)
    return ((cell >= low) & (cell <= high)).to(ends.dtype)


def _covered(ends: Tensor, size: int) -> Tensor:
    """The share of each cell (N, size) between two ends (N, 2) on the unit interval."""
    low, high = (ends * size)[..., None].unbind(1)
    cell = torch.arange(size, device=ends.device)
    return (high.minimum(cell + 1) - low.maximum(cell)).clamp(min=0)


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
    two meet, the later one gives the box, and both their class. Other cells whose box overlaps an
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
    left &= ~torch.cat(
        [
            of.labels.new_zeros(len(of)).bool() if of.ignored is None else of.ignored
            for of in objects
        ]
    )
    labels = torch.cat([of.labels for of in objects])[left]
    classes = grid.shape[2] - 5
    if ((labels < 0) | (labels >= classes)).any():
        raise ValueError(
            f"objects have labels {labels.min()} to {labels.max()}, but this model tells "
            f"{classes} classes apart; give it the classes of the dataset (config.classes)."
        )
    found = _Truths(image[left], box_convert(boxes[left], "xyxy", "cxcywh"), labels)
    return found, pad_sequence(list(padded), batch_first=True)


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
    corners = box_convert(boxes.flatten(1, 3), "cxcywh", "xyxy")[:, :, None]
    objects = padded[:, None]
    x, y = (
        (
            corners[..., i + 2].minimum(objects[..., i + 2])
            - corners[..., i].maximum(objects[..., i])
        )
        for i in (0, 1)
    )
    shared = x.clamp_(min=0).mul_(y.clamp_(min=0))
    areas = boxes[..., 2:].prod(-1).flatten(1)[:, :, None] + _areas(padded)[:, None]
    return (3 * shared > areas).any(-1).view(boxes.shape[:-1])  # IoU > 0.5 without a division


def _areas(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).prod(-1)


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Of probabilities cut to [1e-7, 1 - 1e-7], as released: beyond, there is no gradient."""
    probability = logits.sigmoid().clamp(1e-7, 1 - 1e-7)
    return -torch.where(target, probability, 1 - probability).log()


def complete_iou(found: Tensor, truth: Tensor) -> Tensor:
    """Complete IoU (N,) of boxes (N, 4) in centre form (Zheng et al. 2020).

    Other than torchvision's, its weight alpha has a gradient, as released.
    """
    one, other = (box_convert(boxes, "cxcywh", "xyxy") for boxes in (found, truth))
    shared = (one[:, 2:].minimum(other[:, 2:]) - one[:, :2].maximum(other[:, :2])).clamp(min=0)
    shared = shared.prod(1)
    iou = shared / (_areas(one) + _areas(other) - shared).clamp(min=1e-6)
    distance = (found[:, :2] - truth[:, :2]).square().sum(1)
    around = one[:, 2:].maximum(other[:, 2:]) - one[:, :2].minimum(other[:, :2])
    angles = [torch.atan2(boxes[:, 2], boxes[:, 3]) for boxes in (found, truth)]
    shape = 4 / math.pi**2 * (angles[0] - angles[1]).square()
    alpha = shape / (1 - iou + shape).clamp(min=1e-6)
    return iou - distance / around.square().sum(1).clamp(min=1e-6) - alpha * shape
