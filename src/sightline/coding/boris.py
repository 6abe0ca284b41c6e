"""BORIS: events as it exports them, and as lines that can be pasted into an observation.

BORIS has no import for its own exports; events get in by "Paste events". So there are two files:
the tabular events that BORIS 8 and 9 export, and the lines for the clipboard. Read back are its
tabular and its aggregated events, as TSV or CSV, also of version 7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sightline.coding.events import Event, split_label
from sightline.coding.eventtable import parse_span

TABULAR = (
    *("Observation id", "Observation date", "Description", "Observation duration"),
    *("Observation type", "Source", "Time offset (s)", "Media duration (s)", "FPS"),
    *("Subject", "Behavior", "Behavioral category", "Modifier #1", "Behavior type", "Time"),
    *("Media file name", "Image index", "Image file path", "Comment"),
)
"""The columns of "Export events", "Tabular events" (version 8 and 9) with one modifier."""


def write_boris(events: Sequence[Event], path: str | Path, *, media: str = "") -> None:
    """Write events as BORIS exports tabular events (TSV), a START and a STOP row for each.

    The person is the subject, the target the modifier; all behaviours are state events.
    """
    path = Path(path)
    same = {
        "Observation id": path.stem,
        "Observation type": "Media file(s)",
        "Source": f"player #1:{media}" if media else "",
        "Time offset (s)": "0.0",
        "Media file name": media or "NA",
        "Image index": "NA",
        "Image file path": "NA",
    }
    lines = ["\t".join(TABULAR)]
    for time, kind, event in _points(events):
        cells = same | {
            "Subject": event.person,
            "Behavior": event.behaviour,
            "Modifier #1": event.target,
            "Behavior type": kind,
            "Time": f"{time:.3f}",
        }
        lines.append("\t".join(_clean(cells.get(name, "")) for name in TABULAR))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_boris_lines(events: Sequence[Event], path: str | Path) -> None:
    """Write events for "Paste events" into an observation of a media file (version 8 and 9).

    Six columns: time, subject, behaviour, modifier, comment, frame index. BORIS takes turns at
    reading a state event's lines as start and stop.
    """
    lines = [
        "\t".join([f"{time:.3f}", *map(_clean, (e.person, e.behaviour, e.target)), "", "NA"])
        for time, _, e in _points(events)
    ]
    # no line break at the end: BORIS would take it for a line without columns and refuse all
    Path(path).write_text("\n".join(lines), encoding="utf-8")


def _points(events: Sequence[Event]) -> list[tuple[float, str, Event]]:
    """Start and stop of all events in order of time, stops first."""
    points = [(e.start, "START", e) for e in events] + [(e.end, "STOP", e) for e in events]
    return sorted(points, key=lambda point: (round(point[0], 3), point[1] == "START"))


def _clean(text: str) -> str:
    return " ".join(text.split())  # a tab or line break would shift the columns


def is_boris(header: Sequence[str]) -> bool:
    """Whether a row is the header of BORIS's tabular or aggregated events."""
    return {"Subject", "Behavior"} <= set(header) and bool({"Time", "Start (s)"} & set(header))


def parse_boris(rows: Sequence[Sequence[str]]) -> list[Event]:
    """The events in rows of a BORIS export; what comes before the header (version 7) is skipped.

    Point events have no duration and are left out. Raises ValueError naming what is wrong: several
    observations in one file, a start without a stop, a time that is none.
    """
    top = next(number for number, row in enumerate(rows) if is_boris(row))
    header = rows[top]
    records = [dict(zip(header, row, strict=False)) for row in rows[top + 1 :] if any(row)]
    if len(names := {record.get("Observation id", "") for record in records}) > 1:
        raise ValueError(f"it holds {len(names)} observations; export one at a time.")
    return _aggregated(records) if "Start (s)" in header else _tabular(records)


def _aggregated(records: Sequence[Mapping[str, str]]) -> list[Event]:
    events = []
    for record in records:
        if record.get("Behavior type") == "POINT":
            continue
        who, what, target = _what(record)
        where = f"{who}, {what}"
        span = parse_span(record.get("Start (s)", ""), record.get("Stop (s)", ""), where)
        events.append(Event(who, what, target, *span))
    return events


def _tabular(records: Sequence[Mapping[str, str]]) -> list[Event]:
    events, open_since = [], {}
    for record in records:
        key, time = _what(record), record.get("Time", "")
        kind = record.get("Behavior type") or record.get("Status")
        where = f"{key[0]}, {' '.join(key[1:]).strip()} at {time} s"
        if kind == "START":
            if key in open_since:
                raise ValueError(f"{where}: it starts twice without a stop.")
            open_since[key] = time
        elif kind == "STOP":
            if key not in open_since:
                raise ValueError(f"{where}: it stops without a start.")
            events.append(Event(*key, *parse_span(open_since.pop(key), time, where)))
        elif kind != "POINT":
            raise ValueError(f"{where}: its type is {kind!r}, not START, STOP or POINT.")
    if open_since:
        (who, *what), time = next(iter(open_since.items()))
        raise ValueError(f"{who}, {' '.join(what).strip()} starts at {time} s and never stops.")
    return sorted(events, key=lambda event: event.start)


def _what(record: Mapping[str, str]) -> tuple[str, str, str]:
    """Subject, behaviour and target; the target may be in the behaviour's own name as well."""
    modifiers = [text for name, text in record.items() if name.startswith("Modifier")]
    given = [text for text in modifiers if text != "None"]  # BORIS's word for no choice
    behaviour, target = split_label(record["Behavior"])
    return record["Subject"], behaviour, "|".join(filter(None, [target, *given]))
