"""Threads and memory of processes that load or render pictures."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import torch

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD = -1, -2, -3  # of glibc's mallopt
LARGE, SPARE = 1 << 25, 1 << 26  # bytes; glibc takes no larger threshold than the first


def begin_worker(_: int = 0) -> None:
    """Start a rendering or loading worker: those with spinning threads starve one another."""
    torch.set_num_threads(1)
    keep_memory()


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread; the last bit can depend on how many there are."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


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
