"""What the losses of the models share: who enters them, and a mean that nobody makes NaN."""

from __future__ import annotations

from torch import Tensor

from sightline.batch import Batch, counted_rows


def counted_people(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """The rows (M,) of the people who enter the loss, their `inside` (M,) and targets (M, 2).

    A target is the mean of what the annotators said, on the unit square.
    """
    assert batch.truth is not None, "training needs labelled scenes"
    rows = counted_rows(batch.truth)
    return rows, batch.truth.inside[rows], batch.truth.points[rows].nanmean(1)


def mean(values: Tensor) -> Tensor:
    """Of values (M,) over people; 0 over nobody."""
    return values.sum() / max(len(values), 1)
