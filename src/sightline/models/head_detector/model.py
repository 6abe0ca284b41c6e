"""The head detector as a trainable model; `media.detectors.FasterRcnnDetector` uses its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import torch
from torch import Tensor
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.transform import GeneralizedRCNNTransform

from sightline.batch import Batch
from sightline.geometry.boxes import to_pixels
from sightline.media.detectors import faster_rcnn
from sightline.models.base import GazeModel
from sightline.models.head_detector.preprocess import HeadDetectorPreprocess, size_of


@dataclass(frozen=True)
class HeadDetectorConfig:
    """There is nothing to choose: the detector must be able to rebuild the network by itself."""


class HeadDetectorModel(GazeModel):
    """The network of the detector, its parameters named as there. It gives no gaze."""

    def __init__(self, config: HeadDetectorConfig) -> None:
        super().__init__()
        self.config = config
        network = faster_rcnn.head_detector()
        assert isinstance(network.transform, GeneralizedRCNNTransform)
        self.preprocess = HeadDetectorPreprocess(network.transform)
        self.backbone, self.rpn, self.roi_heads = network.backbone, network.rpn, network.roi_heads

    def forward(self, batch: Batch) -> tuple[list[dict[str, Tensor]], dict[str, Tensor]]:
        """As in torchvision: boxes in evaluation mode, losses in training mode, the other empty."""
        height, width = batch.images.shape[-2:]
        pictures = ImageList(batch.images, [(height, width)] * len(batch.images))
        targets = _targets(batch) if self.training else None
        features = self.backbone(batch.images)
        with torch.autocast(batch.images.device.type, enabled=False):  # 8 bits cannot hold a place
            features = {level: values.float() for level, values in features.items()}
            proposals, proposing = self.rpn(pictures, features, targets)
            found, classifying = self.roi_heads(features, proposals, pictures.image_sizes, targets)
        return found, {**proposing, **classifying}

    def decode(self, output: object, batch: Batch) -> NoReturn:
        """Not possible: heads alone say nothing about where people look."""
        raise NotImplementedError(
            "head-detector finds heads and no gaze: give its weights as --detector FILE, beside a "
            "model of gaze."
        )


def _targets(batch: Batch) -> list[dict[str, Tensor]]:
    """The heads of each image in pixels, all of class 1."""
    counts = torch.bincount(batch.image_of, minlength=len(batch.images)).tolist()
    heads = to_pixels(batch.heads, size_of(batch.images)).split(counts)
    return [{"boxes": boxes, "labels": batch.image_of.new_ones(len(boxes))} for boxes in heads]


def head_detector() -> HeadDetectorModel:
    """The untrained detector."""
    return HeadDetectorModel(HeadDetectorConfig())
