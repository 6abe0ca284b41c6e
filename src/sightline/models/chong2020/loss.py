"""The baseline's two losses: masked squared error of the heatmap, cross entropy of inside."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from sightline.batch import Batch
from sightline.geometry.heatmap import gaussian_heatmaps
from sightline.models.chong2020.model import Chong2020
from sightline.models.losses import counted_people


def chong2020_loss(
    model: Chong2020,
    batch: Batch,
    *,
    heatmap_weight: float = 10_000.0,
    inside_weight: float = 100.0,
) -> dict[str, Tensor]:
    """Weighted `heatmap` and `inside` terms over the people that count.

    The label is one Gaussian at the mean annotation; the heatmap of people who look outside is in
    no loss. An `inside_weight` of 0 is how the GazeFollow row of the paper was trained.
    """
    output = model(batch)
    rows, inside, points = counted_people(batch)
    labels = gaussian_heatmaps(points, model.config.heatmap_size)
    error = (output.heatmaps[rows] - labels).square().mean((-2, -1))
    cross = binary_cross_entropy_with_logits(output.inside[rows], inside, reduction="sum")
    return {
        "heatmap": heatmap_weight * (error * inside).sum() / inside.sum().clamp(min=1),
        "inside": inside_weight * cross / max(len(rows), 1),
    }
