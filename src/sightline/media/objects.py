"""What it takes to be a source of the objects in a picture, and any detector of transformers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor

from sightline.media.detectors.transformers import open_detector
from sightline.scene import Objects

ObjectSource: TypeAlias = Callable[[Path, Tensor], Objects]
"""(file, image (3, H, W) uint8) -> objects in pixels: a table of given boxes, or a detector."""


def no_objects() -> Objects:
    """A picture without objects."""
    return Objects(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.zeros(0))


class TransformersObjects:
    """All classes of a detector saved by `save_pretrained`, as `TransformersDetector` opens it."""

    def __init__(self, folder: str | Path, threshold: float = 0.3) -> None:
        self.processor, self.network = open_detector(folder)
        names = self.network.config.id2label
        self.classes = tuple(str(names.get(row, row)) for row in range(max(names) + 1))
        self.threshold = threshold

    @torch.no_grad()
    def __call__(self, path: Path, image: Tensor) -> Objects:  # noqa: ARG002
        """The objects in a picture (3, H, W) uint8 RGB."""
        output = self.network(**self.processor(images=image, return_tensors="pt"))
        found = self.processor.post_process_object_detection(
            output, threshold=self.threshold, target_sizes=[tuple(image.shape[1:])]
        )[0]
        return Objects(found["boxes"], found["labels"], found["scores"], self.classes)
