"""What PDP reads of a scene: the picture, a head crop per person, and optionally depth."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as tvf

from sightline.batch import Batch, gather_people
from sightline.geometry.boxes import enlarge
from sightline.scene import Scene

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet


@dataclass(frozen=True)
class PDPPreprocess:
    """Scenes to a batch: everything resized to `size` x `size`, aspect ratio not kept.

    Raises ValueError for a scene without depth when `depth` is on, and for a person without a box.
    """

    size: int
    head_margin: float
    depth: bool

    def __call__(self, scenes: list[Scene]) -> Batch:
        """Resize pictures, cut and resize head crops, scale coordinates to the unit square."""
        heads, image_of, truth = gather_people(scenes)
        crops = [crop for scene in scenes for crop in self._crops(scene)]
        return Batch(
            images=_normalise(torch.stack([self._resize(scene.image) for scene in scenes])),
            heads=heads,
            image_of=image_of,
            crops=_normalise(torch.stack(crops) if crops else self._no_crops(scenes)),
            depth=torch.stack([self._depth(scene) for scene in scenes]) if self.depth else None,
            truth=truth,
        )

    def _resize(self, image: Tensor) -> Tensor:
        return tvf.resize(image, [self.size, self.size], antialias=True)

    def _no_crops(self, scenes: list[Scene]) -> Tensor:
        return scenes[0].image.new_zeros(0, 3, self.size, self.size)

    def _crops(self, scene: Scene) -> list[Tensor]:
        """One (3, size, size) crop per head: integer corners, black outside the picture."""
        if scene.heads.isnan().any():
            raise ValueError(
                f"{scene.key or 'scene'}: a person has no head box (NaN), and PDP needs one for "
                "everybody; leave the person out or give a box."
            )
        corners = enlarge(scene.heads, self.head_margin).trunc().int().tolist()
        return [
            self._resize(
                tvf.crop(scene.image, top, left, max(bottom - top, 1), max(right - left, 1))
            )
            for left, top, right, bottom in corners
        ]

    def _depth(self, scene: Scene) -> Tensor:
        if scene.depth is None:
            raise ValueError(
                f"{scene.key or 'scene'}: this model reads depth and the scene has none; give "
                "Scene.depth, or take the model without depth (pdp-nodepth)."
            )
        mode = tvf.InterpolationMode.BICUBIC  # Pillow's default for float images in the release
        return tvf.resize(scene.depth, [self.size, self.size], interpolation=mode, antialias=True)


def _normalise(images: Tensor) -> Tensor:
    """uint8 (N, 3, H, W) to float, standardised per channel."""
    mean, std = (images.new_tensor(v, dtype=torch.float32)[:, None, None] for v in (MEAN, STD))
    return images.float().sub_(255 * mean).div_(255 * std)
