"""Arrays as plain data for JSON, without torch; `sightline.plain` is the same of tensors."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np


def array_to_plain(array: np.ndarray) -> list[Any]:
    """Nested lists; floats as float32 in the fewest digits that keep them, None if not finite."""
    if not np.issubdtype(array.dtype, np.floating):
        return array.tolist()
    flat = array.astype(np.float32).ravel()
    shortest = [float(str(v)) if math.isfinite(v) else None for v in flat]
    return np.array(shortest, dtype=object).reshape(array.shape).tolist()


def pack_array(array: np.ndarray) -> dict[str, Any]:
    """Shape, dtype and data: little-endian float16 in row-major order, base64."""
    text = base64.b64encode(array.astype("<f2").tobytes()).decode("ascii")
    return {"shape": list(array.shape), "dtype": "float16", "data": text}
