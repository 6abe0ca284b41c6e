"""Which frames a model that reads a fixed number of them sees together."""

from __future__ import annotations

import numpy as np


def windows(length: int, size: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Cut `length` frames in a row into windows: frames (W, size) int, counted (W, size) bool.

    The windows follow one another; if they do not come out even, the last one is the last `size`
    frames, of which only the new ones are counted. A run shorter than `size` repeats its last
    frame, uncounted: every frame is counted exactly once.
    """
    new = np.arange(0, length, size)[:, None]
    frames = np.minimum(new, max(length - size, 0)) + np.arange(size)
    counted = (frames >= new) & (frames < length)
    return np.minimum(frames, length - 1), counted
