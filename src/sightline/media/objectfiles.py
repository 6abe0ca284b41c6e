"""Objects that the user brings, looked up by picture or by frame of a film."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from sightline.media.boxrows import fitting_name, number_in
from sightline.media.objectrows import Thing, read_rows
from sightline.media.objects import no_objects
from sightline.media.sources import natural_order
from sightline.scene import Objects


@dataclass
class ObjectTable:
    """The objects of many pictures, by the names that a file gives to the pictures.

    everywhere: those that are in all pictures, besides the picture's own.
    """

    pictures: dict[str, Objects]
    everywhere: Objects

    def __call__(self, path: Path, image: Tensor) -> Objects:  # noqa: ARG002
        """The objects in a picture: an `ObjectSource`."""
        return self.of(path)

    def of(self, path: str | Path) -> Objects:
        """The objects in the picture at a path; of a picture not named, those of all pictures.

        A name fits as `fitting_name` says, and "12" fits "000012.jpg" as well.
        """
        name = self._name(Path(path))
        return self.everywhere if name is None else self.pictures[name]

    def __contains__(self, path: str | Path) -> bool:
        """Whether something is known of the picture at a path."""
        return len(self.everywhere) > 0 or self._name(Path(path)) is not None

    def _name(self, path: Path) -> str | None:
        number = str(int(path.stem)) if path.stem.isdecimal() else ""
        return fitting_name(path, self.pictures) or (number if number in self.pictures else None)

    def of_frame(self, frame: int, picture: str = "", *, first: int | None = None) -> Objects:
        """The objects in a frame of a film, counted from 0, or in the `picture` that it comes from.

        Of names that end with a number, it is the frame's, which counts from `first`: from 0 if the
        names are bare numbers, else from the smallest.
        """
        if picture and self._name(Path(picture)) is not None:
            return self.of(picture)
        bare = all(name.isdecimal() for name in self._numbers.values())
        begin = first if first is not None else 0 if bare else min(self._numbers, default=0)
        name = self._numbers.get(frame + begin)
        return self.everywhere if name is None else self.pictures[name]

    @cached_property
    def _numbers(self) -> dict[int, str]:
        """The names by the number at their end."""
        found = ((number_in(name), name) for name in self.pictures)
        return {number: name for number, name in found if number is not None}


def read_objects(path: str | Path) -> ObjectTable:
    """The objects in a file of any form that `objectrows` describes; a folder is its XML files.

    Boxes are pixels of the upright picture. Raises `FileNotFoundError`, and `ValueError` naming the
    row that is wrong.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file of objects; check the path.")
    files = sorted(path.glob("*.xml"), key=natural_order) if path.is_dir() else [path]
    if not files:
        raise ValueError(f"{path}: this folder has no XML files; give the one called Annotations.")
    things: dict[str | None, list[Thing]] = defaultdict(list)
    for image, thing in (row for file in files for row in read_rows(file)):
        things[image] += [] if thing is None else [thing]
    every = [thing for group in things.values() for thing in group]
    if not things:
        raise ValueError(f"{path}: there are no objects in it.")
    if every and max(max(thing.box) for thing in every) <= 2:  # detectors exceed 1 a little
        raise ValueError(f"{path}: the boxes look like fractions of the picture; give pixels.")
    label_of = {name: i for i, name in enumerate(dict.fromkeys(thing.label for thing in every))}
    everywhere = things.pop(None, [])
    pictures = {str(i): _objects(group + everywhere, label_of) for i, group in things.items()}
    return ObjectTable(pictures, _objects(everywhere, label_of))


def _objects(things: list[Thing], label_of: dict[str, int]) -> Objects:
    if not things:
        return no_objects()
    return Objects(
        boxes=torch.tensor([thing.box for thing in things]),
        labels=torch.tensor([label_of[thing.label] for thing in things]),
        scores=torch.tensor([thing.score for thing in things]),
        classes=tuple(label_of),
    )
