"""Which way a head faces, as a help in training for trunks without pretraining; ours."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import cosine_similarity

from sightline.batch import Batch, counted_rows
from sightline.geometry.boxes import centres


def beside_target(heads: Tensor, batch: Batch) -> Tensor:
    """How far the direction that features of heads (N, C, h, w) tell is beside that to the target.

    Two differences of channels of the mean feature, which is never negative, are taken for the
    direction in the picture; the result is 1 minus the cosine, its mean over people who look
    inside. With heatmaps alone such trunks learn next to nothing in their first thousands of steps.
    """
    assert batch.truth is not None, "training needs labelled scenes"
    feature = heads.float().mean((-2, -1))
    told = feature[:, 0:2] - feature[:, 2:4]
    rows = counted_rows(batch.truth)
    rows = rows[batch.truth.inside[rows] == 1]
    wanted = batch.truth.points[rows].nanmean(1) - centres(batch.heads[rows])
    beside = 1 - cosine_similarity(told[rows], wanted, dim=1, eps=1e-4)
    return beside.sum() / max(len(rows), 1)
