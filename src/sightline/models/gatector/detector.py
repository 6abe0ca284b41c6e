"""The second network of GaTector's release: a three-scale detector without gaze, for GOO-Real."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sightline.batch import Batch
from sightline.gaze import Gaze
from sightline.models.base import GazeModel
from sightline.models.gatector.backbone import pyramid, shared_layers, stem
from sightline.models.gatector.grid import Anchors, as_grids, candidates, detect
from sightline.models.gatector.model import GaTectorConfig, init_weights_as_released
from sightline.models.gatector.necks import PyramidNeck
from sightline.models.gatector.preprocess import ObjectsOnly
from sightline.models.layers import init_weights

SCALES = 3


@dataclass(frozen=True)
class GaTectorDetectorConfig(GaTectorConfig):
    """Sizes and switches; the anchors go from small to large, a third to each scale."""

    anchors: Anchors = (
        *((12, 16), (19, 36), (40, 28)),
        *((36, 75), (76, 55), (72, 146)),
        *((142, 110), (192, 243), (459, 401)),
    )


@dataclass
class GaTectorDetectorOutput:
    """grids: raw detections at strides 32, 16 and 8, as in `GaTectorOutput`."""

    grids: list[Tensor]


class GaTectorDetector(GazeModel):
    """Finds objects; it gives the gaze of nobody."""

    tells_gaze = False
    finds_objects = True

    def __init__(self, config: GaTectorDetectorConfig) -> None:
        super().__init__()
        self.config = config
        self.preprocess = ObjectsOnly(config.image_size, 0.0, as_released=config.as_released)
        self.stem = stem(config.width)
        self.layers = shared_layers(config.width, config.blocks)
        self.detection = PyramidNeck(config.width, config.outputs // SCALES)
        self.apply(init_weights_as_released if config.as_released else init_weights)

    def forward(self, batch: Batch) -> GaTectorDetectorOutput:
        """Detections of every picture."""
        features = self.detection(pyramid(self.layers, self.stem(batch.images)))
        with torch.autocast(batch.images.device.type, enabled=False):
            raw = self.detection.heads([x.float() for x in features])
        return GaTectorDetectorOutput(as_grids(raw, len(self.config.anchors) // SCALES))

    def candidates(self, output: GaTectorDetectorOutput) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes (B, K, 4), scores and labels (B, K) before any is left out."""
        return candidates(output.grids, self.config.anchors, self.config.image_size)

    def decode(self, output: GaTectorDetectorOutput, batch: Batch) -> list[Gaze]:  # noqa: ARG002
        """The objects of each picture, and nobody's gaze."""
        config = self.config
        found = detect(output.grids, config.anchors, config.image_size, classes=config.classes)
        return [replace(Gaze.nobody(), objects=objects) for objects in found]


def gatector_detector(**overrides: object) -> GaTectorDetector:
    """The detector as released, for pictures of shelves."""
    config = GaTectorDetectorConfig(**overrides)  # pyright: ignore[reportArgumentType]
    return GaTectorDetector(config)
