"""Head boxes that the user brings, looked up by picture."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import torch

from sightline.media.boxrows import fitting_name
from sightline.media.headrows import Row, read_rows, reversed_box
from sightline.media.heads import Heads
from sightline.media.sources import natural_order


@dataclass
class HeadTable:
    """The heads of many pictures, by the names that a file gives to the pictures."""

    heads: dict[str, Heads]

    def of(self, path: str | Path) -> Heads:
        """The heads in the picture at a path; nobody, if no name fits it (see `fitting_name`)."""
        name = fitting_name(path, self.heads)
        return self.heads[name] if name is not None else Heads.none()

    def __contains__(self, path: str | Path) -> bool:
        """Whether the table names the picture at a path."""
        return fitting_name(path, self.heads) is not None


def read_heads(path: str | Path, *, over_seam: bool = False) -> HeadTable:
    """The head boxes in a file of any form that `headrows` describes, told by its content.

    A folder stands for its .txt files, one per person. Boxes are pixels of the upright picture.
    over_seam: whether they may end left of where they begin, for panoramas.
    Raises `FileNotFoundError`, and `ValueError` naming the row that is wrong.
    """
    people = defaultdict(list)
    for row in checked_rows(path, over_seam=over_seam):
        people[row.image].append(row)
    return HeadTable({image: heads_of(group) for image, group in people.items() if image})


def checked_rows(path: str | Path, *, over_seam: bool = False) -> list[Row]:
    """The rows of such a file or folder; raises as `read_heads`."""
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file of head boxes; check the path.")
    files = sorted(path.glob("*.txt"), key=natural_order) if path.is_dir() else [path]
    rows = [row for file in files for row in read_rows(file)]
    if not rows:
        raise ValueError(f"{path}: there are no head boxes in it.")
    ends_before = next((row for row in rows if row.box[2] < row.box[0]), None)
    if ends_before is not None and not over_seam:
        raise reversed_box(ends_before.where, ends_before.box)
    if max(max(row.box) for row in rows) <= 1:
        raise ValueError(f"{path}: the boxes look like fractions of the picture; give pixels.")
    return rows


def heads_of(rows: list[Row]) -> Heads:
    """The heads in the rows of one picture."""
    names = [row.person for row in rows]
    return Heads(
        boxes=torch.tensor([row.box for row in rows]),
        scores=torch.tensor([row.score for row in rows]),
        names=names if any(names) else None,
    )
