"""What Gaze-LLE reads of a scene: the whole picture, and nothing cut out."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as tvf

from sightline.batch import Batch, gather_people
from sightline.models.preprocess import check_reach, standardise
from sightline.scene import Scene


@dataclass(frozen=True)
class WholePicture:
    """Scenes to a batch: pictures resized to `size` x `size`, aspect ratio not kept.

    Floats are resized, not bytes, with smoothing. Heads are taken as they are; a NaN row is a
    person without a box. Where all scenes have `features`, these are taken and no picture is read.
    Raises ValueError for a head far outside the picture.
    """

    size: int

    def __call__(self, scenes: list[Scene]) -> Batch:
        """Resize and standardise pictures, scale coordinates to the unit square."""
        for scene in scenes:
            check_reach(scene)
        heads, image_of, truth = gather_people(scenes)
        known = [scene.features for scene in scenes if scene.features is not None]
        if scenes and len(known) == len(scenes):
            images = torch.empty(len(scenes), 3, 0, 0)
            return Batch(images, heads, image_of, truth=truth, features=torch.stack(known))
        return Batch(self._images(scenes), heads, image_of, truth=truth)

    def _images(self, scenes: list[Scene]) -> Tensor:
        ready = torch.empty(len(scenes), 3, self.size, self.size)
        for row, scene in zip(ready, scenes, strict=True):  # each stays in the cache
            picture = tvf.resize(scene.image.float(), [self.size, self.size], antialias=True)
            standardise(row.copy_(picture))  # the published order is the other: the same but faster
        return ready
