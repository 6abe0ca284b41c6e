"""Which way a head faces, as a help in training for trunks without pretraining; ours."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import cosine_similarity

from sightline.batch import Batch
from sightline.geometry.boxes import centres
from sightline.models.losses import counted_people, mean


def beside_target(heads: Tensor, batch: Batch) -> Tensor:
    """How far the direction that features of heads (N, C, h, w) tell is beside that to the target.

    Two differences of channels of the mean feature, which is never negative, are taken for the
    direction in the picture; the result is 1 minus the cosine, its mean over people who look
    inside. With heatmaps alone such trunks learn next to nothing in their first thousands of steps.
    """
    feature = heads.float().mean((-2, -1))
    told = feature[:, 0:2] - feature[:, 2:4]
    rows, inside, points = counted_people(batch)
    rows = rows[inside == 1]
    wanted = points[inside == 1] - centres(batch.heads[rows])
    return mean(1 - cosine_similarity(told[rows], wanted, dim=1, eps=1e-4))
