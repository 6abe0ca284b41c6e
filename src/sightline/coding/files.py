"""A coding in any of its files: our table of events, a BORIS export, an EAF file of ELAN."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from sightline.coding.boris import is_boris, parse_boris
from sightline.coding.elan import read_elan
from sightline.coding.events import Event
from sightline.coding.eventtable import parse_events


def read_events(path: str | Path) -> list[Event]:
    """The events in a file: `.eaf` is ELAN, any other is a table, told by its header.

    Raises FileNotFoundError, and ValueError saying what is wrong with the file.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file of events; check the path.")
    if path.suffix.lower() == ".eaf":
        return read_elan(path)
    try:
        rows = _rows(path.read_text(encoding="utf-8-sig"))
        if any(map(is_boris, rows)):
            return parse_boris(rows)
        return parse_events(rows)
    except (csv.Error, ValueError) as error:  # also what is not UTF-8
        raise ValueError(f"{path}: {error}") from error


def _rows(text: str) -> list[list[str]]:
    if not text.strip():
        raise ValueError("there is nothing in it.")
    delimiter = max("\t;,", key=text.count)  # spreadsheets of half the world write semicolons
    return list(filter(any, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)))
