"""Looks a copy of GazeFollow360 over: what is there, what is missing, what is broken."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np

from sightline.datasets.gazefollow360 import PICTURES
from sightline.datasets.gazefollow360_index import FILES, Rows, read_rows
from sightline.datasets.pictures import check_pictures
from sightline.datasets.report import Report

PUBLISHED = 10_058  # rows of the three splits together; how many each has is not published


def check_gazefollow360(root: Path) -> Report:
    """Count rows and pictures of every split; find what a reader or a score would trip over."""
    report, parts, failed = Report("gazefollow360"), {}, []
    for split in FILES:
        try:
            parts[split] = read_rows(root, split)
        except FileNotFoundError as error:  # part of a set is no fault
            failed.append(error)
            report.notes.append(f"The split {split} is missing: {root} has no {FILES[split]}.")
        except ValueError as error:
            failed.append(error)
            report.problems.append(str(error))
    if not parts:
        raise failed[0]
    for split, rows in parts.items():
        _check_split(report, rows, split, root)
    for first, second in combinations(parts, 2):
        shared = np.isin(parts[second].paths, parts[first].paths)
        _tell(report, parts[second], second, f"rows with a picture that is also in {first}", shared)
    total = sum(len(rows) + len(rows.broken) for rows in parts.values())
    if total != PUBLISHED:
        report.notes.append(
            f"This is not the published set, or not all of it: that has {PUBLISHED:,} rows in its "
            f"three splits, not {total:,}."
        )
    return report


def _check_split(report: Report, rows: Rows, split: str, root: Path) -> None:
    report.count(f"{split} rows", len(rows) + len(rows.broken))
    report.count(f"{split} rows left out: unreadable", len(rows.broken))
    report.problems += rows.broken
    sizes = check_pictures(
        report,
        split,
        root=root,
        folder=PICTURES,
        pictures=rows.paths.tolist(),
        heads=rows.heads,
        places=_places(rows, split),
    )
    other = ~np.isnan(sizes[:, 0]) & (sizes[:, 0] != 2 * sizes[:, 1])
    _tell(report, rows, split, "rows with a picture that is not twice as wide as high", other)
    _tell(report, rows, split, "rows with a head that an earlier row has", _repeated(rows))


def _places(rows: Rows, split: str) -> list[str]:
    file = Path(FILES[split]).name
    return [f"{file}: row {number}" for number in rows.numbers.tolist()]


def _repeated(rows: Rows) -> np.ndarray:
    """(R,) which rows have the picture and the head of an earlier one."""
    heads = zip(rows.paths.tolist(), map(tuple, rows.heads.tolist()), strict=True)
    first: dict = {}
    return np.array([first.setdefault(head, i) != i for i, head in enumerate(heads)], dtype=bool)


def _tell(report: Report, rows: Rows, split: str, fault: str, found: np.ndarray) -> None:
    """Count a fault, and name every row that has it."""
    report.count(f"{split} {fault}", found.sum())
    report.problems += [f"{place}: {fault}" for place in _places(rows[found], split)]
