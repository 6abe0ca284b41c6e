"""The losses of the three stages: direction, heatmaps of the regions, heatmap of the panorama."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from sightline.batch import Batch, counted_rows
from sightline.geometry.sphere import sight_directions, to_rays
from sightline.models.gazefollow360.model import GazeFollow360
from sightline.models.losses import mean


def direction_loss(model: GazeFollow360, batch: Batch) -> dict[str, Tensor]:
    """`direction`: the mean of 1 - cosine between predicted and true sight lines.

    As released, the arc cosine of the mean cosine, whose gradient has no bound near the optimum.
    """
    rows, targets = _targets(batch)
    directions = model.directions(batch)[rows]
    with _exactly(batch):
        heads = model.regions.positions(batch)[rows]
        true = sight_directions(heads, to_rays(targets))
        cosines = cosine_similarity(directions.float(), true, eps=1e-6)
    if model.config.as_released:
        return {"direction": cosines.mean().arccos()}
    return {"direction": mean(1 - cosines)}


def regions_loss(model: GazeFollow360, batch: Batch) -> dict[str, Tensor]:
    """`distant` and `local`: mean squared errors of the regions' heatmaps.

    Regions are those of the predicted direction; where a target is outside, the label is blank.
    """
    rows, targets = _targets(batch, everybody=True)
    directions = model.directions(batch)
    with _exactly(batch):
        regions = model.regions(model.config, batch, directions.float())
        labels = regions.region_targets(targets)
        named = zip(("distant", "local"), model.look(regions), labels, strict=True)
    return {
        name: mean((heatmaps - label)[rows].square().mean((-2, -1)))
        for name, heatmaps, label in named
    }


def fusion_loss(model: GazeFollow360, batch: Batch) -> dict[str, Tensor]:
    """`heatmap`: the mean squared error of the fused heatmap, each cell by its share of the sphere.

    As released, every cell counts the same.
    """
    rows, targets = _targets(batch, everybody=True)
    output = model(batch)
    with _exactly(batch):
        errors = (output.heatmaps - output.regions.scene_targets(targets)).square()
        return {"heatmap": mean((errors * output.regions.scene_weights())[rows].mean((-2, -1)))}


def _exactly(batch: Batch) -> torch.autocast:
    """Geometry in float32, and the towers as `forward` runs them, also in mixed precision."""
    return torch.autocast(batch.heads.device.type, enabled=False)


def _targets(batch: Batch, *, everybody: bool = False) -> tuple[Tensor, Tensor]:
    """Rows of the people who count, and gaze targets (n, 2) of them or (N, 2) of everybody.

    Nobody in a panorama looks outside: who does by the labels has no target.
    """
    assert batch.truth is not None, "training needs labelled scenes"
    points = batch.truth.points.nanmean(1)
    rows = counted_rows(batch.truth)
    rows = rows[~points[rows].isnan().any(1)]
    return rows, points if everybody else points[rows]
