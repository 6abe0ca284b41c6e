"""Text, JSON, XML and CSV of files that users bring; what is none of it raises ValueError."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree


def read_text(path: Path) -> str:
    """The text of a file; ValueError if it is none."""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: this is not text in UTF-8.") from error


def parse_json(path: Path, text: str) -> Any:
    """The content of a JSON text; ValueError if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: this is no valid JSON ({error}).") from error


class _NoDoctype(ElementTree.TreeBuilder):
    """Stops at a document type, which may define entities that grow without end."""

    def doctype(self, *_: str | None) -> None:
        """Called before anything that the document type defines."""
        raise ValueError("it has a document type (DOCTYPE), which annotations do not need")


def read_xml(path: Path) -> ElementTree.Element:
    """The root of an XML file; ValueError, without the path, if it is damaged or could expand."""
    parser = ElementTree.XMLParser(target=_NoDoctype())
    try:
        parser.feed(path.read_bytes())
        return parser.close()
    except (ElementTree.ParseError, LookupError) as error:  # LookupError: of an unknown encoding
        raise ValueError(f"it is no XML: {error}") from error


def table_lines(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """The lines of a CSV text that are not blank, each with its number in the file."""
    try:
        reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
        return [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise ValueError(f"{path}: this is no CSV file ({error}).") from error
