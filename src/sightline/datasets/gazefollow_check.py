"""Looks a copy of GazeFollow over: what is there, what is missing, what is broken."""

from __future__ import annotations

from pathlib import Path

from sightline.datasets.gazefollow import FILES, Rows, by_person, read_rows
from sightline.datasets.pictures import check_pictures
from sightline.datasets.report import Report
from sightline.datasets.splits import held_out_pictures


def check_gazefollow(root: Path) -> Report:
    """Count rows, people and pictures of both files; find what a reader would trip over."""
    report = Report("gazefollow")
    train, test = read_rows(root, "train"), read_rows(root, "test")
    _count_rows(report, train, "train")
    people = train[train.valid]
    report.count("train people", len(people))
    report.count("train people kept for validation", held_out_pictures(people.paths).sum())
    _check_people(report, people, root, "train")

    _count_rows(report, test, "test")
    annotations, starts = by_person(test[test.valid], grouped=True)
    people = annotations[starts]
    report.count("test people", len(people))
    _check_people(report, people, root, "test")

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


def _check_people(report: Report, people: Rows, root: Path, part: str) -> None:
    places = [f"{FILES[part]}:{line}" for line in people.lines.tolist()]
    pictures = people.paths.tolist()
    check_pictures(report, part, root=root, pictures=pictures, heads=people.heads, places=places)
