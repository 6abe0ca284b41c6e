"""What `preprocess` does, inside a graph: from the pixels of pictures to a `Batch`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from sightline.batch import Batch
from sightline.export.resize import most, resize, resized_crops
from sightline.geometry.boxes import centres, enlarge, sides
from sightline.geometry.panorama import place_rays, sample
from sightline.geometry.sphere import to_points, to_rays
from sightline.geometry.sphere_boxes import box_field
from sightline.models.gatector.preprocess import GaTectorPreprocess, ObjectsOnly, head_regions
from sightline.models.gazefollow360.preprocess import (
    FINEST,
    NARROWEST,
    WIDEST,
    PanoramaCrops,
    shrunk_size,
)
from sightline.models.gazefollow360.released_heads import released_heads
from sightline.models.gazelle.preprocess import WholePicture
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


@read.register
def _(preprocess: WholePicture, given: Inputs) -> Batch:
    images = standardise(resize(given.images.float(), preprocess.size))
    return Batch(images, given.unit_heads, given.image_of)


@read.register
def _(preprocess: PanoramaCrops, given: Inputs) -> Batch:
    images, size = given.images, preprocess.size
    if preprocess.as_released:
        corners = released_heads(given.heads, sides(images)).corners
        crops, panoramas = resized_crops(images, corners, given.image_of, size), images
    else:
        margin, width = preprocess.head_margin, preprocess.panorama_width
        crops, panoramas = _head_views(given, size, margin), _shrunk(images, width)
    return Batch(
        images=images,
        heads=given.unit_heads,
        image_of=given.image_of,
        crops=standardise(crops),
        panoramas=panoramas,
    )


def _shrunk(images: Tensor, width: int) -> Tensor:
    """Panoramas no wider than `width`."""
    size = shrunk_size(images.shape[-2], images.shape[-1], width)
    return interpolate(images, size, mode="bilinear", antialias=True)


def _head_views(given: Inputs, size: int, margin: float) -> Tensor:
    """The views (N, 3, size, size) around heads, in floats 0..255.

    Each pixel is the mean of samples, of which views that are coarser than the picture have more.
    """
    heads, width = given.unit_heads, sides(given.images)[0]
    field = (box_field(heads).amax(1) * (1 + 2 * margin)).clamp(NARROWEST, WIDEST)
    fine = (field / 360 * width / size).ceil().clamp(1, FINEST)[:, None]
    sample_of_pixel = torch.arange(most(fine.long()), device=heads.device)
    share = (sample_of_pixel + 0.5) / fine
    weight = (sample_of_pixel < fine) / fine
    place = (torch.arange(size, device=heads.device)[:, None] + share[:, None]).flatten(1) / size
    x, y = torch.broadcast_tensors(place[:, None, :], place[:, :, None])
    centre, fields = to_rays(centres(heads))[:, None, None], field[:, None, None, None]
    points = to_points(place_rays(torch.stack([x, y], -1), centre, fields.expand(-1, 1, 1, 2)))
    values = sample(given.images.transpose(0, 1), points, given.image_of).float()
    rows = (values.unflatten(-1, (size, -1)) * weight[:, None, None]).sum(-1)
    return (rows.unflatten(-2, (size, -1)) * weight[:, None, :, None]).sum(-2).transpose(0, 1)


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
