"""What all files of boxes have in common: columns, records, numbers, names of pictures."""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

IMAGE = ("image", "file", "file_name", "filename", "path", "frame")
SCORE = ("score", "confidence")
EDGES = {
    "x_min": ("x_min", "xmin", "x1", "left"),
    "y_min": ("y_min", "ymin", "y1", "top"),
    "x_max": ("x_max", "xmax", "x2", "right"),
    "y_max": ("y_max", "ymax", "y2", "bottom"),
}
"""The names that a column may have: of the picture, of the score, and of each edge of a box."""
BOX = tuple(EDGES)


def number_in(name: str) -> int | None:
    """The number that the name of a picture ends with, before its suffix: 12 of clip_0012.jpg."""
    found = re.search(r"(\d+)(\.[a-z]\w*)?$", name, re.IGNORECASE)
    return int(found[1]) if found else None


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
