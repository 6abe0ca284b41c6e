"""Reads the released annotation pickles of GOO without running anything that a pickle asks for.

A file is a pickled list of dicts, one per picture, with arrays of NumPy 1 or 2 in them.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from sightline.datasets.goo_records import COLUMNS, GooRecords
from sightline.datasets.pickle_notes import NUMPY, Note, load_notes, plain
from sightline.datasets.pictures import inner_path
from sightline.goo_classes import HEAD

SIZE = ("width", "height")
GAZE = ("hx", "hy", "gaze_cx", "gaze_cy", "gazeIdx")
LARGEST = 1e6  # nothing measured in pixels is larger

Record = tuple[str, np.ndarray, np.ndarray, list[float]]


def read_goo_pickle(file: Path) -> GooRecords:
    """The records of a released file; those that break the schema are left out, with a sentence.

    Records without any of the keys of gaze hold boxes only. Raises ValueError when the file is no
    such list, asks for something else than arrays of numbers, or has no readable record.
    """
    try:
        entries = load_notes(file, NUMPY)
    except Exception as error:  # damaged pickles raise nearly everything
        why = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{file} is no pickle of GOO's annotations: {why}") from error
    if not isinstance(entries, list) or not entries:
        raise ValueError(f"{file} holds no list of records; give the released annotations.")
    records, numbers, broken = [], [], []
    for number, entry in enumerate(entries):
        try:
            records.append(_record(entry))
            numbers.append(number)
        except Exception as error:  # so do forged arrays
            broken.append(f"{file.name}: record {number}: {error or type(error).__name__}")
        entries[number] = None  # a list of 172,800 takes gigabytes
    if not records:
        raise ValueError(f"{file} has no readable record ({broken[0]}).")
    return _columns(records, numbers, broken)


def _columns(records: list[Record], numbers: list[int], broken: list[str]) -> GooRecords:
    files, boxes, labels, values = zip(*records, strict=True)
    ends = np.cumsum([len(rows) for rows in boxes])
    table = np.array(values)
    gaze = table[:, 4:6]
    gaze[(gaze == -1).all(axis=1)] = np.nan
    columns = {
        "numbers": numbers,
        "sizes": table[:, 0:2],
        "starts": ends - [len(rows) for rows in boxes],
        "ends": ends,
        "boxes": np.concatenate(boxes),
        "labels": np.concatenate(labels),
        "eyes": table[:, 2:4],
        "gaze": gaze,
        "gaze_rows": table[:, 6],
        "gaze_items": table[:, 7],
        "occluded": table[:, 8],
    }
    typed = {name: np.asarray(column, COLUMNS[name][0]) for name, column in columns.items()}
    return GooRecords(files=np.array(files), **typed, broken=broken)


def _record(entry: Any) -> Record:
    """The file's name, boxes, labels and numbers of one record; ValueError says what is wrong."""
    if not isinstance(entry, dict):
        raise ValueError("it is no dict")
    boxes, labels = _objects(entry.get("ann"))
    values = [_number(entry, key) for key in SIZE]
    if min(values) <= 0:
        raise ValueError(f"its size is {values[0]:g} x {values[1]:g}")
    if any(key in entry for key in GAZE):
        values += [_number(entry, key) for key in GAZE]
        if values[-1] not in range(-1, len(boxes)):
            raise ValueError(f"gazeIdx is {values[-1]:g}, and there are {len(boxes)} boxes")
    else:
        values += [math.nan] * 4 + [-1]
    values += [_choice(entry, "gaze_item", range(-1, HEAD)), _choice(entry, "occluded", (0, 1))]
    return inner_path(entry.get("filename")), boxes, labels, values


def _objects(ann: Any) -> tuple[np.ndarray, np.ndarray]:
    """Boxes (N, 4) float32 and labels (N,) int16 of what a record holds as `ann`."""
    if not isinstance(ann, dict):
        raise ValueError("it has no ann with bboxes and labels")
    boxes, labels = _array(ann, "bboxes"), _array(ann, "labels")
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"bboxes have the shape {boxes.shape}, not (boxes, 4)")
    if labels.shape != boxes.shape[:1]:
        raise ValueError(f"there are {len(boxes)} boxes and labels of the shape {labels.shape}")
    if not (np.abs(boxes) < LARGEST).all():  # also false for what is not finite
        raise ValueError("a coordinate of its boxes is no number of pixels")
    labels = np.where(labels == -1, HEAD, labels)  # GOO-Real writes -1 for the head
    known = (labels >= 1) & (labels <= HEAD) & (labels % 1 == 0)
    if (unknown := labels[~known]).size:
        raise ValueError(f"a label is {unknown[0]}; the classes of GOO are 1 to {HEAD}")
    if not labels.size or labels[-1] != HEAD:
        raise ValueError("its last box is no head (label 25 or -1)")
    return boxes.astype(np.float32), labels.astype(np.int16)


def _array(ann: dict[Any, Any], key: str) -> np.ndarray:
    value = plain(ann.get(key))
    array = np.array(value, float) if isinstance(value, list) else value
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf":
        raise ValueError(f"{key} are no array of numbers")
    return array


def _number(entry: dict[Any, Any], key: str) -> float:
    if key not in entry:
        raise ValueError(f"it has no {key}")
    value = plain(entry[key])
    if type(value) not in (int, float) or not abs(value) < LARGEST:
        raise ValueError(f"{key} is {_short(value)}, not a number of pixels")
    return float(value)


def _choice(entry: dict[Any, Any], key: str, known: range | tuple[int, ...]) -> float:
    """One of the known values, or -1 where the key is not there."""
    if key not in entry:
        return -1
    if (value := plain(entry[key])) not in known:
        raise ValueError(f"{key} is {_short(value)}, not from {min(known)} to {max(known)}")
    return float(value)


def _short(value: Any) -> str:
    return type(value).__name__ if isinstance(value, Note) else f"{value!r:.40}"
