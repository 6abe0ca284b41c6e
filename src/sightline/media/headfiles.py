"""Head boxes that the user brings, looked up by picture."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import torch

from sightline.media.headrows import Row, read_rows
from sightline.media.heads import Heads
from sightline.media.sources import natural_order


@dataclass
class HeadTable:
    """The heads of many pictures, by the names that a file gives to the pictures."""

    heads: dict[str, Heads]

    def of(self, path: str | Path) -> Heads:
        """The heads in the picture at a path; nobody, if the table does not name it.

        A name fits when it is the end of the path, with or without the suffix: "photo",
        "photo.jpg" and "b/photo.jpg" fit "a/b/photo.jpg". The longest is taken.
        """
        name = self._name(path)
        return self.heads[name] if name is not None else Heads.none()

    def __contains__(self, path: str | Path) -> bool:
        """Whether the table names the picture at a path."""
        return self._name(path) is not None

    def _name(self, path: str | Path) -> str | None:
        parts = Path(path).absolute().parts[1:]
        ends = [PurePosixPath(*parts[start:]) for start in range(len(parts))]
        names = [str(name) for end in ends for name in (end, end.with_suffix(""))]
        return next((name for name in names if name in self.heads), None)


def read_heads(path: str | Path) -> HeadTable:
    """The head boxes in a file of any form that `headrows` describes, told by its content.

    A folder stands for its .txt files, one per person. Boxes are pixels of the upright picture.
    Raises `FileNotFoundError`, and `ValueError` naming the row that is wrong.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file of head boxes; check the path.")
    files = sorted(path.glob("*.txt"), key=natural_order) if path.is_dir() else [path]
    rows = [row for file in files for row in read_rows(file)]
    if not rows:
        raise ValueError(f"{path}: there are no head boxes in it.")
    if max(max(row.box) for row in rows) <= 1:
        raise ValueError(f"{path}: the boxes look like fractions of the picture; give pixels.")
    people = defaultdict(list)
    for row in rows:
        people[row.image].append(row)
    return HeadTable({image: _heads(group) for image, group in people.items()})


def _heads(rows: list[Row]) -> Heads:
    names = [row.person for row in rows]
    return Heads(
        boxes=torch.tensor([row.box for row in rows]),
        scores=torch.tensor([row.score for row in rows]),
        names=names if any(names) else None,
    )
