"""What a model says about the people of one scene, and its plain-data forms."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from torch import Tensor

from sightline.scene import Objects


@dataclass
class Gaze:
    """Where the P people of one scene look. Coordinates are fractions of the image.

    heads: (P, 4) the head boxes that the model was given.
    points: (P, 2) gaze targets; always given, also for people who look outside.
    heatmaps: (P, h, w) over the whole image, as the model scores it.
    inside: (P,) probability that the target is in frame.
    directions: (P, 3) unit sight line, right-handed camera frame.
    objects: detected objects; gaze_object: (P,) row of `objects`, -1 for none.
    tracks: (P,) identity over the frames of a video.
    """

    heads: Tensor
    points: Tensor
    heatmaps: Tensor
    inside: Tensor | None = None
    directions: Tensor | None = None
    objects: Objects | None = None
    gaze_object: Tensor | None = None
    tracks: Tensor | None = None

    def __len__(self) -> int:
        """The number of people."""
        return len(self.heads)

    def __getitem__(self, people: int | slice | Tensor | list[int]) -> Gaze:
        """The gaze of some of the people: an index, a slice, indices or a mask."""
        if isinstance(people, int):
            people = [people]
        per_person = {f.name for f in fields(self)} - {"objects"}
        chosen = {
            name: None if getattr(self, name) is None else getattr(self, name)[people]
            for name in per_person
        }
        return replace(self, **chosen)
