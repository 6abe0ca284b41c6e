"""Pictures with boxes, and perhaps people who look at them: what VOC and COCO are read into."""

from __future__ import annotations

import filecmp
import shutil
import warnings
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from sightline.media.image import ImageError, read_image, read_size
from sightline.scene import Objects, Scene, Truth

HEADS = "head"  # the class, in small or capital letters, whose boxes are heads


@dataclass
class Person:
    """A person in a picture: XYXY pixels of the head, the eyes, the gaze point; NaN where unknown.

    inside: 1 or 0, NaN where unknown. gaze_object: row among the picture's boxes, -1 for none.
    """

    head: list[float]
    eyes: list[float]
    point: list[float]
    inside: float
    gaze_object: int


@dataclass
class Labels:
    """What is known of a picture while a file is read; boxes are XYXY in pixels."""

    file: str
    size: tuple[int, int]
    boxes: list[list[float]] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    ignored: list[bool] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)


@dataclass(frozen=True)
class BoxRecords:
    """R pictures as columns; `broken` says what ails what was left out.

    files: (R,) relative to the folder of pictures. sizes: (R, 2) that the annotations give. ends:
    (R,) where the rows of a picture end in boxes (M, 4), labels (M,) and ignored (M,). people_ends:
    (R,) likewise in heads (G, 4), eyes (G, 2), points (G, 2), inside (G,) and gaze_objects (G,).
    classes: names by label. with_gaze: whether people are annotated.
    """

    files: np.ndarray
    sizes: np.ndarray
    ends: np.ndarray
    boxes: Tensor
    labels: Tensor
    ignored: Tensor
    people_ends: np.ndarray
    heads: Tensor
    eyes: Tensor
    points: Tensor
    inside: Tensor
    gaze_objects: Tensor
    classes: tuple[str, ...]
    with_gaze: bool
    broken: list[str]

    @classmethod
    def of(
        cls,
        pictures: Sequence[Labels],
        classes: tuple[str, ...],
        broken: list[str],
        *,
        with_gaze: bool = False,
    ) -> BoxRecords:
        """The columns of what was read."""
        people = [person for picture in pictures for person in picture.people]

        def joined(name: str, dtype: torch.dtype, *row: int) -> Tensor:
            values = [value for picture in pictures for value in getattr(picture, name)]
            return torch.tensor(values, dtype=dtype).reshape(-1, *row)

        def column(name: str, dtype: torch.dtype, *row: int) -> Tensor:
            return torch.tensor([getattr(p, name) for p in people], dtype=dtype).reshape(-1, *row)

        return cls(
            files=np.array([picture.file for picture in pictures]),
            sizes=np.array([picture.size for picture in pictures]).reshape(-1, 2),
            ends=np.cumsum([len(picture.boxes) for picture in pictures], dtype=np.int64),
            boxes=joined("boxes", torch.float32, 4),
            labels=joined("labels", torch.int64),
            ignored=joined("ignored", torch.bool),
            people_ends=np.cumsum([len(picture.people) for picture in pictures], dtype=np.int64),
            heads=column("head", torch.float32, 4),
            eyes=column("eyes", torch.float32, 2),
            points=column("point", torch.float32, 2),
            inside=column("inside", torch.float32),
            gaze_objects=column("gaze_object", torch.int64),
            classes=classes,
            with_gaze=with_gaze,
            broken=broken,
        )

    def __len__(self) -> int:
        """The number of pictures."""
        return len(self.files)

    def rows(self, index: int) -> slice:
        """The boxes of a picture."""
        return slice(int(self.ends[index - 1]) if index else 0, int(self.ends[index]))

    def people(self, index: int) -> slice:
        """The people of a picture."""
        return slice(int(self.people_ends[index - 1]) if index else 0, int(self.people_ends[index]))


class Outlined(Protocol):
    """A dataset that can also tell what is in its pictures without decoding them."""

    def __len__(self) -> int: ...

    def outline(self, index: int) -> Scene:
        """A scene with a blank picture of the right size."""
        ...

    def path(self, index: int) -> Path:
        """Where the picture of a sample lies."""
        ...


class Boxes(Dataset[Scene]):
    """A picture with all its boxes and people per sample; `keys` are the pictures' names.

    Without annotated people, the boxes of a class "head" are the scene's heads, and there is no
    truth about gaze.
    """

    name: str

    def __init__(self, root: Path, split: str, *, depth: bool = False) -> None:
        if depth:
            raise ValueError(f"{self.name} has no depth maps; take a model that reads none.")
        self.records, self.folder = self._read(Path(root), split)
        broken = self.records.broken
        if not len(self.records):
            why = broken[0] if broken else "it is empty"
            raise ValueError(f"The split {split!r} of {root} has no readable picture ({why}).")
        if broken:
            warnings.warn(
                f"{len(broken)} annotations are left out; the first: {broken[0]}. "
                f"`sightline data check {self.name} {root}` shows more.",
                stacklevel=2,
            )
        self.keys = self.records.files

    @abstractmethod
    def _read(self, root: Path, split: str) -> tuple[BoxRecords, Path]:
        """The records of a split and the folder of their pictures."""

    def __len__(self) -> int:
        """The number of pictures."""
        return len(self.keys)

    def __getitem__(self, index: int) -> Scene:
        """A picture with its boxes and people; `ImageError` names a missing or broken file."""
        return self._scene(index, read_image(self.path(index), upright=False))

    def outline(self, index: int) -> Scene:
        """The same without pixels: a blank picture of the size that the file's header gives."""
        width, height = read_size(self.path(index))
        return self._scene(index, torch.zeros(3, 1, 1, dtype=torch.uint8).expand(3, height, width))

    def path(self, index: int) -> Path:
        """Where the picture of a sample lies."""
        return self.folder / str(self.records.files[index])

    def _scene(self, index: int, image: Tensor) -> Scene:
        found, rows, key = self.records, self.records.rows(index), str(self.keys[index])
        objects = Objects(
            found.boxes[rows].clone(),  # a view would take all boxes along to another process
            found.labels[rows].clone(),
            torch.ones(rows.stop - rows.start),
            found.classes,
            found.ignored[rows].clone(),
        )
        if not found.with_gaze:
            return Scene(image, heads_among(objects), objects=objects, key=key)
        people = found.people(index)
        truth = Truth(
            found.points[people, None].clone(),
            found.inside[people].clone(),
            gaze_object=found.gaze_objects[people].clone(),
        )
        heads, eyes = found.heads[people].clone(), found.eyes[people].clone()
        return Scene(image, heads, objects=objects, truth=truth, key=key, eyes=eyes)


def outlines(dataset: Outlined, faults: list[str]) -> Iterator[tuple[int, Scene, Path]]:
    """The samples whose picture is there, with it; `faults` gets a sentence about each other."""
    for index in range(len(dataset)):
        try:
            yield index, dataset.outline(index), dataset.path(index)
        except ImageError as error:
            faults.append(str(error))


def heads_among(objects: Objects) -> Tensor:
    """The boxes (P, 4) of the class "head"."""
    heads = [label for label, name in enumerate(objects.classes) if name.lower() == HEADS]
    return objects.boxes[torch.isin(objects.labels, torch.tensor(heads, dtype=torch.int64))]


def place_picture(source: Path, target: Path) -> None:
    """Put a picture at another place too: a hard link where possible, otherwise a copy.

    The same picture may be there already, left by a conversion that broke off.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and filecmp.cmp(source, target):
        return
    try:
        target.hardlink_to(source.resolve())
    except FileExistsError:
        raise
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)
