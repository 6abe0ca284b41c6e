"""What a worker process does first: one thread, and memory that is kept for the next picture."""

from __future__ import annotations

import ctypes

import torch

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3  # of glibc's mallopt
LARGE, SPARE = 1 << 25, 1 << 26  # bytes; glibc takes no larger threshold than the first


def begin_worker(_: int = 0) -> None:
    """Start a rendering or loading worker: those with spinning threads starve one another."""
    torch.set_num_threads(1)
    keep_memory()


def keep_memory() -> None:
    """Keep freed memory instead of returning it: to get it anew takes a fifth of a rendering.

    With glibc; elsewhere nothing changes.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    for option, value in ((MMAP_THRESHOLD, LARGE), (TRIM_THRESHOLD, 1 << 30), (TOP_PAD, SPARE)):
        mallopt(option, value)
