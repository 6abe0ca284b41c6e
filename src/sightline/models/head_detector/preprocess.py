"""What the head detector reads of a scene: the picture in its proportions, and the heads in it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import clip_boxes_to_image

from sightline.batch import Batch
from sightline.geometry.boxes import to_unit
from sightline.scene import Scene


@dataclass(frozen=True)
class HeadDetectorPreprocess:
    """Scenes to a batch by the network's own transform, so that training sees what detection sees.

    Each picture keeps its proportions and is padded, on the right and at the bottom, to the largest
    of the batch, padding included in the unit square. Heads are cut at the border of their picture;
    those of which less than a pixel is left, and people without a box, are left out.
    """

    transform: GeneralizedRCNNTransform

    def __call__(self, scenes: list[Scene]) -> Batch:
        """Resize, normalise and pad the pictures, and scale the heads with them."""
        seen = [{"boxes": _seen_heads(scene)} for scene in scenes]
        pictures, seen = self.transform([scene.image / 255 for scene in scenes], seen)
        assert seen is not None
        counts = torch.tensor([len(heads["boxes"]) for heads in seen])
        return Batch(
            images=pictures.tensors,
            heads=to_unit(torch.cat([heads["boxes"] for heads in seen]), size_of(pictures.tensors)),
            image_of=torch.arange(len(scenes)).repeat_interleave(counts),
        )


def _seen_heads(scene: Scene) -> Tensor:
    heads = clip_boxes_to_image(scene.heads.float(), (scene.size[1], scene.size[0]))
    return heads[(heads[:, 2:] - heads[:, :2] >= 1).all(1)]  # NaN compares false


def size_of(images: Tensor) -> tuple[int, int]:
    """Width and height of the pictures of a batch, padding included."""
    return images.shape[-1], images.shape[-2]
