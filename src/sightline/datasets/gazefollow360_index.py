"""Reads the MATLAB index files of GazeFollow360: a picture, a head and a gaze point in each row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sightline.datasets.pictures import inner_path

FILES = {
    "train": "train_vali_test_data/train_data.mat",
    "val": "train_vali_test_data/vali_data.mat",
    "test": "train_vali_test_data/test_data.mat",
}
FIELDS = {"path": (), "face_box": (2, 2), "gaze": (2,)}
"""Name -> shape of a row: a picture's name, two corners x, y in pixels, and u, v in [0, 1]."""


@dataclass(frozen=True)
class Rows:
    """The R sound rows of an index file as columns; `broken` says what ails the others.

    paths: (R,) of str, below the folder of pictures. heads: (R, 4) XYXY pixels, corners sorted.
    gaze: (R, 2) unit square, u in [0, 1). numbers: (R,) of the row in the file, from 1.
    """

    paths: np.ndarray
    heads: np.ndarray
    gaze: np.ndarray
    numbers: np.ndarray
    broken: list[str]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: np.ndarray) -> Rows:
        """Some of the rows, by mask or index."""
        columns = (self.paths, self.heads, self.gaze, self.numbers)
        return Rows(*(column[rows] for column in columns), broken=self.broken)


def read_rows(root: Path, split: Literal["train", "val", "test"]) -> Rows:
    """Read the index of a split; FileNotFoundError or ValueError if there is none, or it is broken.

    Raises ImportError without scipy (the extra `panorama`).
    """
    file = root / FILES[split]
    if not file.is_file():
        raise FileNotFoundError(
            f"{root} has no {FILES[split]}; give the folder that holds train_vali_test_data and "
            "the pictures."
        )
    fields = _load(file)
    _check_shapes(file, fields)
    boxes, gaze = (fields[name].astype(np.float64) for name in ("face_box", "gaze"))
    paths, numbers, broken = [], [], []
    for number, path in enumerate(fields["path"].tolist(), 1):
        try:
            paths.append(_sound(path.rstrip(), boxes[number - 1], gaze[number - 1]))
        except ValueError as error:
            broken.append(f"{file.name}: row {number}: {error}")
            continue
        numbers.append(number)
    rows = np.array(numbers, dtype=int) - 1
    points = gaze[rows].astype(np.float32)
    points[:, 0] %= 1  # the right edge is the left edge
    heads = np.sort(boxes[rows], axis=1).reshape(-1, 4).astype(np.float32)
    return Rows(np.array(paths, dtype=str), heads, points, rows + 1, broken)


def _load(file: Path) -> dict[str, Any]:
    """The variables of a MATLAB file of version 5 that `FIELDS` names.

    scipy runs nothing: function handles and objects come as arrays of records, which have none of
    the kinds that are asked for afterwards.
    """
    try:
        from scipy.io import loadmat
        from scipy.io.matlab import matfile_version
    except ImportError as error:
        raise ImportError(
            "The index files of GazeFollow360 need scipy: run `pip install 'sightline[panorama]'`."
        ) from error
    try:
        major, _ = matfile_version(file, appendmat=False)
        if major == 1:
            return loadmat(file, appendmat=False, variable_names=list(FIELDS))
    except OSError:
        raise
    except Exception as error:  # on other and damaged files scipy raises nearly everything
        raise ValueError(f"{file} is no MATLAB file, or damaged ({error}).") from error
    was = "7.3 (HDF5)" if major == 2 else "4"
    raise ValueError(
        f"{file} is a MATLAB file of version {was}, the released ones are of version 5; save it "
        "again in MATLAB with `save -v7`."
    )


def _check_shapes(file: Path, fields: dict[str, Any]) -> None:
    """ValueError unless there are as many strings as boxes and points, and at least one."""
    for name, row in FIELDS.items():
        if name not in fields:
            raise ValueError(f"{file} has no field {name}; it must hold {', '.join(FIELDS)}.")
        field, kinds = fields[name], "fiu" if row else "U"
        if not isinstance(field, np.ndarray) or field.dtype.kind not in kinds:
            raise ValueError(f"{file}: the field {name} holds no {'numbers' if row else 'text'}.")
        if field.ndim == 0 or field.shape[1:] != row:
            wanted = " x ".join(["N", *map(str, row)])
            told = " x ".join(map(str, field.shape))
            raise ValueError(f"{file}: the field {name} must be {wanted}, not {told}.")
    lengths = [len(fields[name]) for name in FIELDS]
    if min(lengths) != max(lengths) or not max(lengths):
        told = ", ".join(f"{n} of {name}" for n, name in zip(lengths, FIELDS, strict=True))
        raise ValueError(f"{file}: the fields must have equally many rows, at least one: {told}.")


def _sound(path: str, box: np.ndarray, gaze: np.ndarray) -> str:
    """The picture's path of a row; ValueError says what is wrong with the row."""
    if not np.isfinite(box).all():
        raise ValueError(f"face_box is {box.tolist()}, not four numbers")
    if (box[0] == box[1]).any():
        raise ValueError(f"face_box is {box.tolist()}, which has no area")
    if not ((gaze >= 0) & (gaze <= 1)).all():
        raise ValueError(f"gaze is {gaze.tolist()}, not two numbers in [0, 1]")
    return inner_path(path)
