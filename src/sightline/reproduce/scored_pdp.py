"""What PDP is compared with, at the same size: a score for "in frame", with depth, and film."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from sightline.batch import Batch, counted_rows
from sightline.gaze import Gaze
from sightline.geometry.heatmap import gaussian_heatmaps, refined_peaks
from sightline.models.pdp.model import PDP, PDPOutput, pdp_small
from sightline.models.pdp.video import PDPVideo, PDPVideoConfig


class ScoredPDP(PDP):
    """The same network, whose "outside" token gives a score by itself; patches give nothing."""

    def answer(self, output: PDPOutput, batch: Batch) -> Gaze:
        """The peak of each heatmap, and inside = 1 - probability of "outside"."""
        points, inside = refined_peaks(output.heatmaps), 1 - output.patches[:, -1].sigmoid()
        return Gaze(batch.heads, points, output.heatmaps, inside)


def scored_pdp_small(**overrides: object) -> ScoredPDP:
    """`pdp-small` with a score."""
    return ScoredPDP(pdp_small(**overrides).config)


def pdp_depth_small(**overrides: object) -> PDP:
    """`pdp-small` that reads depth."""
    return pdp_small(**({"depth": True} | overrides))


def pdp_video_small(**overrides: object) -> PDPVideo:
    """`pdp-small` on windows of five frames."""
    temporal = {key: overrides.pop(key) for key in ("temporal",) if key in overrides}
    small = pdp_small(**overrides).config
    return PDPVideo(PDPVideoConfig(**{**vars(small), **temporal}))  # pyright: ignore


def scored_loss(
    model: PDP, batch: Batch, *, heatmap_weight: float = 10_000.0, score_weight: float = 20.0
) -> dict[str, Tensor]:
    """Squared error of the heatmap of who looks inside, cross entropy of who does (CVPR 2020)."""
    assert batch.truth is not None, "training needs labelled scenes"
    output, rows = model(batch), counted_rows(batch.truth)
    inside, points = batch.truth.inside[rows], batch.truth.points[rows].nanmean(1)
    labels = gaussian_heatmaps(points, model.config.heatmap_size)
    errors = (output.heatmaps[rows] - labels).square().mean((-2, -1))
    shown = inside == 1
    outside = output.patches[rows, -1].float()
    score = binary_cross_entropy_with_logits(outside, 1 - inside)
    heatmap = torch.where(shown, errors, 0.0).sum() / shown.sum().clamp(min=1)
    return {"heatmap": heatmap_weight * heatmap, "score": score_weight * score}
