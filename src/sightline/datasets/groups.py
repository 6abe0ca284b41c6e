"""Rows that belong together, kept one group after the other with the end of each."""

from __future__ import annotations

import numpy as np


def by_name(names: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorted distinct names (G,), the R rows in their order, where the rows of each end (G,).

    Rows of one name (R,) stay in their own order.
    """
    distinct, group, counts = np.unique(names, return_inverse=True, return_counts=True)
    return distinct, np.argsort(group, kind="stable"), counts.cumsum()


def rows_of(ends: np.ndarray, index: int) -> np.ndarray:
    """The rows of one group, as indices.

    They copy what they choose; a view would take everybody's rows along to another process.
    """
    return np.arange(ends[index - 1] if index else 0, ends[index])
