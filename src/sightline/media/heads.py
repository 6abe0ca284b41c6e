"""The heads of a picture, and what it takes to be a detector of them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import torch
from torch import Tensor

FACE_NOTE = (
    "This detector finds faces: people seen from behind are missed. "
    "Give their head boxes with --heads FILE."
)
"""The `note` of a detector that looks for faces; for the user to see once."""


@dataclass
class Heads:
    """The heads of one picture.

    boxes: (P, 4) XYXY pixels; may reach outside the picture.
    scores: (P,) how sure the detector is; NaN where nobody said.
    names: P names of people, where the source tells them apart.
    tracks: (P,) int64 identities over the frames of a film.
    """

    boxes: Tensor
    scores: Tensor
    names: list[str] | None = None
    tracks: Tensor | None = None

    @classmethod
    def none(cls) -> Heads:
        """A picture without people."""
        nobody = torch.zeros(0, dtype=torch.int64)
        return cls(torch.zeros(0, 4), torch.zeros(0), tracks=nobody)

    @classmethod
    def somebody(cls) -> Heads:
        """One person whose head nobody knows."""
        return cls(torch.full((1, 4), torch.nan), torch.full((1,), torch.nan))

    def __len__(self) -> int:
        """The number of people."""
        return len(self.boxes)

    def __getitem__(self, people: Tensor) -> Heads:
        """Some of the heads, by mask or index."""
        rows = torch.arange(len(self))[people.cpu()].tolist()
        return Heads(
            boxes=self.boxes[people],
            scores=self.scores[people],
            names=self.names and [self.names[row] for row in rows],
            tracks=None if self.tracks is None else self.tracks[people],
        )


class HeadDetector(Protocol):
    """Finds the heads in a picture (3, H, W) uint8 RGB; any function of this form will do.

    A detector may have a `note`, one sentence that its users should read.
    """

    def __call__(self, image: Tensor, /) -> Heads:
        """The heads, in pixels of the picture."""
        ...


def require(module: str, install: str) -> Any:
    """A detector's own package, imported; an `ImportError` that says how to get it when missing."""
    try:
        return import_module(module)
    except ImportError as error:
        raise ImportError(
            f"The head detector needs {error.name or module}: run `{install}`, choose another with "
            "--detector, or give the head boxes with --heads FILE."
        ) from error
