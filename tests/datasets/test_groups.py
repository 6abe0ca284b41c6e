"""Rows by name, compared with a loop."""

import numpy as np
import torch

from sightline.datasets.groups import by_name, rows_of

NAMES = np.array(["b", "a", "c", "a", "b", "a"])


def test_rows_of_a_name_stay_together_and_in_order() -> None:
    names, rows, ends = by_name(NAMES)
    found = {str(name): rows[rows_of(ends, i)].tolist() for i, name in enumerate(names)}
    assert found == {name: [i for i, n in enumerate(NAMES) if n == name] for name in "abc"}


def test_chosen_rows_are_a_copy() -> None:
    column = torch.arange(6)
    column[rows_of(np.array([2, 6]), 1)] = 0
    chosen = column[rows_of(np.array([2, 6]), 0)]
    assert chosen.untyped_storage().data_ptr() != column.untyped_storage().data_ptr()
    assert column.tolist() == [0, 1, 0, 0, 0, 0]


def test_nothing_has_no_groups() -> None:
    assert [len(part) for part in by_name(np.array([], dtype=str))] == [0, 0, 0]
