"""Datasets of pictures with boxes, from whatever file, and how to place their pictures anew."""

from __future__ import annotations

import filecmp
import shutil
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor
from torch.utils.data import Dataset

from sightline.datasets.box_records import BoxRecords
from sightline.datasets.report import warn_left_out
from sightline.media.image import ImageError, read_image, read_size, write_image
from sightline.scene import Objects, Scene, Truth, blank_picture


class Outlined(Protocol):
    """A dataset that can also tell what is in its pictures without decoding them."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Scene: ...

    def outline(self, index: int) -> Scene:
        """A scene with a blank picture of the right size."""
        ...

    def path(self, index: int) -> Path:
        """Where the picture of a sample lies."""
        ...


class Boxes(Dataset[Scene]):
    """A picture with all its boxes and people per sample; `keys` are the pictures' names.

    Without annotated people, the objects that are called a head are the scene's heads, and there is
    no truth about gaze.
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
        warn_left_out(broken, "annotations", f"{self.name} {root}")
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
        return self._scene(index, blank_picture(read_size(self.path(index))))

    def path(self, index: int) -> Path:
        """Where the picture of a sample lies."""
        return self.folder / str(self.records.files[index])

    def paths(self, index: int) -> list[Path]:
        """Where the pictures of a sample lie: its one."""
        return [self.path(index)]

    def _scene(self, index: int, image: Tensor) -> Scene:
        found, rows, key = self.records, self.records.rows(index), str(self.keys[index])
        objects = Objects(
            found.boxes[rows],
            found.labels[rows],
            torch.ones(len(rows)),
            found.classes,
            found.ignored[rows],
        )
        if not found.with_gaze:
            return Scene(image, objects.boxes[objects.heads()], objects=objects, key=key)
        people = found.people(index)
        truth = Truth(
            found.points[people, None],
            found.inside[people],
            gaze_object=found.gaze_objects[people],
        )
        heads, eyes = found.heads[people], found.eyes[people]
        return Scene(image, heads, objects=objects, truth=truth, key=key, eyes=eyes)


def outlines(dataset: Outlined, faults: list[str]) -> Iterator[tuple[int, Scene, Path]]:
    """The samples whose picture is there, with it; `faults` gets a sentence about each other."""
    for index in range(len(dataset)):
        try:
            scene, path = dataset.outline(index), dataset.path(index)
            if path.suffix.lower() != ".png" and not path.exists():
                raise ImageError(f"{path}: it is only in a store; convert the release itself.")
            yield index, scene, path
        except ImageError as error:
            faults.append(str(error))


def place_picture(dataset: Outlined, index: int, target: Path) -> None:
    """Put the picture of a sample at another place too.

    A hard link where possible, otherwise a copy; a PNG of the same pixels if it is only in a store.
    The same picture may be there already, left by a conversion that broke off.
    """
    source = dataset.path(index)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not source.exists():
        write_image(target, dataset[index].image)
        return
    if target.exists() and filecmp.cmp(source, target):
        return
    try:
        target.hardlink_to(source.resolve())
    except FileExistsError:
        raise
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)
