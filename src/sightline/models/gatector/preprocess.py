"""What GaTector reads of a scene: the picture, a region around each head, the objects in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sightline.batch import Batch, gather_eyes, gather_objects
from sightline.geometry.boxes import centres, enlarge, to_pixels, to_unit
from sightline.models.gatector.labels import head_windows, released_objects
from sightline.models.preprocess import HeadCrops, check_heads
from sightline.scene import Objects, Scene


@dataclass(frozen=True)
class GaTectorPreprocess(HeadCrops):
    """Like `HeadCrops`, with objects and eyes.

    as_released: windows around the eyes instead of head boxes, and the boxes of objects spoilt as
    the release's loader spoils them.
    """

    smooth: bool = True
    as_released: bool = True

    def __call__(self, scenes: list[Scene]) -> Batch:
        """Resize pictures, cut and resize what is around heads, scale coordinates."""
        batch = super().__call__(scenes)
        objects = gather_objects(scenes)
        if self.as_released and objects is not None:
            objects = [released_objects(*_labels(scene), scene.size, self.size) for scene in scenes]
        return replace(batch, eyes=gather_eyes(scenes), objects=objects)

    def regions(self, scene: Scene) -> Tensor:
        """What to cut out for each head: pixel boxes (P, 4)."""
        check_heads(scene)
        eyes = None if scene.eyes is None else to_unit(scene.eyes.float(), scene.size)
        heads = to_unit(scene.heads.float(), scene.size)
        regions = head_regions(heads, eyes, self.head_margin, as_released=self.as_released)
        return to_pixels(regions, scene.size)


@dataclass(frozen=True)
class ObjectsOnly(GaTectorPreprocess):
    """The same without the people."""

    def __call__(self, scenes: list[Scene]) -> Batch:
        """Resize pictures, scale the boxes of objects."""
        return super().__call__(
            [replace(s, heads=s.heads[:0], eyes=None, truth=None) for s in scenes]
        )


def _labels(scene: Scene) -> tuple[Objects, Tensor]:
    """The objects of a scene and which of them people look at."""
    assert scene.objects is not None
    looked_at = None if scene.truth is None else scene.truth.gaze_object
    return scene.objects, torch.empty(0, dtype=torch.int64) if looked_at is None else looked_at


def head_regions(heads: Tensor, eyes: Tensor | None, margin: float, *, as_released: bool) -> Tensor:
    """Unit-square regions (N, 4) that stand for the heads (N, 4), in the crop and in the mask.

    The head boxes, enlarged. As released, instead of them `head_windows` around the eyes (N, 2),
    which for want of eyes (None) are taken to be in the middle of the head; a person whose eyes are
    NaN has such a window for a head box already (`HeadsAroundEyes`).
    """
    if not as_released:
        return enlarge(heads, margin)
    windows = head_windows(centres(heads) if eyes is None else eyes, margin)
    return torch.where(windows.isnan(), heads, windows)
