"""GaTector's losses: objects, squared error of the heatmap, its energy outside the gazed box."""

from __future__ import annotations

import torch
from torch import Tensor

from sightline.batch import Batch
from sightline.geometry.heatmap import gaussian_heatmaps
from sightline.models.base import GazeModel
from sightline.models.facing import beside_target
from sightline.models.gatector.detection_loss import detection_loss
from sightline.models.losses import counted_people, mean
from sightline.scene import Objects


def gatector_loss(
    model: GazeModel,
    batch: Batch,
    *,
    heatmap_weight: float = 10_000.0,
    energy_weight: float = 10.0,
    detection_weight: float = 1.0,
    facing_weight: float = 0.0,
) -> dict[str, Tensor]:
    """Weighted `detection` over images, `heatmap` and `energy` over the people that count.

    Who looks outside has a blank heatmap as target. Who looks at no visible object is not in
    `energy`; as released, such a person is to look at the head. `facing` is ours, for backbones
    without pretraining.
    """
    output, config, objects = model(batch), model.config, _objects(batch)
    rows, inside, points = counted_people(batch)
    heatmaps = output.heatmaps[rows].float()
    labels = gaussian_heatmaps(points, config.heatmap_size) * inside[:, None, None]
    looking, boxes = gazed_boxes(batch, rows, head_if_none=config.as_released)
    energy = energy_loss(heatmaps[looking], boxes, as_released=config.as_released)
    found = detection_loss(output.grids, config.anchors, config.image_size, objects)
    terms = {
        "detection": detection_weight * found,
        "heatmap": heatmap_weight * mean(squared_errors(heatmaps, labels)),
        "energy": energy_weight * mean(energy),
    }
    if facing_weight:
        terms["facing"] = facing_weight * beside_target(output.heads, batch)
    return terms


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
