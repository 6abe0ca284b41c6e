"""Pictures with boxes, and perhaps people who look at them: what VOC and COCO are read into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from sightline.datasets.groups import rows_of


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

    def rows(self, index: int) -> np.ndarray:
        """The boxes of a picture."""
        return rows_of(self.ends, index)

    def people(self, index: int) -> np.ndarray:
        """The people of a picture."""
        return rows_of(self.people_ends, index)
