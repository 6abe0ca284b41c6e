"""Head boxes that the user brings, looked up by picture."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import torch

from sightline.media.boxrows import fitting_name
from sightline.media.headrows import Row, checked_rows
from sightline.media.heads import Heads


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


def heads_of(rows: list[Row]) -> Heads:
    """The heads in the rows of one picture."""
    names = [row.person for row in rows]
    return Heads(
        boxes=torch.tensor([row.box for row in rows]),
        scores=torch.tensor([row.score for row in rows]),
        names=names if any(names) else None,
    )
