"""GazeFollow (Recasens et al. 2015) with the extended annotations of Chong et al. 2020."""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from sightline.datasets.groups import by_name, rows_of
from sightline.datasets.pictures import depth_path
from sightline.datasets.report import warn_left_out
from sightline.datasets.splits import (
    Part,
    Split,
    empty_split,
    held_out_pictures,
    released_part,
)
from sightline.geometry.boxes import to_pixels
from sightline.media.image import read_depth_of, read_image, read_size
from sightline.scene import Scene, Truth, blank_picture

FILES = {"train": "train_annotations_release.txt", "test": "test_annotations_release.txt"}
COLUMNS = {6: "eye x", 8: "gaze x", 9: "gaze y"}
COLUMNS |= {10: "head x_min", 11: "head y_min", 12: "head x_max", 13: "head y_max", 14: "inside"}
INSIDE = 14  # of the training file only: all targets of the test file are inside
ORIGINAL = (
    "this is the original GazeFollow release (Recasens et al. 2015) without head boxes; get the "
    "extended annotations of Chong et al. 2020 "
    "(train_annotations_release.txt, test_annotations_release.txt)."
)


class GazeFollow(Dataset[Scene]):
    """One person per sample, with all annotators, from the folder that holds the two text files.

    split: "trainval" is the released training file; "val" is about 5 % of its pictures, fixed by a
    checksum of their paths, and "train" is the rest. The published codes pick the epoch on the test
    set: we do not. In "test" the rows of one head are one sample, in sorted order.
    depth: read `depth/<picture>.png` too.

    Heads are the released boxes, tight: models enlarge them. Invalid rows (inside -1, box
    reversed) are left out; so are unreadable ones, with a warning. `keys` names the samples: path
    of the picture, "#", index of the person in it.
    """

    def __init__(self, root: Path, split: Split, *, depth: bool = False) -> None:
        self.root, self.depth = Path(root), depth
        rows = read_rows(self.root, released_part("GazeFollow", split))
        warn_left_out(rows.broken, "rows", f"gazefollow {self.root}")
        rows = rows[rows.valid]
        if split in ("train", "val"):
            rows = rows[held_out_pictures(rows.paths) == (split == "val")]
        rows, starts = by_person(rows, grouped=split == "test")
        if not len(rows):
            raise empty_split(split, self.root)
        people = rows[starts]
        # Arrays, not lists of objects: worker processes share them until they write.
        self.keys = _keys(people.paths)
        self.heads = torch.from_numpy(people.heads)
        self.inside = torch.from_numpy(people.inside)
        points = torch.from_numpy(_by_annotator(rows.gaze, starts))
        # Scores truncate x * width: of what the file says, not of its nearest float32.
        self.points = points if split == "test" else points.float()

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.keys)

    def __getitem__(self, index: int) -> Scene:
        """A picture with one of its people; `ImageError` names a file that is missing or broken."""
        path, _ = self._people(index)
        image = read_image(self.root / path, upright=False)  # as the released code sees it
        scene = self._scene(index, image)
        if self.depth:
            scene.depth = read_depth_of(image, depth_path(self.root, path))
        return scene

    def outline(self, index: int) -> Scene:
        """The same without pixels: a blank picture of the size that the file's header gives."""
        (path,) = self.paths(index)
        return self._scene(index, blank_picture(read_size(path)))

    def paths(self, index: int) -> list[Path]:
        """Where the pictures of a sample lie: its one."""
        return [self.root / self._people(index)[0]]

    def _people(self, index: int) -> tuple[str, list[int]]:
        """The picture of a sample, and the rows of its people."""
        return str(self.keys[index]).rpartition("#")[0], [index]

    def _scene(self, index: int, image: Tensor) -> Scene:
        _, people = self._people(index)
        # Indices copy; a view would take everybody's heads along to another process.
        points = to_pixels(self.points[people], (image.shape[2], image.shape[1]))
        truth = Truth(points, self.inside[people])
        return Scene(image, self.heads[people], truth=truth, key=str(self.keys[index]))


class GazeFollowPictures(GazeFollow):
    """The same people, but all those of a picture in one sample; `keys` are the pictures' paths.

    GazeFollow does not annotate everybody: a picture may show more heads than it has.
    """

    def __init__(self, root: Path, split: Split, *, depth: bool = False) -> None:
        super().__init__(root, split, depth=depth)
        paths = np.array([key.rpartition("#")[0] for key in self.keys.tolist()])
        self.keys, self.people, self.ends = by_name(paths)

    def _people(self, index: int) -> tuple[str, list[int]]:
        """As above, in the order of the file."""
        return str(self.keys[index]), self.people[rows_of(self.ends, index)].tolist()


class GazeFollowInside(GazeFollow):
    """Only the people who look inside, with the same keys: Gaze-LLE trains on no others."""

    def __init__(self, root: Path, split: Split, *, depth: bool = False) -> None:
        super().__init__(root, split, depth=depth)
        inside = self.inside == 1
        self.keys = self.keys[inside.numpy()]
        self.heads, self.points, self.inside = (
            column[inside] for column in (self.heads, self.points, self.inside)
        )


@dataclass(frozen=True)
class Rows:
    """The R readable rows of an annotation file as columns; `broken` says what ails the others.

    paths, lines: (R,) of str, int. eyes: (R,) x. gaze: (R, 2) unit square, NaN where nobody said.
    heads: (R, 4) pixels. inside: (R,) 1, 0, or -1 for invalid.
    """

    paths: np.ndarray
    lines: np.ndarray
    eyes: np.ndarray
    gaze: np.ndarray
    heads: np.ndarray
    inside: np.ndarray
    broken: list[str]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: np.ndarray) -> Rows:
        """Some of the rows, by mask or index."""
        columns = (self.paths, self.lines, self.eyes, self.gaze, self.heads, self.inside)
        return Rows(*(column[rows] for column in columns), broken=self.broken)

    @property
    def reversed(self) -> np.ndarray:
        """(R,) whether the head box ends before it starts."""
        x0, y0, x1, y1 = self.heads.T
        return (x0 > x1) | (y0 > y1)

    @property
    def valid(self) -> np.ndarray:
        """(R,) which rows become samples."""
        return (self.inside != -1) & ~self.reversed


def read_rows(root: Path, part: Part) -> Rows:
    """Parse the released training or test file; FileNotFoundError or ValueError if it is none."""
    file = root / FILES[part]
    if not file.exists():
        raise _missing(file)
    columns = [column for column in COLUMNS if part == "train" or column != INSIDE]
    paths, lines, values, broken = [], [], [], []
    with file.open(newline="", encoding="utf-8-sig", errors="replace") as text:
        reader = csv.reader(text, quoting=csv.QUOTE_NONE)  # a stray quote must not swallow rows
        for row in filter(None, reader):
            try:
                values.append(_numbers(row, columns))
            except ValueError as error:
                broken.append(f"{file.name}:{reader.line_num}: {error}")
                continue
            paths.append(row[0])
            lines.append(reader.line_num)
    if not paths:
        raise ValueError(f"{file} has no readable row ({broken[0] if broken else 'it is empty'}).")
    return _rows(paths, lines, values, broken)


def _missing(file: Path) -> Exception:
    if file.with_name(file.name.replace("_release", "")).exists():
        return ValueError(f"{file.parent}: {ORIGINAL}")
    return FileNotFoundError(f"{file.parent} has no {file.name}; give the folder that holds it.")


def _numbers(row: list[str], columns: list[int]) -> list[float]:
    """The values of some columns; ValueError says which one is wrong."""
    if len(row) <= columns[-1]:
        raise ValueError(f"{len(row)} columns where at least {columns[-1] + 1} are needed")
    values = []
    for column in columns:
        try:
            value = float(row[column])
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or (column == INSIDE and value not in (-1, 0, 1)):
            wanted = "1, 0 or -1" if column == INSIDE else "a number"
            raise ValueError(
                f"column {column + 1} ({COLUMNS[column]}) is {row[column]!r}, not {wanted}"
            )
        values.append(value)
    return values


def _rows(paths: list[str], lines: list[int], values: list[list[float]], broken: list[str]) -> Rows:
    table = np.array(values)
    gaze = table[:, 1:3].copy()
    inside = table[:, 7] if table.shape[1] == len(COLUMNS) else np.ones(len(table))
    gaze[(gaze == -1).all(1) | (inside != 1)] = np.nan
    return Rows(
        paths=np.array(paths),
        lines=np.array(lines),
        eyes=table[:, 0],
        gaze=gaze,
        heads=table[:, 3:7].astype(np.float32),
        inside=inside.astype(np.float32),
        broken=broken,
    )


def by_person(rows: Rows, *, grouped: bool) -> tuple[Rows, np.ndarray]:
    """The rows and where each person starts (R,); `grouped` puts equal path and eye x together."""
    starts = np.ones(len(rows), dtype=bool)
    if grouped:
        rows = rows[np.lexsort((rows.eyes, rows.paths))]
        starts[1:] = (rows.paths[1:] != rows.paths[:-1]) | (rows.eyes[1:] != rows.eyes[:-1])
    return rows, starts


def _keys(paths: np.ndarray) -> np.ndarray:
    seen: Counter[str] = Counter()
    keys = []
    for path in paths.tolist():
        keys.append(f"{path}#{seen[path]}")
        seen[path] += 1
    return np.array(keys)


def _by_annotator(gaze: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Rows (R, 2) as people (P, A, 2); a person begins at each start; missing ones are NaN."""
    person = starts.cumsum() - 1
    annotator = np.arange(len(gaze)) - np.flatnonzero(starts)[person]
    points = np.full((starts.sum(), annotator.max() + 1, 2), np.nan)
    points[person, annotator] = gaze
    return points
