"""Reads the released window pickles without running anything that a pickle asks for.

Every name in the pickle stands for a class that takes notes (`pickle_notes`), some of them below.
So no code of NumPy or pandas sees the file, and pandas is not needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from sightline.datasets.pickle_notes import NUMPY, Bytes, Note, load_notes, plain

SIZE, COLUMNS = 5, 7


@dataclass(frozen=True)
class Windows:
    """W windows of five frames of one head.

    folders: (W,) show/clip. counted: (W, 5) frames that no earlier window covers. pictures: (W, 5)
    file names. values: (W, 5, 6) head box and gaze in pixels as annotated.
    """

    folders: np.ndarray
    counted: np.ndarray
    pictures: np.ndarray
    values: np.ndarray


def read_window_pickle(file: Path) -> Windows:
    """The windows in a pickled list of (show, clip, five flags, table of 5 rows and 7 columns).

    The tables may be data frames of pandas 1 to 3, arrays or lists. Raises ValueError, naming the
    entry, for anything else.
    """
    try:
        entries = load_notes(file, _KNOWN)
    except Exception as error:  # damaged pickles raise nearly everything
        raise ValueError(f"{file} is no pickle of windows: {error}") from error
    if not isinstance(entries, list) or not entries:
        raise ValueError(f"{file} holds no list of windows; give the released sequences.")
    windows = []
    for number, entry in enumerate(entries):
        try:
            windows.append(_window(entry))
        except Exception as error:
            raise ValueError(f"{file}: entry {number} is no window: {error}") from error
    return Windows(*map(np.array, zip(*windows, strict=True)))


def _window(entry: Any) -> tuple[str, list[bool], list[str], list[list[float]]]:
    if not isinstance(entry, tuple | list) or len(entry) != 4:
        raise ValueError("it is not (show, clip, flags, table)")
    show, clip, flags, table = map(plain, entry)
    flags, rows = list(map(plain, flags)), [list(map(plain, plain(row))) for row in table]
    if not isinstance(show, str) or not isinstance(clip, str):
        raise ValueError(f"show and clip are {show!r} and {clip!r}, not text")
    if len(flags) != SIZE or not all(flag in (0, 1) for flag in flags):
        raise ValueError(f"its flags are {flags}, not five times 0 or 1")
    if len(rows) != SIZE or any(len(row) != COLUMNS for row in rows):
        raise ValueError(f"its table has not {SIZE} rows and {COLUMNS} columns")
    pictures = [row[0] for row in rows]
    if not all(isinstance(picture, str) for picture in pictures):
        raise ValueError("the first column of its table is not text")
    values = [[float(value) for value in row[1:]] for row in rows]
    if not np.isfinite(values).all():
        raise ValueError("a number in its table is not finite")
    return f"{show}/{clip}", [bool(flag) for flag in flags], pictures, values


class _Slice(Note):
    def value(self) -> slice:
        return slice(*self.args)


class _Texts(Note):
    """A column of text in Arrow's memory layout: all letters in a row, and where each text ends."""

    def value(self) -> np.ndarray:
        kind, length, _, start, buffers, *_ = self.state["_pa_array"].args[0]
        (name,) = kind.args
        offsets = {"string": np.int32, "large_string": np.int64}[name]
        ends = np.frombuffer(plain(buffers[1]), offsets)[start : start + length + 1].tolist()
        letters = plain(buffers[2])
        texts = [letters[a:b].decode() for a, b in pairwise(ends)]
        return np.array(texts, dtype=object)


class _Maker(Note):
    """`functools.partial`: what it makes in turn is a block."""

    def __call__(self, *args: Any) -> Note:
        return Note(*args)


class _Manager(Note):
    """What a data frame is inside: blocks of columns of one type."""

    def value(self) -> np.ndarray:
        values, places = zip(*self._blocks(), strict=True)
        columns = np.concatenate([np.atleast_2d(plain(block)).astype(object) for block in values])
        order = np.concatenate([np.arange(len(columns))[plain(place)] for place in places])
        return columns[order.argsort()].T

    def _blocks(self) -> list[tuple[Any, Any]]:
        if self.args:  # since pandas 1.3
            return [block.args[:2] for block in self.args[0]]
        blocks = self.state[-1]["0.14.1"]["blocks"]
        return [(block["values"], block["mgr_locs"]) for block in blocks]


class _Frame(Note):
    def value(self) -> np.ndarray:
        return plain(self.state["_mgr" if "_mgr" in self.state else "_data"])


_KNOWN: dict[str, type[Note]] = {
    **NUMPY,
    "builtins.slice": _Slice,
    "functools.partial": _Maker,
    "pandas.DataFrame": _Frame,
    "pandas.core.frame.DataFrame": _Frame,
    "pandas.core.internals.managers.BlockManager": _Manager,
    "pandas.core.internals.blocks.new_block": Note,
    "pandas._libs.internals._unpickle_block": Note,
    "pandas.core.indexes.base._new_Index": Note,
    "pandas.Index": Note,
    "pandas.core.indexes.base.Index": Note,
    "pandas.core.indexes.numeric.Int64Index": Note,
    "pandas.RangeIndex": Note,
    "pandas.core.indexes.range.RangeIndex": Note,
    "pandas.StringDtype": Note,
    "pandas.arrays.ArrowStringArray": _Texts,
    "pyarrow.lib._restore_array": Note,
    "pyarrow.lib.type_for_alias": Note,
    "pyarrow.lib.py_buffer": Bytes,
}
"""The names that such pickles use, written by NumPy 1 and 2 and pandas 1.0 to 3.1."""
