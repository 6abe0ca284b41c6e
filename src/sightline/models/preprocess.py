"""What models with head crops read of a scene: picture, a crop per head, optionally depth."""

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
class HeadCrops:
    """Scenes to a batch: everything resized to `size` x `size`, aspect ratio not kept.

    head_margin: share by which heads are enlarged before they are cut out.
    smooth: resize by bicubic instead of bilinear interpolation.
    clip_length: frames of each clip, one clip after the other in the scenes; None takes all scenes
    as one clip.

    Raises ValueError for a scene without depth when `depth` is on, for a person without a box, and
    for scenes that are no whole clips.
    """

    size: int
    head_margin: float
    depth: bool = False
    clip_length: int | None = 1
    smooth: bool = False

    def __call__(self, scenes: list[Scene]) -> Batch:
        """Resize pictures, cut and resize head crops, scale coordinates to the unit square."""
        heads, image_of, truth = gather_people(scenes)
        clip_length = self.clip_length or len(scenes)
        if len(scenes) % clip_length:
            raise ValueError(
                f"{len(scenes)} scenes are no whole clips: this model sees {clip_length} "
                "consecutive frames together; give a multiple of that."
            )
        return Batch(
            images=self._normalised([scene.image for scene in scenes], scenes),
            heads=heads,
            image_of=image_of,
            crops=self._normalised(self._crops(scenes), scenes),
            depth=torch.stack([self._depth(scene) for scene in scenes]) if self.depth else None,
            truth=truth,
            clip_length=clip_length,
        )

    def _normalised(self, pictures: list[Tensor], scenes: list[Scene]) -> Tensor:
        """uint8 pictures (3, H, W) as floats (N, 3, size, size), standardised per channel."""
        shape = len(pictures), 3, self.size, self.size
        ready = scenes[0].image.new_empty(shape, dtype=torch.float32)
        for row, picture in zip(ready, pictures, strict=True):  # each stays in the cache
            standardise(row.copy_(self._resize(picture)))
        return ready

    def _resize(self, image: Tensor) -> Tensor:
        mode = tvf.InterpolationMode.BICUBIC if self.smooth else tvf.InterpolationMode.BILINEAR
        return tvf.resize(image, [self.size, self.size], interpolation=mode, antialias=True)

    def regions(self, scene: Scene) -> Tensor:
        """What to cut out for each head: pixel boxes (P, 4)."""
        check_heads(scene)
        return enlarge(scene.heads, self.head_margin)

    def _crops(self, scenes: list[Scene]) -> list[Tensor]:
        """The picture in each head box, of any size: integer corners, black outside the picture."""
        corners = torch.cat([self.regions(scene) for scene in scenes]).trunc().int()
        images = [scene.image for scene in scenes for _ in scene.heads]
        return [
            tvf.crop(image, top, left, max(bottom - top, 1), max(right - left, 1))
            for image, (left, top, right, bottom) in zip(images, corners.tolist(), strict=True)
        ]

    def _depth(self, scene: Scene) -> Tensor:
        if scene.depth is None:
            raise ValueError(
                f"{scene.key or 'scene'}: this model reads depth and the scene has none; give "
                "Scene.depth, or take a model without depth (pdp-nodepth, pdp-video-nodepth)."
            )
        mode = tvf.InterpolationMode.BICUBIC  # Pillow's default for float images in the release
        return tvf.resize(scene.depth, [self.size, self.size], interpolation=mode, antialias=True)


def standardise(pictures: Tensor) -> Tensor:
    """Floats (..., 3, h, w) of 0..255 per channel as ImageNet's, in place."""
    mean, std = (pictures.new_tensor(v)[:, None, None] for v in (MEAN, STD))
    return pictures.sub_(255 * mean).div_(255 * std)


def check_heads(scene: Scene) -> None:
    """Raise ValueError for a person without a box or with one far outside the picture."""
    if scene.heads.isnan().any():
        raise ValueError(
            f"{scene.key or 'scene'}: a person has no head box (NaN), and this model needs one for "
            "everybody; leave the person out or give a box."
        )
    check_reach(scene)


def check_reach(scene: Scene) -> None:
    """Raise ValueError for a head box far outside the picture; a NaN box is none."""
    name, largest = scene.key or "scene", 20 * max(scene.size)
    if (scene.heads.abs() > largest).any():
        raise ValueError(
            f"{name}: a head box lies far outside the picture of {scene.size[0]} x {scene.size[1]} "
            "pixels; give boxes in pixels of this picture."
        )
