"""One picture and the people in it, and for labelled data the truth about them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import torch
from torch import Tensor

Projection: TypeAlias = Literal["perspective", "equirectangular"]
"""How a picture shows the world: as a camera with a lens does, or all around as a panorama."""


@dataclass
class Objects:
    """Things that can be looked at, in pixels in a `Scene`, unit square in `Batch` and `Gaze`.

    boxes: (K, 4) XYXY. labels: (K,) int64 classes. scores: (K,) of a detector; 1 where annotated.
    classes: names by label; empty where labels have none.
    ignored: (K,) true objects that are neither right nor wrong to find ("difficult", "crowd").
    """

    boxes: Tensor
    labels: Tensor
    scores: Tensor
    classes: tuple[str, ...] = ()
    ignored: Tensor | None = None

    def __post_init__(self) -> None:
        rows = len(self.boxes)
        columns = {"labels": self.labels, "scores": self.scores, "ignored": self.ignored}
        wrong = [k for k, v in columns.items() if v is not None and v.shape != (rows,)]
        if self.boxes.shape != (rows, 4) or wrong:
            raise ValueError(
                f"Objects: boxes have shape {tuple(self.boxes.shape)}; give (K, 4) boxes x_min, "
                "y_min, x_max, y_max, and of labels, scores and ignored one for each."
            )

    def __len__(self) -> int:
        """The number of objects."""
        return len(self.boxes)

    def __getitem__(self, rows: Tensor | slice | list[int]) -> Objects:
        """Some of the objects: indices, a slice or a mask."""
        ignored = None if self.ignored is None else self.ignored[rows]
        boxes, labels, scores = self.boxes[rows], self.labels[rows], self.scores[rows]
        return replace(self, boxes=boxes, labels=labels, scores=scores, ignored=ignored)

    def heads(self) -> Tensor:
        """Mask (K,) of the objects that are called a head: "Head", "human head"."""
        named = [re.search(r"(?<![a-z])heads?$", name.lower()) for name in self.classes]
        labels = torch.tensor([label for label, found in enumerate(named) if found])
        return torch.isin(self.labels, labels.to(self.labels))

    def name(self, row: int) -> str:
        """What the object of a row is called: its class, or the number of its class."""
        label = int(self.labels[row])
        return self.classes[label] if 0 <= label < len(self.classes) else str(label)


@dataclass
class Truth:
    """What annotators said about each head; NaN wherever they said nothing.

    points: (P, A, 2) gaze targets of A annotators, in pixels in a `Scene`, unit square in a
    `Batch`; float64 where a protocol truncates pixels (GazeFollow's test), else float32.
    inside: (P,) 1 target in frame, 0 out of frame, NaN unknown.
    gaze_object: (P,) row of `objects`, -1 for none.
    counted: (P,) False for people who are context only, in neither loss nor score.
    directions: (P, 3) unit sight line in space, in the frame of `Gaze.directions`; rendered scenes
    know it, also of people who look outside.
    """

    points: Tensor
    inside: Tensor
    gaze_object: Tensor | None = None
    counted: Tensor | None = None
    directions: Tensor | None = None


@dataclass
class Scene:
    """One picture and the people in it. Coordinates are pixels: x right, y down, corner (0, 0).

    image: (3, H, W) uint8 RGB.
    heads: (P, 4) XYXY; may reach outside the image; a NaN row is a person without a box.
    depth: (1, H, W) in [0, 1], near is large.
    projection: in an equirectangular picture x counts modulo W, so that a head box over the seam
    ends beyond W (x_min in [0, W)); points have x in [0, W).
    key: the dataset's own name of the sample.
    eyes: (P, 2) the point between the eyes where a dataset gives it; NaN where not for a person.
    features: (D, h, w) what a frozen encoder made of the image, which then is not read.
    """

    image: Tensor
    heads: Tensor
    depth: Tensor | None = None
    objects: Objects | None = None
    truth: Truth | None = None
    projection: Projection = "perspective"
    key: str = ""
    eyes: Tensor | None = None
    features: Tensor | None = None

    def __post_init__(self) -> None:
        image, heads = self.image, self.heads
        if not _is(image, 3) or image.shape[0] != 3 or image.dtype != torch.uint8:
            raise ValueError(
                f"Scene {self.key!r}: image is {_words(image)}; give an RGB tensor (3, H, W) of "
                "uint8, for instance from sightline.read_image."
            )
        if not _is(heads, 2) or heads.shape[1] != 4:
            raise ValueError(
                f"Scene {self.key!r}: heads are {_words(heads)}; give a tensor (P, 4) of pixel "
                "boxes x_min, y_min, x_max, y_max."
            )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the image in pixels."""
        return self.image.shape[2], self.image.shape[1]

    def __len__(self) -> int:
        """The number of people."""
        return len(self.heads)


def _is(value: object, dimensions: int) -> bool:
    return isinstance(value, Tensor) and value.ndim == dimensions


def _words(value: object) -> str:
    if not isinstance(value, Tensor):
        return f"a {type(value).__name__}"
    return f"a tensor {tuple(value.shape)} of {str(value.dtype).removeprefix('torch.')}"


def blank_picture(size: tuple[int, int]) -> Tensor:
    """A black picture (3, H, W) of `size` (W, H); takes no memory."""
    return torch.zeros(3, 1, 1, dtype=torch.uint8).expand(3, size[1], size[0])


Clip: TypeAlias = list[Scene]
"""Consecutive scenes of the same people."""


def as_clip(sample: Scene | Clip) -> Clip:
    """A sample of a dataset as a clip: a scene by itself is one of length 1."""
    return [sample] if isinstance(sample, Scene) else sample
