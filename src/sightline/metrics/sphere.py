"""Metrics of gaze in panoramas as pure functions, one value per person.

Points are fractions of the panorama, as in `geometry.sphere`; a NaN target gives NaN. "Published"
is the protocol of Li et al. 2021 (GazeFollow360) and of its public re-implementation.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate, pad

from sightline.geometry.boxes import to_pixels
from sightline.geometry.heatmap import gaussian_heatmaps
from sightline.geometry.panorama import cell_points
from sightline.geometry.sphere import great_circle, sight_ends, to_points, to_rays, wrapped
from sightline.metrics.gaze import enlarged_auc, multi_hot, roc_auc

PUBLISHED_SIZE = 64  # cells each way of the map that the published AUC compares
CAP = 15.0  # degrees: two people who look for one target are 0.2531 rad = 14.5 degrees apart


def sphere_distance(points: Tensor, targets: Tensor) -> Tensor:
    """Great-circle angle (P,) in radians between points (P, 2) and targets (P, 2)."""
    return great_circle(to_rays(points), to_rays(targets))


def sight_line_points(heads: Tensor, directions: Tensor) -> Tensor:
    """Points (P, 2) where lines from head centres (P, 2) along directions (P, 3) end.

    directions: in the camera frame. A line that leads out of the sphere ends at the head.
    """
    return to_points(sight_ends(to_rays(heads), directions))


def planar_distance(
    points: Tensor, targets: Tensor, size: tuple[int, int] = (1, 1), *, wrap: bool = False
) -> Tensor:
    """Distance (P,) of points (P, 2) and targets (P, 2) on the flat picture of `size` (W, H).

    Published: the long way round where that is how the picture was cut open; `wrap`: the shorter.
    """
    difference = points - targets
    if wrap:
        difference = torch.stack([wrapped(difference[:, 0]), difference[:, 1]], -1)
    return to_pixels(difference, size).norm(dim=-1)


def auc_square(heatmaps: Tensor, targets: Tensor) -> Tensor:
    """Published AUC (P,): heatmaps (P, h, w) on 64 x 64 cells, a square of 19 x 19 positive.

    Bilinear with clamped border. The square is cut at the picture's edges: no part of it wraps.
    """
    size = (PUBLISHED_SIZE, PUBLISHED_SIZE)
    scores = interpolate(heatmaps.float()[:, None], size, mode="bilinear").flatten(1)
    positives = gaussian_heatmaps(targets, PUBLISHED_SIZE) > 0
    return roc_auc(scores, positives.flatten(1))


def auc_one_hot(heatmaps: Tensor, targets: Tensor, size: tuple[int, int]) -> Tensor:
    """AUC (P,) of the first release: heatmaps (P, h, w) at the size (W, H), one positive pixel.

    Enlarged by Pillow's bicubic filter. Not comparable with `auc_square`.
    """
    hot = (multi_hot(target, size) for target in to_pixels(targets, size)[:, None])
    return enlarged_auc(heatmaps, hot, _resize_bicubic)


def _resize_bicubic(heatmap: Tensor, shape: tuple[int, ...]) -> Tensor:
    picture = Image.fromarray(heatmap.cpu().numpy())
    return torch.from_numpy(
        np.array(picture.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))
    )


def auc_cap(heatmaps: Tensor, targets: Tensor, cap_degrees: float = CAP) -> Tensor:
    """AUC (P,) on the sphere: the cells of heatmaps (P, h, w) whose centre is near the target.

    Every cell counts by its solid angle. Positive are those within `cap_degrees` of the target,
    over the seam and the poles, or the nearest one where the cells are coarser than that.
    """
    cells = cell_points(*heatmaps.shape[1:]).flatten(0, 1).to(targets)
    angles = great_circle(to_rays(targets)[:, None], to_rays(cells))
    limit = angles.amin(1, keepdim=True).clamp(min=math.radians(cap_degrees))
    solid = (math.pi * cells[:, 1]).sin().expand_as(angles)
    return weighted_roc_auc(heatmaps.flatten(1), angles <= limit, solid)


def weighted_roc_auc(scores: Tensor, positives: Tensor, weights: Tensor) -> Tensor:
    """Area under the ROC curve (N,) of scores (N, M) that count by their weights (N, M).

    The share, by weight, of the pairs in which the one of the boolean `positives` (N, M) scores
    above the other; ties count one half. NaN without positives or others, or with a NaN score.
    """
    scores, weights = scores.contiguous(), weights.double()
    others, chosen = weights.masked_fill(positives, 0.0), weights.masked_fill(~positives, 0.0)
    ranked, order = scores.sort(-1)
    beneath = pad(others.gather(1, order).cumsum(-1), (1, 0))
    below, above = (torch.searchsorted(ranked, scores, right=right) for right in (False, True))
    wins = (beneath.gather(1, below) + beneath.gather(1, above)) / 2
    auc = (wins * chosen).sum(-1) / (others.sum(-1) * chosen.sum(-1))
    return auc.masked_fill(scores.isnan().any(-1), torch.nan)
