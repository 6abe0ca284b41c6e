"""Gaze metrics as pure functions, one value per person; each published definition has its name.

Predictions and annotations are fractions of the image unless a docstring says pixels. A value is
NaN where it is undefined, for instance for a person whom nobody annotated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate, pad

from sightline.geometry.heatmap import gaussian_heatmaps

VAT_SIZE = 64  # VideoAttentionTarget is scored on the 64 x 64 map, whatever a model predicts


def roc_auc(scores: Tensor, positives: Tensor) -> Tensor:
    """Exact area under the ROC curve (N,) of scores (N, M) with boolean `positives` (N, M).

    Ties count one half. NaN where all or none are positive or where a score is NaN.
    """
    # A row at a time: rows stay in the cache, and each has its own number of positives. NumPy sorts
    # floats with vector instructions, tens of times faster than torch.
    rows = zip(scores.cpu().numpy(), positives.cpu().numpy(), strict=True)
    return torch.tensor([_roc_auc(*row) for row in rows], dtype=torch.float64)


def _roc_auc(scores: np.ndarray, positives: np.ndarray) -> float:
    chosen = scores[positives]
    pairs = len(chosen) * (len(scores) - len(chosen))
    if pairs == 0:
        return np.nan
    top = np.sort(scores[~(scores < chosen.min())])  # every positive beats the rest, and NaN stays
    if np.isnan(top[-1]):  # NaN is sorted to the end
        return np.nan
    ranks = np.searchsorted(top, chosen, "left") + np.searchsorted(top, chosen, "right")
    rest = len(scores) - len(top)
    # Each rank is twice the scores beaten; the positives' comparisons with each other do not count.
    wins = (ranks + 2 * rest).sum() - len(chosen) ** 2
    return float(wins / (2 * pairs))


def average_precision(scores: Tensor, positives: Tensor, weights: Tensor | None = None) -> Tensor:
    """Average precision of a set of people: scores (N,) and positives (N,) of 0 and 1.

    The sum of precision times the step of recall, tied scores taken as one step; NaN without any
    positive. `weights` (..., N) count people several times or not at all and give a result (...).
    """
    counts = torch.ones_like(scores) if weights is None else weights
    scores, order = scores.sort(descending=True)
    counts = counts.double()[..., order]
    steps = tie_ends(scores)
    found = (counts * positives[order]).cumsum(-1)[..., steps]
    taken = counts.cumsum(-1)[..., steps]
    precision = found / taken.clamp(min=1e-300)  # nobody taken yet: recall does not step either
    recall = pad(found / found[..., -1:], (1, 0))
    return (recall.diff() * precision).sum(-1)


def tie_ends(scores: Tensor) -> Tensor:
    """Mask (N,) of sorted scores (N,), true at the last of each run of equal ones."""
    return torch.cat([scores[1:] != scores[:-1], torch.ones_like(scores[:1], dtype=torch.bool)])


def average_precision_outside(
    scores: Tensor, inside: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Average precision of finding who looks *outside*, from inside scores (N,) and labels (N,).

    Not the published number, though often taken for it: PDP and Chong et al. 2020 count the people
    who look inside as positives, which is `average_precision(scores, inside)`.
    """
    return average_precision(-scores, 1 - inside, weights)


def multi_hot(points: Tensor, size: tuple[int, int]) -> Tensor:
    """Boolean map (H, W) of an image of `size` (W, H), true at annotations (A, 2) in pixels.

    Chong et al. 2020: coordinates are truncated and clipped to the far border. NaN or negative
    points are left out, but a y above -1 truncates to row 0.
    """
    width, height = size
    given = (points[:, 0] >= 0) & (points[:, 1] > -1)  # NaN compares false
    x, y = points[given].long().unbind(-1)  # long truncates towards zero
    hot = torch.zeros(height, width, dtype=torch.bool, device=points.device)
    hot[y.clamp(max=height - 1), x.clamp(max=width - 1)] = True
    return hot


def auc_gazefollow_float(heatmaps: Tensor, points: Tensor, size: tuple[int, int]) -> Tensor:
    """GazeFollow AUC (P,) as PDP reports it (Miao et al. 2023): float, the border mirrored.

    Each heatmap (P, h, w) is enlarged to the image of `size` (W, H) as scikit-image does by default
    and scored against the `multi_hot` map of the annotations (P, A, 2), in pixels. An image smaller
    than the heatmap is sampled without scikit-image's smoothing.
    """
    return enlarged_auc(heatmaps, (multi_hot(p, size) for p in points), _resize_mirrored)


def auc_gazefollow_bilinear(heatmaps: Tensor, points: Tensor, size: tuple[int, int]) -> Tensor:
    """GazeFollow AUC (P,) by torch's own bilinear resize: float, the border clamped.

    Otherwise like `auc_gazefollow_float`.
    """
    return enlarged_auc(heatmaps, (multi_hot(p, size) for p in points), _resize_clamped)


def auc_gazefollow_uint8(heatmaps: Tensor, points: Tensor, size: tuple[int, int]) -> Tensor:
    """GazeFollow AUC (P,) of Chong et al. 2020: stretched to 256 grey levels, Pillow's bilinear.

    Otherwise like `auc_gazefollow_float`.
    """
    return enlarged_auc(heatmaps, (multi_hot(p, size) for p in points), _resize_uint8)


def auc_vat_float(heatmaps: Tensor, points: Tensor) -> Tensor:
    """VideoAttentionTarget AUC (P,) as PDP reports it, for targets (P, 2); NaN points give NaN.

    Positive is a square of 19 x 19 cells of the 64 x 64 map, wherever the training label is drawn.
    """
    return enlarged_auc(heatmaps, gaussian_heatmaps(points, VAT_SIZE) > 0, _resize_mirrored)


def auc_vat_uint8(heatmaps: Tensor, points: Tensor) -> Tensor:
    """VideoAttentionTarget AUC (P,) of Chong et al. 2020: `auc_vat_float` in 256 grey levels."""
    return enlarged_auc(heatmaps, gaussian_heatmaps(points, VAT_SIZE) > 0, _resize_uint8)


def auc_vat_cut(heatmaps: Tensor, points: Tensor) -> Tensor:
    """VideoAttentionTarget AUC (P,) of Gaze-LLE (Ryan et al. 2025): `auc_vat_float` but for this.

    The last row and column of the 64 x 64 map are never positive, since its slices end before them.
    """
    positives = gaussian_heatmaps(points, VAT_SIZE) > 0
    positives[:, -1, :] = False
    positives[:, :, -1] = False
    return enlarged_auc(heatmaps, positives, _resize_mirrored)


def enlarged_auc(
    heatmaps: Tensor,
    positives: Iterable[Tensor],
    resize: Callable[[Tensor, tuple[int, ...]], Tensor],
) -> Tensor:
    """ROC AUC (P,) of heatmaps (P, h, w), each resized to the (H, W) of its boolean map.

    Raises ValueError for a heatmap with NaN.
    """
    if heatmaps.isnan().any():  # a value of NaN would quietly leave this person out of the score
        raise ValueError("A heatmap holds NaN and cannot be scored; check the model's output.")
    heatmaps = heatmaps.float()
    # One person at a time: the enlarged maps of all people of a 4K image would not fit in memory.
    values = [
        roc_auc(resize(heatmap, hot.shape).reshape(1, -1), hot.reshape(1, -1))
        for heatmap, hot in zip(heatmaps, positives, strict=True)
    ]
    return torch.cat([torch.empty(0, dtype=torch.float64), *values])


def _resize_mirrored(heatmap: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Bilinear with half-pixel centres and mirrored border: scikit-image's default enlargement.

    PDP's heatmaps have a floor that a third of the pixels share. Rounding must not break such ties:
    interpolating in double and rounding to single precision keeps them, as scikit-image does.
    """
    rows = heatmap.double().T
    low, high, weight = _mirrored_taps(len(rows), shape[1], heatmap.device)
    columns = torch.lerp(rows[low], rows[high], weight).T.contiguous()
    large = torch.empty(shape, device=heatmap.device)
    taps = _mirrored_taps(len(columns), shape[0], heatmap.device)
    # In blocks, so that doubles stay in the cache: fresh pages of memory cost more than the sums.
    for block, low, high, weight in zip(large.split(64), *(t.split(64) for t in taps), strict=True):
        block.copy_(torch.lerp(columns[low], columns[high], weight))
    return large


def _mirrored_taps(cells: int, count: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """The two cells between which each of `count` new ones lies, and the weight of the second."""
    last = cells - 1
    place = (torch.arange(count, dtype=torch.float64, device=device) + 0.5) * (cells / count) - 0.5
    place = (last - (last - place.abs()).abs()).clamp(0, last)  # the clamp is for a single cell
    low = place.long()
    return low, (low + 1).clamp(max=last), (place - low)[:, None]


def _resize_clamped(heatmap: Tensor, shape: tuple[int, ...]) -> Tensor:
    return interpolate(heatmap[None, None], tuple(shape), mode="bilinear")[0, 0]


def _resize_uint8(heatmap: Tensor, shape: tuple[int, ...]) -> Tensor:
    low, high = heatmap.aminmax()
    grey = (heatmap - low) * (255 / (high - low).clamp(min=1e-30)) + 0.5
    picture = Image.fromarray(grey.to(torch.uint8).cpu().numpy())
    picture = picture.resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.asarray(picture, dtype=np.float32))  # floats are sorted faster


def average_distance(points: Tensor, annotations: Tensor) -> Tensor:
    """Distance (P,) from each point (P, 2) to the *mean* of its annotations (P, A, 2).

    Published as "average distance"; it is not the mean of the distances.
    """
    return (points - annotations.nanmean(1)).norm(dim=-1)


def minimum_distance(points: Tensor, annotations: Tensor) -> Tensor:
    """Distance (P,) from each point (P, 2) to the nearest of its annotations (P, A, 2)."""
    distances = (points[:, None] - annotations).norm(dim=-1).nan_to_num(nan=torch.inf)
    nearest = pad(distances, (0, 1), value=torch.inf).amin(1)  # defined also for A = 0
    return nearest.masked_fill(nearest.isinf(), torch.nan)


def angular_error(points: Tensor, annotations: Tensor, eyes: Tensor) -> Tensor:
    """Angle in degrees (P,) at the eyes (P, 2) from points (P, 2) to the mean annotations.

    annotations: (P, A, 2). Measured in the unit square, as the literature does, so that a wide
    picture is squeezed. NaN where the point or the mean annotation is at the eye.
    """
    x, y = (points - eyes).unbind(-1)
    u, v = (annotations.nanmean(1) - eyes).unbind(-1)
    cross, dot = x * v - y * u, x * u + y * v
    angle = torch.atan2(cross.abs(), dot).rad2deg()
    return angle.masked_fill((cross == 0) & (dot == 0), torch.nan)
