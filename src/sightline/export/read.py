"""What `preprocess` does, inside a graph: from the pixels of pictures to a `Batch`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

from torch import Tensor

from sightline.batch import Batch
from sightline.export.resize import resize, resized_crops, sides
from sightline.geometry.boxes import enlarge
from sightline.models.gatector.preprocess import GaTectorPreprocess, ObjectsOnly, head_regions
from sightline.models.preprocess import HeadCrops, standardise


@dataclass(frozen=True)
class Inputs:
    """What a graph is given: pictures of one size.

    images: (B, 3, H, W) uint8 RGB. heads: (N, 4) XYXY in pixels. image_of: (N,) int64, sorted.
    depth: (B, 1, H, W) float32 in [0, 1].
    """

    images: Tensor
    heads: Tensor
    image_of: Tensor
    depth: Tensor | None = None

    @property
    def unit_heads(self) -> Tensor:
        """The heads (N, 4) as fractions of the pictures."""
        return self.heads / sides(self.images).repeat(2)


@singledispatch
def read(preprocess: Any, given: Inputs) -> Batch:  # noqa: ARG001
    """The batch that `preprocess` makes of scenes with these pictures and heads.

    Raises ValueError for one that is not known here.
    """
    raise ValueError(
        f"{type(preprocess).__name__} is no preprocessing that can be put into a graph; register "
        "it with `sightline.export.read.read`"
    )


@read.register
def _(preprocess: HeadCrops, given: Inputs) -> Batch:
    return _with_crops(preprocess, given, enlarge(given.heads, preprocess.head_margin))


@read.register
def _(preprocess: GaTectorPreprocess, given: Inputs) -> Batch:
    margin, as_released = preprocess.head_margin, preprocess.as_released
    regions = head_regions(given.unit_heads, None, margin, as_released=as_released)
    return _with_crops(preprocess, given, regions * sides(given.images).repeat(2))


@read.register
def _(preprocess: ObjectsOnly, given: Inputs) -> Batch:
    return _pictures(preprocess, given)


def _with_crops(how: HeadCrops, given: Inputs, regions: Tensor) -> Batch:
    corners, size, smooth = regions.trunc().long(), how.size, how.smooth
    crops = resized_crops(given.images, corners, given.image_of, size, smooth=smooth)
    return replace(_pictures(how, given), crops=standardise(crops))


def _pictures(how: HeadCrops, given: Inputs) -> Batch:
    """The pictures and their depth, without crops."""
    return Batch(
        images=standardise(resize(given.images, how.size, smooth=how.smooth).float()),
        heads=given.unit_heads,
        image_of=given.image_of,
        depth=None if given.depth is None else resize(given.depth, how.size, smooth=True),
        clip_length=how.clip_length or 1,
    )
