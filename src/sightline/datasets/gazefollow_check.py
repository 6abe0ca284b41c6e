"""Looks a copy of GazeFollow over: what is there, what is missing, what is broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from sightline.datasets.gazefollow import FILES, Rows, by_person, depth_path, held_out, read_rows
from sightline.datasets.report import Report


def check_gazefollow(root: Path) -> Report:
    """Count rows, people and pictures of both files; find what a reader would trip over."""
    report = Report("gazefollow")
    train, test = read_rows(root, "train"), read_rows(root, "test")
    _count_rows(report, train, "train")
    people = train[train.valid]
    report.count("train people", len(people))
    report.count("train people kept for validation", held_out(people.paths).sum())
    _check_pictures(report, people, root, "train")

    _count_rows(report, test, "test")
    annotations, starts = by_person(test[test.valid], grouped=True)
    people = annotations[starts]
    report.count("test people", len(people))
    _check_pictures(report, people, root, "test")

    rows = len(train) + len(train.broken)
    if (rows, len(people)) != (125_557, 4_782):
        report.notes.append(
            f"The published set has 125,557 training rows and 4,782 test people, not {rows:,} and "
            f"{len(people):,}."
        )
    return report


def _count_rows(report: Report, rows: Rows, part: str) -> None:
    report.count(f"{part} rows", len(rows) + len(rows.broken))
    report.count(f"{part} rows inside", (rows.inside == 1).sum())
    report.count(f"{part} rows outside", (rows.inside == 0).sum())
    report.count(f"{part} rows left out: invalid (inside is -1)", (rows.inside == -1).sum())
    report.count(f"{part} rows left out: head box reversed", rows.reversed.sum())
    report.count(f"{part} rows left out: unreadable", len(rows.broken))
    report.problems += rows.broken
    if rows.reversed.any():
        line = rows.lines[rows.reversed][0]
        report.notes.append(f"The first reversed head box is in {FILES[part]}:{line}.")


def _check_pictures(report: Report, people: Rows, root: Path, part: str) -> None:
    """Compare the header of every picture with the heads in it; the pixels are not decoded."""
    paths, first, picture = np.unique(people.paths, return_index=True, return_inverse=True)
    lines = people.lines[first].tolist()
    sizes = np.full((len(paths), 2), np.nan)
    for i, path in enumerate(paths.tolist()):
        try:
            with Image.open(root / path) as image:
                sizes[i] = image.size
        except OSError as error:
            fault = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
            report.problems.append(f"{FILES[part]}:{lines[i]}: column 1 (picture) {path} {fault}")
    size = sizes[picture]
    low, high = people.heads[:, :2], people.heads[:, 2:]
    beyond = ((low < 0) | (high > size)).any(axis=1)
    apart = ((high <= 0) | (low >= size)).any(axis=1)
    report.problems += [
        f"{FILES[part]}:{people.lines[i]}: columns 11-14 (head box) lie outside the picture"
        for i in np.flatnonzero(apart)
    ]
    report.count(f"{part} pictures", len(paths))
    report.count(f"{part} pictures missing or unreadable", np.isnan(sizes[:, 0]).sum())
    report.count(f"{part} pictures with depth", sum(depth_path(root, p).exists() for p in paths))
    report.count(f"{part} heads reaching outside the picture", beyond.sum())
