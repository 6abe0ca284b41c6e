"""Gaze-LLE's losses: cross-entropy of each pixel of the heatmap, and of "in frame"."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax

from sightline.batch import Batch
from sightline.geometry.boxes import cell_masks, centres
from sightline.geometry.heatmap import cell_heatmaps, patch_distribution
from sightline.models.gazelle.model import GazeLLE
from sightline.models.losses import counted_people, mean


def gazelle_loss(
    model: GazeLLE, batch: Batch, *, inside_weight: float = 1.0, patch_weight: float = 0.1
) -> dict[str, Tensor]:
    """The `heatmap` term over those who look inside, and `inside` or `patch` over all who count.

    The label is one Gaussian at the mean annotation, of 3 cells in a map of 64. The published loss
    takes the mean over nobody for NaN; here it is 0. From logits, which is the same optimum in any
    precision. Patches, and their weight, are ours.
    """
    output = model(batch)
    rows, inside, points = counted_people(batch)
    size = model.heatmap_size
    labels = cell_heatmaps(points, size, sigma=3 * size / 64)
    each = _pixels(output.heatmaps[rows], labels) * inside
    terms = {"heatmap": each.sum() / inside.sum().clamp(min=1)}
    people = max(len(rows), 1)
    if output.inside is not None:
        logits = output.inside[rows].float()
        told = binary_cross_entropy_with_logits(logits, inside, reduction="none")
        terms["inside"] = inside_weight * told.sum() / people
    if output.patches is not None:
        seen = labels * inside[:, None, None]
        target = patch_distribution(seen, inside, model.config.patch_grid, whole=True)
        divergence = patch_divergence(target, output.patches[rows].float())
        terms["patch"] = patch_weight * divergence.sum() / people
    return terms


def _pixels(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy (N,) of the pixels of heatmaps."""
    each = binary_cross_entropy_with_logits(logits.float(), labels, reduction="none")
    return each.mean((-2, -1))


def patch_divergence(target: Tensor, logits: Tensor) -> Tensor:
    """KL divergence (N,) of the softmax of logits (N, places) from target distributions."""
    return (torch.xlogy(target, target) - target * log_softmax(logits, 1)).sum(1)


def pointing_loss(model: GazeLLE, batch: Batch) -> dict[str, Tensor]:
    """How far the patches of each head point beside the target, for an encoder without pretraining.

    The mean of two channels of the projected features over the patches of a head is taken for the
    offset from the head to the target, on the unit square. Ours: heatmaps alone teach a small
    encoder next to nothing in its first thousands of steps.
    """
    features = model.backbone(batch.images) if batch.features is None else batch.features
    offsets = model.decoder.project(features)[:, :2].float()
    masks = cell_masks(batch.heads, model.backbone.grid)
    patches = masks.sum((-2, -1))[:, None]
    pointed = (offsets[batch.image_of] * masks[:, None]).sum((-2, -1)) / patches.clamp(min=1)
    rows, inside, points = counted_people(batch)
    seen = (inside == 1) & (patches[rows, 0] > 0)
    rows = rows[seen]
    wanted = points[seen] - centres(batch.heads[rows])
    return {"pointing": mean((pointed[rows] - wanted).norm(dim=1))}
