"""The splits of the released data sets, and what of the training is held out for validation."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

import numpy as np

Split = Literal["train", "val", "test", "trainval"]
"""Of a release that has two parts; "trainval" is its training part, "train" and "val" share it."""
SEPARATE = ("train", "val", "test")
"""Splits that share no picture."""
Part = Literal["train", "test"]
"""Of a release."""
PARTS: tuple[Part, ...] = get_args(Part)


def released_part(dataset: str, split: str) -> Part:
    """The part that a split is taken from; ValueError for an unknown one."""
    require_split(dataset, split, get_args(Split))
    return "test" if split == "test" else "train"


def require_split(dataset: str, split: str, known: Iterable[str]) -> None:
    """Raise ValueError for a split that a dataset does not have."""
    if split not in known:
        raise ValueError(f"{dataset} has no split {split!r}; known are {', '.join(known)}.")


def empty_split(split: str, root: Path) -> ValueError:
    """The error for a split in which there is nothing."""
    return ValueError(f"The split {split!r} of {root} is empty; give a larger set.")


def held_out_pictures(paths: np.ndarray) -> np.ndarray:
    """(R,) which pictures are for validation: about one in twenty, by a checksum of the path."""
    return np.array([zlib.crc32(path.encode()) % 20 == 0 for path in paths.tolist()], dtype=bool)


def held_out_shows(shows: np.ndarray) -> np.ndarray:
    """(N,) which sequences are for validation: those of one show in twenty, at least one.

    They are the shows with the lowest checksum of their name.
    """
    ranked = sorted(set(shows.tolist()), key=lambda show: (zlib.crc32(show.encode()), show))
    return np.isin(shows, ranked[: max(len(ranked) // 20, 1)])
