"""Reads the released window pickles without running anything that a pickle asks for.

Every name in the pickle stands for a class below that notes with which arguments and state it is
called; afterwards arrays are built from these notes. So no code of NumPy or pandas sees the file
(a forged array could otherwise overwrite memory), and pandas is not needed.
"""

from __future__ import annotations

import pickle
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

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
        with file.open("rb") as stream:
            entries = _Notes(stream).load()
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
    show, clip, flags, table = map(_plain, entry)
    flags, rows = list(map(_plain, flags)), [list(map(_plain, _plain(row))) for row in table]
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


def _plain(value: Any) -> Any:
    """What a note stands for; other values are themselves."""
    return value.value() if isinstance(value, _Note) else value


class _Note:
    """Stands in for what a pickle names: keeps arguments and state and does nothing with them."""

    args: tuple[Any, ...]
    state: Any = None

    def __new__(cls, *args: Any) -> _Note:
        self = super().__new__(cls)
        self.args = args
        return self

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def value(self) -> Any:
        """What is noted, as plain data."""
        raise ValueError(f"{type(self).__name__} where data should be")


class _Bytes(_Note):
    """Bytes in a wrapping, or as text of which each letter is a byte (protocol 2)."""

    def value(self) -> bytes:
        content = _plain(self.args[0])
        if isinstance(content, str):
            return content.encode("latin1")
        return bytes(memoryview(content))  # of a number, bytes() would make that many zeros


class _Slice(_Note):
    def value(self) -> slice:
        return slice(*self.args)


class _DType(_Note):
    def value(self) -> np.dtype:
        """A number, text or object type; others could make NumPy misread memory."""
        code, order = self.args[0], self.state[1] if self.state else "|"
        if code in ("O", "O8"):
            return np.dtype(object)
        if not re.fullmatch(r"b1|[iu][1248]|f[248]|U\d{1,4}", code) or order not in tuple("<>|="):
            raise ValueError(f"an array of type {order}{code}")
        return np.dtype(order + code)


class _Array(_Note):
    """`_reconstruct`: the array is in the state."""

    def value(self) -> np.ndarray:
        _, shape, dtype, fortran, data = self.state
        return _array(data, dtype, shape, "F" if fortran else "C")


class _BufferArray(_Note):
    """`_frombuffer` of protocol 5."""

    def value(self) -> np.ndarray:
        data, dtype, shape, order, *axes = self.args
        if order == "K":  # contiguous in another order of axes
            return _array(data, dtype, shape, "C").transpose(axes[0])
        return _array(data, dtype, shape, order)


class _Scalar(_Note):
    def value(self) -> Any:
        dtype, data = self.args
        return _array(data, dtype, (), "C").item()


def _array(data: Any, dtype: _Note, shape: tuple[int, ...], order: Any) -> np.ndarray:
    kind, data = _plain(dtype), _plain(data)
    if not kind.hasobject:
        return np.frombuffer(data, kind).reshape(shape, order=order)
    flat = np.empty(len(data), dtype=object)
    flat[:] = [_plain(value) for value in data]
    return flat.reshape(shape)  # a list is in C order whatever the order of the memory was


class _Texts(_Note):
    """A column of text in Arrow's memory layout: all letters in a row, and where each text ends."""

    def value(self) -> np.ndarray:
        kind, length, _, start, buffers, *_ = self.state["_pa_array"].args[0]
        (name,) = kind.args
        offsets = {"string": np.int32, "large_string": np.int64}[name]
        ends = np.frombuffer(_plain(buffers[1]), offsets)[start : start + length + 1].tolist()
        letters = _plain(buffers[2])
        texts = [letters[a:b].decode() for a, b in pairwise(ends)]
        return np.array(texts, dtype=object)


class _Maker(_Note):
    """`functools.partial`: what it makes in turn is a block."""

    def __call__(self, *args: Any) -> _Note:
        return _Note(*args)


class _Manager(_Note):
    """What a data frame is inside: blocks of columns of one type."""

    def value(self) -> np.ndarray:
        values, places = zip(*self._blocks(), strict=True)
        columns = np.concatenate([np.atleast_2d(_plain(block)).astype(object) for block in values])
        order = np.concatenate([np.arange(len(columns))[_plain(place)] for place in places])
        return columns[order.argsort()].T

    def _blocks(self) -> list[tuple[Any, Any]]:
        if self.args:  # since pandas 1.3
            return [block.args[:2] for block in self.args[0]]
        blocks = self.state[-1]["0.14.1"]["blocks"]
        return [(block["values"], block["mgr_locs"]) for block in blocks]


class _Frame(_Note):
    def value(self) -> np.ndarray:
        return _plain(self.state["_mgr" if "_mgr" in self.state else "_data"])


_KNOWN: dict[str, type[_Note]] = {
    "_codecs.encode": _Bytes,
    "builtins.bytearray": _Bytes,
    "builtins.slice": _Slice,
    "functools.partial": _Maker,
    "numpy.dtype": _DType,
    "numpy.ndarray": _Note,
    "numpy.core.multiarray._reconstruct": _Array,
    "numpy.core.multiarray.scalar": _Scalar,
    "numpy.core.numeric._frombuffer": _BufferArray,
    "pandas.DataFrame": _Frame,
    "pandas.core.frame.DataFrame": _Frame,
    "pandas.core.internals.managers.BlockManager": _Manager,
    "pandas.core.internals.blocks.new_block": _Note,
    "pandas._libs.internals._unpickle_block": _Note,
    "pandas.core.indexes.base._new_Index": _Note,
    "pandas.Index": _Note,
    "pandas.core.indexes.base.Index": _Note,
    "pandas.core.indexes.numeric.Int64Index": _Note,
    "pandas.RangeIndex": _Note,
    "pandas.core.indexes.range.RangeIndex": _Note,
    "pandas.StringDtype": _Note,
    "pandas.arrays.ArrowStringArray": _Texts,
    "pyarrow.lib._restore_array": _Note,
    "pyarrow.lib.type_for_alias": _Note,
    "pyarrow.lib.py_buffer": _Bytes,
}
"""The names that such pickles use, written by NumPy 1 and 2 and pandas 1.0 to 3.1."""


class _Notes(pickle.Unpickler):
    """Takes notes instead of calling what is named; refuses a name that is not known."""

    def find_class(self, module: str, name: str) -> type[_Note]:
        module = {"__builtin__": "builtins"}.get(module, module).replace(
            "numpy._core", "numpy.core"
        )
        if (known := _KNOWN.get(f"{module}.{name}")) is None:
            raise ValueError(f"it names {module}.{name}, which no table of numbers needs")
        return known
