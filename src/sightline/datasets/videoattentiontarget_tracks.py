"""Reads the head tracks of VideoAttentionTarget, or the released windows of them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from sightline.datasets.sequences import Sequences
from sightline.datasets.window_pickles import read_window_pickle

COLUMNS = ("picture", "head x_min", "head y_min", "head x_max", "head y_max", "gaze x", "gaze y")


def read_tracks(root: Path, part: str) -> Sequences:
    """Parse all track files of the part "train" or "test".

    Raises FileNotFoundError or ValueError where there is none.
    """
    folder = root / "annotations" / part
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{root} has no folder annotations/{part}; give the folder that holds images/ and "
            "annotations/."
        )
    tracks, names, broken = [], [], []
    for file in sorted(folder.glob("*/*/s*.txt")):
        rows, faults = _read_track(file)
        broken += [f"{file.relative_to(root)}:{fault}" for fault in faults]
        if rows:
            tracks.append(rows)
            names.append(file.relative_to(folder).as_posix())
    if not tracks:
        why = broken[0] if broken else "there is no file SHOW/CLIP/sNN.txt"
        raise ValueError(f"{folder} has no readable track ({why}).")
    lines, pictures, values = zip(*(row for rows in tracks for row in rows), strict=True)
    heads, gaze = heads_and_gaze(np.array(values))
    return Sequences(
        names=np.array(names),
        ends=np.cumsum([len(rows) for rows in tracks]),
        pictures=np.array(pictures),
        heads=heads,
        gaze=gaze,
        counted=np.ones(len(lines), dtype=bool),
        lines=np.array(lines),
        broken=broken,
    )


def _read_track(file: Path) -> tuple[list[tuple[int, str, list[float]]], list[str]]:
    """Line number, picture and six numbers of each readable line; what ails the others."""
    rows, faults, seen = [], [], set()
    text = file.read_text(encoding="utf-8-sig", errors="replace")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            picture, values = _row(line.split(","), seen)
        except ValueError as error:
            faults.append(f"{number}: {error}")
            continue
        seen.add(picture)
        rows.append((number, picture, values))
    return rows, faults


def _row(cells: list[str], seen: set[str]) -> tuple[str, list[float]]:
    """The picture and the numbers of a line; ValueError says what is wrong."""
    if len(cells) < len(COLUMNS):
        raise ValueError(f"{len(cells)} columns where {len(COLUMNS)} are needed")
    picture = cells[0].strip()
    if picture in seen:
        raise ValueError(f"column 1 (picture) repeats {picture}")
    values = []
    for column, cell in enumerate(cells[1 : len(COLUMNS)], start=1):
        try:
            values.append(float(cell))
        except ValueError:
            values.append(math.nan)
        if not math.isfinite(values[-1]):
            raise ValueError(f"column {column + 1} ({COLUMNS[column]}) is {cell!r}, not a number")
    return picture, values


def heads_and_gaze(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heads (R, 4) and gaze (R, 2), NaN for outside, of six annotated numbers (R, 6).

    A gaze of (-1, -1) is outside; another negative coordinate is taken as 0, as in the release, and
    one beyond the right or bottom edge is kept.
    """
    heads, gaze = np.split(values.astype(np.float32), [4], axis=1)
    outside = (gaze == -1).all(1, keepdims=True)
    return heads, np.where(outside, np.float32(np.nan), gaze.clip(min=0))


def find_pickle(root: Path, part: str) -> Path | None:
    """The file `*train*.pkl` or `*test*.pkl` in the folder, if there is one.

    Raises ValueError if there are several.
    """
    found = sorted(root.glob(f"*{part}*.pkl"))
    if len(found) > 1:
        names = ", ".join(file.name for file in found)
        raise ValueError(f"{root} holds {names}; leave the one whose windows are to be used.")
    return found[0] if found else None


def read_pickled_windows(file: Path) -> Sequences:
    """The windows of a released pickle; each is named show/clip/number. Raises ValueError."""
    found = read_window_pickle(file)
    count, size = found.counted.shape
    heads, gaze = heads_and_gaze(found.values.reshape(-1, 6))
    return Sequences(
        names=np.array([f"{folder}/{i:05d}" for i, folder in enumerate(found.folders.tolist())]),
        ends=np.arange(1, count + 1) * size,
        pictures=found.pictures.ravel(),
        heads=heads,
        gaze=gaze,
        counted=found.counted.ravel(),
        lines=np.tile(np.arange(1, size + 1), count),
        broken=[],
    )
