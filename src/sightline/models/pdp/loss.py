"""PDP's two losses: mean squared error of the heatmap, KL divergence of the patch distribution.

And one of ours by which a face trunk learns where heads point.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sightline.batch import Batch
from sightline.geometry.heatmap import gaussian_heatmaps, patch_distribution
from sightline.models.facing import beside_target
from sightline.models.losses import counted_people
from sightline.models.pdp.model import PDP, patch_shares

EPSILON = torch.finfo(torch.float64).eps  # as released, though it vanishes in float32


def pdp_loss(
    model: PDP, batch: Batch, *, heatmap_weight: float = 10_000.0, patch_weight: float = 20.0
) -> dict[str, Tensor]:
    """Weighted `heatmap` and `patch` terms over the people that count.

    The label is one Gaussian at the mean annotation. People who look outside have a blank heatmap
    as target and are *part* of the heatmap loss (the CVPR 2020 baseline masks them out). Defaults:
    GazeFollow with depth.
    """
    output = model(batch)
    rows, inside, points = counted_people(batch)
    labels = gaussian_heatmaps(points, model.config.heatmap_size) * inside[:, None, None]
    whole = not model.config.as_released
    target = patch_distribution(labels, inside, model.config.grid, whole=whole)
    heatmap = (output.heatmaps[rows] - labels).square().mean((-2, -1))
    patch = patch_divergence(target, patch_shares(output.patches[rows]))
    people = max(len(rows), 1)
    return {
        "heatmap": heatmap_weight * heatmap.sum() / people,
        "patch": patch_weight * patch.sum() / people,
    }


def patch_divergence(target: Tensor, predicted: Tensor) -> Tensor:
    """KL divergence (N,) of predicted from target distributions (N, places)."""
    return (target * torch.log(EPSILON + target / (predicted + EPSILON))).sum(1)


def facing_loss(model: PDP, batch: Batch) -> dict[str, Tensor]:
    """The face trunk by itself: how far beside the target the direction is that it tells."""
    return {"facing": beside_target(model.face_trunk(batch.crops), batch)}
