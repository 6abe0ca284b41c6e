"""The table of events as CSV; `COLUMNS` is the schema, docs/coding.md its explanation."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from sightline.coding.events import Event
from sightline.table import Column

COLUMNS: tuple[Column, ...] = (
    Column("person", str, "", "who: a name, or a pair such as Ann + Ben"),
    Column("behaviour", str, "", "what the person or pair does"),
    Column("target", str, "", "person, area or object that is looked at"),
    Column("start", float, "second", "when it begins, from the start of the film"),
    Column("end", float, "second", "when it is over"),
    Column("duration", float, "second", "end minus start; not read back"),
)
"""The schema, in order. New columns are appended, the others keep name, type and meaning."""

NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)


def write_events(events: Sequence[Event], path: str | Path) -> None:
    """Write events as CSV in UTF-8, times to the millisecond."""
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(NAMES)
        for event in events:
            times = (event.start, event.end, event.end - event.start)
            texts = (event.person, event.behaviour, event.target)
            writer.writerow([*texts, *(f"{time:.3f}" for time in times)])


def parse_events(rows: Sequence[Sequence[str]]) -> list[Event]:
    """The events in the rows of a table, its header first; columns may be in another order.

    Raises ValueError naming the line that is wrong.
    """
    header = [name.strip() for name in rows[0]]
    missing = [name for name in NAMES if name not in (*header, "duration")]
    if missing:
        raise ValueError(f"the columns {', '.join(missing)} are missing from the table of events.")
    events = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise ValueError(f"line {number} has {len(row)} cells, the header {len(header)}.")
        cells = dict(zip(header, map(str.strip, row), strict=True))
        texts = (cells["person"], cells["behaviour"], cells["target"])
        start, end = parse_span(cells["start"], cells["end"], f"line {number}")
        events.append(Event(*texts, start, end))
    return events


def parse_span(start: str, end: str, where: str) -> tuple[float, float]:
    """Start and end from text, also with a decimal comma; ValueError with `where` if it is none."""
    try:
        first, last = (float(time.replace(",", ".")) for time in (start, end))
    except ValueError as error:
        raise ValueError(f"{where}: {start!r} to {end!r} are no times.") from error
    if not (math.isfinite(first) and math.isfinite(last) and 0 <= first < last):
        raise ValueError(f"{where}: {start} to {end} is no stretch of time.")
    return first, last
