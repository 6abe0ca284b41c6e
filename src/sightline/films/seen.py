"""A frame of a film with its people and where they look."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from sightline.gaze import Gaze
from sightline.gaze_objects import Method, settle_objects
from sightline.media.film import Frame
from sightline.media.heads import Heads
from sightline.scene import Objects


@dataclass
class Seen:
    """A frame of a film, its people with their identities, and where they look.

    gazes: of each person, until all are there. memory: the tracker after this frame.
    objects: given ones on the unit square, of which one is chosen by `method`.
    """

    frame: Frame
    heads: Heads
    memory: dict[str, Any] | None = None
    gazes: dict[int, Gaze] = field(default_factory=dict)
    objects: Objects | None = None
    method: Method | None = None

    @property
    def complete(self) -> bool:
        """Whether everybody's gaze is known."""
        return len(self.gazes) == len(self.heads)

    @property
    def gaze(self) -> Gaze:
        """Where the people look, in the order of `heads`."""
        rows = [self.gazes[row] for row in range(len(self.heads))]
        one = join(rows) if rows else Gaze.nobody(self.frame.projection)
        one = settle_objects(one, self.objects, self.method)
        return replace(one, tracks=self.heads.tracks, frame=self.frame.index, time=self.frame.time)


def join(people: list[Gaze]) -> Gaze:
    """The gaze of several people, each given by itself, of one frame."""
    columns: dict[str, Tensor | None] = {}
    for name in ("heads", "points", "heatmaps", "inside", "directions", "gaze_object"):
        values = [getattr(one, name) for one in people]
        columns[name] = None if values[0] is None else torch.cat(values)
    one = people[0]
    return Gaze(**columns, objects=one.objects, projection=one.projection)  # pyright: ignore
