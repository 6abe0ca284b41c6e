"""What all files of boxes have in common: text, lines, records, numbers, names of pictures."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Container, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

BOX = ("x_min", "y_min", "x_max", "y_max")


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


def table_lines(path: Path, text: str) -> list[tuple[int, list[str]]]:
    """The lines of a CSV text that are not blank, each with its number in the file."""
    try:
        reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
        return [(reader.line_num, cells) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise ValueError(f"{path}: this is no CSV file ({error}).") from error


def table_records(
    path: Path, lines: list[tuple[int, list[str]]]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Where each line below the header is, and its cells by column."""
    (_, header), *rows = lines
    for number, cells in rows:
        where = f"{path}, line {number}"
        if len(cells) < len(header):
            raise ValueError(f"{where}: {len(cells)} columns, but the header has {len(header)}.")
        yield where, dict(zip(header, cells, strict=False))


def columns_of(record: Mapping[str, Any], columns: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """The values of a record by our `columns`, each of which may have several names; else None."""
    given = {str(key).strip().lower(): value for key, value in record.items()}
    return {
        column: next((given[name] for name in names if name in given), None)
        for column, names in columns.items()
    }


def four_numbers(where: str, box: Any) -> list[float]:
    """The numbers of a box."""
    numbers = [number_of(where, value) for value in box]
    if len(numbers) != 4:
        raise ValueError(f"{where}: a box has 4 numbers, not {len(numbers)}.")
    return numbers


def number_of(where: str, value: Any) -> float:
    """A finite number of a size that a picture can have; ValueError if it is none."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not abs(number) < 1e9:  # NaN and infinity as well
        raise ValueError(f"{where}: {value!r} is not a usable number.")
    return number


def is_number(cell: str) -> bool:
    """Whether a cell holds a finite number."""
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def corners_of(where: str, box: Any) -> list[float]:
    """A box of corner, width and height by its two corners."""
    values = [number_of(where, value) for value in box]
    return [*values[:2], *(low + size for low, size in zip(values, values[2:], strict=False))]


def picture_name(image: str) -> str:
    """The name that a file gives to a picture, with / between folders."""
    path = image.strip().replace("\\", "/").lstrip("/")
    return PurePosixPath(path).as_posix() if path else ""


def fitting_name(path: str | Path, names: Container[str]) -> str | None:
    """Which of the `names` that a file gives to pictures fits the picture at a path.

    A name fits when it is the end of the path, with or without the suffix: "photo",
    "photo.jpg" and "b/photo.jpg" fit "a/b/photo.jpg". The longest is taken.
    """
    parts = Path(path).absolute().parts[1:]
    ends = [PurePosixPath(*parts[start:]) for start in range(len(parts))]
    candidates = [str(name) for end in ends for name in (end, end.with_suffix(""))]
    return next((name for name in candidates if name in names), None)
