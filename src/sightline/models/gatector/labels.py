"""What GaTector's loader makes of eyes and boxes before training: head windows, box labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sightline.geometry.boxes import centres, enlarge, to_pixels, to_unit
from sightline.scene import Clip, Objects, Scene
from sightline.transforms import GazeSafeCrop


def head_windows(eyes: Tensor, margin: float = 0.1) -> Tensor:
    """What the release takes for heads (N, 4): 0.3 by 0.3 of the picture around eyes (N, 2), grown.

    On the unit square. Windows are cut at the left and top border only, before they grow; the
    annotated head boxes have no say.
    """
    return enlarge(torch.cat([eyes - 0.15, eyes + 0.15], -1).clamp(min=0), margin)


@dataclass(frozen=True)
class HeadsAroundEyes:
    """Put the windows of the release in the place of head boxes, before anything is cropped.

    A crop would change what 0.3 of the picture is. So the eyes are used up, they become NaN. Where
    they are not known, the middle of the head stands for them.
    """

    def __call__(self, clip: Clip) -> Clip:
        """The clip with these heads."""
        return [_with_windows(scene) for scene in clip]


def _with_windows(scene: Scene) -> Scene:
    eyes = centres(scene.heads)
    if scene.eyes is not None:
        eyes = torch.where(scene.eyes.isnan(), eyes, scene.eyes)
    windows = to_pixels(head_windows(to_unit(eyes.float(), scene.size)), scene.size)
    return replace(scene, heads=windows, eyes=torch.full_like(eyes, torch.nan))


def visible_boxes(boxes: Tensor, image_size: int) -> tuple[Tensor, Tensor]:
    """Unit-square boxes (K, 4) cut at the border, and which (K,) are left to be found.

    Those that are more than a pixel of the input wide and high.
    """
    seen = boxes.clamp(0, 1)
    pixels = (seen[:, 2:] - seen[:, :2]) * image_size
    return seen, (pixels > 1.001).all(1)  # whole pixels over 224 are not exact in float32


def released_objects(
    objects: Objects, gaze_object: Tensor, size: tuple[float, float], image_size: int
) -> Objects:
    """The unit-square objects that the release trains on, from pixels in a picture of `size`.

    Boxes are cut to whole pixels of the picture, then of the input. The box that each person looks
    at is a view of its row there, not a copy, and both are scaled: that row twice. -1, for objects
    that are not visible, is taken for the last row, which is the head.
    """
    boxes = _scaled(objects.boxes.float().trunc(), size, image_size)
    looked_at = _rows(gaze_object, len(objects))
    boxes[looked_at] = _scaled(boxes[looked_at], size, image_size)
    return replace(objects, boxes=boxes / image_size)


def _scaled(boxes: Tensor, size: tuple[float, float], image_size: int) -> Tensor:
    factor = boxes.new_tensor(size).repeat(2)
    return (boxes.double() * image_size / factor).trunc().to(boxes.dtype)


def _rows(gaze_object: Tensor, objects: int) -> Tensor:
    """Each row once, -1 as the last one, none where there are no objects."""
    return gaze_object.remainder(objects).unique() if objects else gaze_object[:0]


@dataclass(frozen=True)
class AliasedCrop(GazeSafeCrop):
    """The crop of the release, which moves the box of the gazed object twice (see above)."""

    def __call__(self, clip: Clip) -> Clip:
        """The clip cropped, or the clip itself."""
        pairs = zip(clip, super().__call__(clip), strict=True)
        return [moved_twice(before, after) for before, after in pairs]


def moved_twice(before: Scene, after: Scene) -> Scene:
    """The cropped scene with the boxes looked at moved once more; whole pixels after each move."""
    truth, once = after.truth, after.objects
    if before.objects is None or once is None or truth is None or truth.gaze_object is None:
        return after
    looked_at = _rows(truth.gaze_object, len(once))
    moved = once.boxes[looked_at] - before.objects.boxes[looked_at]
    boxes = once.boxes.trunc()
    boxes[looked_at] = (boxes[looked_at] + moved).trunc()
    return replace(after, objects=replace(once, boxes=boxes))
