"""Gaze metrics as GOO (Tomas et al. 2021) and GaTector's release compute them: pure functions.

Points are fractions of the image, one annotation per person.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from sightline.geometry.boxes import centres
from sightline.metrics.gaze import roc_auc

CELLS = 5  # the AUC is of a 5 x 5 map


def coarse_maps(heatmaps: Tensor) -> Tensor:
    """Heatmaps (P, h, w) as 5 x 5 (P, 25), row by row: OpenCV's bilinear resize without smoothing.

    Of a 64 x 64 map only the 2 x 2 cells around 25 places are read; a narrow peak can be missed.
    """
    return interpolate(heatmaps[:, None], (CELLS, CELLS), mode="bilinear").flatten(1)


def target_cells(points: Tensor) -> Tensor:
    """The cell (P,) of the 25 that each point (P, 2) is in, as float; NaN where the point is.

    A coordinate of 1 is in the last cell; the release would index outside.
    """
    column, row = (points * CELLS).trunc().clamp(0, CELLS - 1).unbind(-1)
    return row * CELLS + column


def auc_per_person(heatmaps: Tensor, points: Tensor) -> Tensor:
    """ROC AUC (P,) of the 5 x 5 map, the target's cell against the 24 others (GOO's own script)."""
    cells = torch.arange(CELLS**2, device=points.device)
    return roc_auc(coarse_maps(heatmaps), cells == target_cells(points)[:, None])


def pooled_auc(*values: Tensor) -> Tensor:
    """One ROC AUC (R,) of the cells of all people together (GaTector's release).

    values: the 25 columns (N,) of the cells, the target's cell (N,), and the people's weights
    (R, N). Ties count one half.
    """
    *columns, target, weights = values
    cells, target = torch.stack(columns, 1), target.long()[:, None]
    ranked, order = cells.flatten().sort()
    person = order // CELLS**2
    negative = order % CELLS**2 != target[person, 0]
    chosen = cells.gather(1, target)[:, 0]
    low, high = torch.searchsorted(ranked, chosen), torch.searchsorted(ranked, chosen, right=True)
    areas = []
    for weight in weights:  # one at a time: a resample holds the 25 cells of everybody
        below = pad((weight[person] * negative).cumsum(0), (1, 0))
        wins = weight * (below[low] + below[high]) / 2
        areas.append(wins.sum() / (weight.sum() * below[-1]))
    return torch.stack(areas)


def release_angle(points: Tensor, targets: Tensor, eyes: Tensor) -> Tensor:
    """Angle in degrees (P,) at the eyes (P, 2) between point and target (P, 2), unit square.

    The release adds 1e-6 to the product of the lengths: a point at the eye is 90 degrees off.
    """
    a, b = points - eyes, targets - eyes
    cosine = (a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1) + 1e-6)
    return cosine.clamp(-1, 1).acos().rad2deg()


def nearest_boxes(points: Tensor, boxes: Tensor) -> Tensor:
    """Row (P,) of the box (K, 4) whose centre is nearest to each point (P, 2), in one unit."""
    return (points[:, None] - centres(boxes)).norm(dim=-1).argmin(1)
