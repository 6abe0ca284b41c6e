"""The columns of a film's table that are needed here, from CSV or Parquet."""

from __future__ import annotations

import csv
from array import array
from collections.abc import Sequence
from pathlib import Path

import numpy as np

NUMBERS = (
    *("frame", "time", "track", "image_width", "image_height"),
    *("head_x_min", "head_y_min", "head_x_max", "head_y_max", "gaze_x", "gaze_y", "inside"),
)
"""The columns with numbers that are needed; their cells may be empty."""
PERHAPS = ("gaze_yaw",)
"""The columns with numbers that older tables do not have."""
TEXTS = ("name", "gaze_object")
"""The columns with text that are used if the table has them."""


def read_columns(path: Path) -> tuple[dict[str, np.ndarray], dict[str, list[str]]]:
    """The columns with numbers, NaN for an empty cell, and those with text; what may lack may lack.

    Raises ValueError saying which column or line is wrong.
    """
    return _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)


def _read_csv(path: Path) -> tuple[dict[str, np.ndarray], dict[str, list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            _check_columns(header)
            texts = {name: [] for name in TEXTS if name in header}
            numbers = {name: array("d") for name in _numbers(header)}  # compact: 10^5 rows and more
            columns = [(header.index(name), column) for name, column in texts.items()]
            measures = [(header.index(name), column) for name, column in numbers.items()]
            for cells in filter(None, reader):
                if len(cells) != len(header):
                    raise ValueError(f"line {reader.line_num} has {len(cells)} cells.")
                for index, column in columns:
                    column.append(cells[index])
                _add_numbers(cells, measures, header, reader.line_num)
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"this is no CSV file in UTF-8 ({error}).") from error
    return {name: np.array(column) for name, column in numbers.items()}, texts


def _add_numbers(
    cells: Sequence[str], columns: Sequence[tuple[int, array]], header: Sequence[str], line: int
) -> None:
    for index, column in columns:
        try:
            column.append(float(cells[index] or "nan"))
        except ValueError as error:
            where = f"line {line}, {header[index]}"
            raise ValueError(f"{where}: {cells[index]!r} is not a number.") from error


def _read_parquet(path: Path) -> tuple[dict[str, np.ndarray], dict[str, list[str]]]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError("Parquet needs pyarrow: pip install 'sightline[table]'.") from error
    try:
        header = pyarrow.parquet.read_schema(path).names
        _check_columns(header)
        given = [name for name in TEXTS if name in header]
        table = pyarrow.parquet.read_table(path, columns=[*_numbers(header), *given])
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"this is no Parquet file ({error}).") from error
    numbers = {name: table[name].cast(pyarrow.float64()).to_numpy() for name in _numbers(header)}
    texts = {name: [cell or "" for cell in table[name].to_pylist()] for name in given}
    return numbers, texts


def _numbers(header: Sequence[str]) -> list[str]:
    return [*NUMBERS, *(name for name in PERHAPS if name in header)]


def _check_columns(header: Sequence[str]) -> None:
    missing = [name for name in NUMBERS if name not in header]
    if missing:
        raise ValueError(
            f"the columns {', '.join(missing)} are missing; give the table, separated by commas, "
            "that `sightline predict` writes for a film."
        )
