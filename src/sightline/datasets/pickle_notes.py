"""Reads pickles without running anything that they ask for: every name in one takes notes.

A name in the pickle stands for a class below (or one of the reader's) that notes with which
arguments and state it is called; afterwards arrays are built from these notes. So no code of NumPy
sees the file: a forged array could otherwise overwrite memory.
"""

from __future__ import annotations

import gc
import pickle
import re
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np


def plain(value: Any) -> Any:
    """What a note stands for; other values are themselves."""
    return value.value() if isinstance(value, Note) else value


class Note:
    """Stands in for what a pickle names: keeps arguments and state and does nothing with them."""

    args: tuple[Any, ...]
    state: Any = None

    def __new__(cls, *args: Any) -> Note:
        """Note the arguments of a call."""
        self = super().__new__(cls)
        self.args = args
        return self

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def value(self) -> Any:
        """What is noted, as plain data."""
        raise ValueError(f"{type(self).__name__} where data should be")


class Bytes(Note):
    """Bytes in a wrapping, or as text of which each letter is a byte (protocol 2)."""

    def value(self) -> bytes:
        """The bytes."""
        content = plain(self.args[0])
        if isinstance(content, str):
            return content.encode("latin1")
        return bytes(memoryview(content))  # of a number, bytes() would make that many zeros


class DType(Note):
    """The type of an array."""

    def value(self) -> np.dtype:
        """A number, text or object type; others could make NumPy misread memory."""
        code, order = self.args[0], self.state[1] if self.state else "|"
        if code in ("O", "O8"):
            return np.dtype(object)
        if not re.fullmatch(r"b1|[iu][1248]|f[248]|U\d{1,4}", code) or order not in tuple("<>|="):
            raise ValueError(f"an array of type {order}{code}")
        return np.dtype(order + code)


class Array(Note):
    """`_reconstruct`: the array is in the state."""

    def value(self) -> np.ndarray:
        """The array."""
        _, shape, dtype, fortran, data = self.state
        return array(data, dtype, shape, "F" if fortran else "C")


class BufferArray(Note):
    """`_frombuffer` of protocol 5."""

    def value(self) -> np.ndarray:
        """The array."""
        data, dtype, shape, order, *axes = self.args
        if order == "K":  # contiguous in another order of axes
            return array(data, dtype, shape, "C").transpose(axes[0])
        return array(data, dtype, shape, order)


class Scalar(Note):
    """A number of NumPy."""

    def value(self) -> Any:
        """The number."""
        dtype, data = self.args
        return array(data, dtype, (), "C").item()


def array(data: Any, dtype: Note, shape: tuple[int, ...], order: Any) -> np.ndarray:
    """An array over noted bytes, or of noted objects; ValueError if the bytes do not fill it."""
    kind, data = plain(dtype), plain(data)
    if not kind.hasobject:
        return np.frombuffer(data, kind).reshape(shape, order=order)
    flat = np.empty(len(data), dtype=object)
    flat[:] = [plain(value) for value in data]
    return flat.reshape(shape)  # a list is in C order whatever the order of the memory was


NUMPY: dict[str, type[Note]] = {
    "_codecs.encode": Bytes,
    "builtins.bytearray": Bytes,
    "numpy.dtype": DType,
    "numpy.ndarray": Note,
    "numpy.core.multiarray._reconstruct": Array,
    "numpy.core.multiarray.scalar": Scalar,
    "numpy.core.numeric._frombuffer": BufferArray,
}
"""The names that arrays and numbers of NumPy 1 and 2 use, in pickles of protocol 2 to 5."""


def load_notes(file: Path, known: dict[str, type[Note]]) -> Any:
    """What is pickled in `file`, notes in place of all that it names.

    Raises ValueError for a name that is not `known`, and whatever else damaged pickles raise.
    """
    collecting = gc.isenabled()
    gc.disable()  # it would go through all that is read over and over, and find nothing
    try:
        with file.open("rb") as stream:
            return _Notes(stream, known).load()
    finally:
        if collecting:
            gc.enable()


class _Notes(pickle.Unpickler):
    """Takes notes instead of calling what is named; refuses a name that is not known."""

    def __init__(self, stream: BinaryIO, known: dict[str, type[Note]]) -> None:
        super().__init__(stream)
        self.known = known

    def find_class(self, module: str, name: str) -> type[Note]:
        module = module.replace("__builtin__", "builtins").replace("numpy._core", "numpy.core")
        if (known := self.known.get(f"{module}.{name}")) is None:
            raise ValueError(f"it names {module}.{name}, which no table of numbers needs")
        return known
