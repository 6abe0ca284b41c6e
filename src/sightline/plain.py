"""Tensors as plain data for JSON, and back: short nested lists, large arrays packed."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sightline.plain_arrays import array_to_plain, pack_array


def to_plain(values: Tensor) -> list[Any]:
    """Nested lists; floats as float32 in the fewest digits that keep them, None if not finite."""
    exact = values.float() if values.is_floating_point() else values
    return array_to_plain(exact.numpy(force=True))


def from_plain(name: str, values: Any, row: tuple[int, ...], *, whole: bool = False) -> Tensor:
    """Nested lists as a tensor (N, *row), float32 or, if `whole`, int64; None becomes NaN.

    Raises ValueError with `name` for other shapes and for what are not numbers.
    """
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is not a list of equally long rows of numbers.") from error
    if array.shape == (0,):
        array = array.reshape(0, *row)
    if array.ndim != 1 + len(row) or array.shape[1:] != row:
        raise ValueError(f"{name} has shape {array.shape}; it must be (N, *{row}).")
    if not whole:
        return torch.from_numpy(array).float()
    if (array % 1 != 0).any():
        raise ValueError(f"{name} has a value that is not a whole number.")
    return torch.from_numpy(array).long()


def pack_half(values: Tensor) -> dict[str, Any]:
    """Shape, dtype and data: little-endian float16 in row-major order, base64."""
    return pack_array(values.half().numpy(force=True))


def unpack_half(name: str, packed: Any) -> Tensor:
    """The reverse of `pack_half`, as float32; ValueError with `name` if it cannot be."""
    try:
        if packed["dtype"] != "float16":
            raise ValueError(f"dtype is {packed['dtype']!r}")
        array = np.frombuffer(base64.b64decode(packed["data"], validate=True), dtype="<f2")
        return torch.from_numpy(array.reshape(packed["shape"]).astype(np.float32))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must have a shape, the dtype float16 and as much base64 data as the shape "
            f"says ({error})."
        ) from error
