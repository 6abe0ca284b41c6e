"""The annotations of GOO as columns, and the file of ours that holds them: safe and fast to read.

The file is safetensors: memory-mapped, so that opening it takes no time and worker processes share
it, and nothing in it can be run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

KIND = "goo-records"
NAMES = "files"  # text is stored as its letters, a line per name


@dataclass(frozen=True)
class GooRecords:
    """R records of one picture and one person each; `broken` says what ails those left out.

    Coordinates are pixels of a frame of 640 x 480, whatever the size of the picture. The boxes of
    record i are the rows `starts[i]` to `ends[i]` of `boxes`; the last of them is the head.

    files: (R,) names relative to the folder of pictures. numbers: (R,) place in the released list.
    sizes: (R, 2) width and height that the record gives. boxes: (M, 4) XYXY. labels: (M,) 1 to 25.
    eyes, gaze: (R, 2), NaN where not given. gaze_rows: (R,) row of the gazed object among the
    record's boxes, -1 if it is not visible. gaze_items: (R,) its class, -1 if unknown.
    occluded: (R,) 1 or 0, -1 if unknown.
    """

    files: np.ndarray
    numbers: np.ndarray
    sizes: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    eyes: np.ndarray
    gaze: np.ndarray
    gaze_rows: np.ndarray
    gaze_items: np.ndarray
    occluded: np.ndarray
    broken: list[str]

    def __len__(self) -> int:
        """The number of records."""
        return len(self.files)

    def __getitem__(self, records: np.ndarray) -> GooRecords:
        """Some of the records, by mask or index; the boxes are shared, not copied."""
        per_record = set(COLUMNS) - {"boxes", "labels"} | {NAMES}
        return replace(self, **{name: getattr(self, name)[records] for name in per_record})

    @property
    def labelled(self) -> np.ndarray:
        """(R,) which records say where the person looks, or that nobody knows."""
        return ~np.isnan(self.eyes[:, 0])


COLUMNS: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
    "numbers": (np.int32, ()),
    "sizes": (np.int32, (2,)),
    "starts": (np.int64, ()),
    "ends": (np.int64, ()),
    "boxes": (np.float32, (4,)),
    "labels": (np.int16, ()),
    "eyes": (np.float32, (2,)),
    "gaze": (np.float32, (2,)),
    "gaze_rows": (np.int32, ()),
    "gaze_items": (np.int16, ()),
    "occluded": (np.int8, ()),
}
"""Type and shape of a row of every column of numbers."""


def write_records(file: Path, records: GooRecords) -> None:
    """Write records as one file of ours, complete or not at all; one of that name is replaced."""
    tensors = {
        name: torch.from_numpy(np.ascontiguousarray(getattr(records, name))) for name in COLUMNS
    }
    letters = "\n".join(records.files.tolist()).encode()
    tensors[NAMES] = torch.frombuffer(bytearray(letters), dtype=torch.uint8)
    unfinished = file.with_name(f".{file.name}.part")
    header = {"kind": KIND, "broken": json.dumps(records.broken)}
    save_file(tensors, unfinished, metadata=header)
    unfinished.replace(file)


def read_records(file: Path) -> GooRecords:
    """The records in a file that `write_records` wrote; ValueError if it is another or damaged."""
    try:
        with safe_open(file, framework="pt") as stored:
            header = stored.metadata() or {}
            if header.get("kind") != KIND:
                raise ValueError("it is of another kind")
            columns = {name: stored.get_tensor(name).numpy() for name in [*COLUMNS, NAMES]}
        columns[NAMES] = np.array(columns[NAMES].tobytes().decode().split("\n"))
        records = GooRecords(**columns, broken=json.loads(header["broken"]))
        _validate(records)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ValueError(
            f"{file} holds no annotations of GOO that sightline wrote ({error}); remove it and "
            "convert the released pickles again."
        ) from error
    return records


def _validate(records: GooRecords) -> None:
    """ValueError unless every column has its type and length and boxes are where they should."""
    for name, (dtype, row) in COLUMNS.items():
        column, rows = getattr(records, name), len(records)
        rows = len(records.boxes) if name in ("boxes", "labels") else rows
        if column.dtype != dtype or column.shape != (rows, *row):
            raise ValueError(f"its column {name} is {column.dtype} {column.shape}")
    counts = records.ends - records.starts
    fit = (records.starts >= 0) & (counts > 0) & (records.ends <= len(records.boxes))
    if not len(records) or not (fit & (records.gaze_rows < counts)).all():
        raise ValueError("its columns do not fit together")
