"""What GazeFollow360 reads of a scene: a crop per head, and the panorama itself for regions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d
from torchvision.transforms.v2 import functional as tvf

from sightline.batch import Batch, gather_people
from sightline.geometry.boxes import centres, to_unit
from sightline.geometry.panorama import view
from sightline.geometry.sphere import to_rays
from sightline.geometry.sphere_boxes import box_field
from sightline.models.gazefollow360.released_heads import released_crops, released_heads
from sightline.models.preprocess import check_heads, standardise
from sightline.scene import Scene

NARROWEST, WIDEST = 1.0, 150.0  # degrees of a head crop
FINEST = 8  # samples along a side of a pixel of a head crop


@dataclass(frozen=True)
class PanoramaCrops:
    """Panoramas to a batch. Crops are perspective views that are square and show the head upright.

    size: of crops. head_margin: share by which the view reaches beyond the head on each side.
    panorama_width: wider panoramas are shrunk to this; regions show no more than that.
    as_released: crops are cut from the flat picture and stretched, panoramas are not shrunk.

    Raises ValueError for a scene that is no panorama and for a person without a box.
    """

    size: int
    head_margin: float
    panorama_width: int
    as_released: bool = False

    def __call__(self, scenes: list[Scene]) -> Batch:
        """Cut heads, shrink panoramas, scale coordinates to the unit square."""
        for scene in scenes:
            _check(scene)
        heads, image_of, truth = gather_people(scenes)
        return Batch(
            images=torch.zeros(len(scenes), 3, 0, 0),
            heads=heads,
            image_of=image_of,
            crops=torch.cat([self._crops(scene) for scene in scenes]),
            truth=truth,
            panoramas=[self._panorama(scene.image) for scene in scenes],
        )

    def _panorama(self, image: Tensor) -> Tensor:
        height, width = image.shape[1:]
        if self.as_released or width <= self.panorama_width:
            return image
        return tvf.resize(image, shrunk_size(height, width, self.panorama_width), antialias=True)

    def _crops(self, scene: Scene) -> Tensor:
        """Head crops (P, 3, size, size), standardised."""
        if self.as_released:
            heads = released_heads(scene.heads, scene.size)
            return released_crops(scene.image, heads.corners, self.size)
        heads = to_unit(scene.heads.float(), scene.size)
        fields = box_field(heads).amax(1) * (1 + 2 * self.head_margin)
        fields = fields.clamp(NARROWEST, WIDEST).tolist()
        views = [
            self._head(scene.image, ray, field)  # each needs a fineness of its own
            for ray, field in zip(to_rays(centres(heads)), fields, strict=True)
        ]
        return standardise(torch.stack(views)) if views else torch.zeros(0, 3, self.size, self.size)

    def _head(self, image: Tensor, ray: Tensor, field: float) -> Tensor:
        """The view around a head in floats 0..255, smoothed where coarser than the picture."""
        pixels = field / 360 * image.shape[2]
        fine = min(FINEST, max(1, math.ceil(pixels / self.size)))
        side = fine * self.size
        return avg_pool2d(view(image, ray, (field, field), (side, side)).float(), fine)


def shrunk_size(height: int, width: int, most: int) -> list[int]:
    """Height and width of a picture that is no wider than `most`; the lengths may be symbols."""
    small = cast(int, torch.sym_min(width, most))
    return [cast(int, torch.sym_max(1, (2 * height * small + width) // (2 * width))), small]


def _check(scene: Scene) -> None:
    if scene.projection != "equirectangular":
        raise ValueError(
            f"{scene.key or 'scene'}: this model reads panoramas, and this picture is none; take "
            "another model, or say that it is one (projection equirectangular)."
        )
    check_heads(scene)
