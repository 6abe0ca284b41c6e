"""GaTector: a gaze heatmap per person and all objects of the picture, from one backbone.

Wang, Hu, Li, Chen and Zhang, "GaTector: A Unified Framework for Gaze Object Prediction", CVPR 2022.
The gaze head is built on the spatial model of Chong et al., CVPR 2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, cat, nn

from sightline.batch import Batch
from sightline.gaze import Gaze
from sightline.gaze_objects import with_detections
from sightline.geometry.boxes import head_masks
from sightline.geometry.heatmap import peaks, refined_peaks
from sightline.goo_classes import GOO_CLASSES
from sightline.models.base import GazeModel
from sightline.models.gatector.backbone import Backbone
from sightline.models.gatector.grid import Anchors, as_grids, candidates, detect
from sightline.models.gatector.necks import DefocusNeck
from sightline.models.gatector.preprocess import GaTectorPreprocess, head_regions
from sightline.models.layers import (
    SceneAttention,
    TwoTrunkConfig,
    calm,
    conv_block,
    deconv_block,
    init_weights,
)


@dataclass(frozen=True)
class GaTectorConfig(TwoTrunkConfig):
    """Sizes and switches of GaTector; the defaults are the published ones.

    blocks: of the four shared layers and of the two layers per task.
    classes: names of what the detector tells apart, by label.
    anchors: width and height in pixels of the input, of each box that a place can predict.
    calm_start: start training from a nearly blank heatmap; a random last convolution may begin far
        from one, and most of the first steps go into shrinking it.
    as_released: also, windows around the eyes instead of head boxes, and the release's habits in
        training: spoilt boxes of gaze objects, the energy loss with its axes swapped, a random
        start whatever weights were given.
    """

    classes: tuple[str, ...] = GOO_CLASSES
    anchors: Anchors = ((12, 16), (19, 36), (40, 28))
    calm_start: bool = False

    @property
    def outputs(self) -> int:
        """Channels of a detection grid."""
        return len(self.anchors) * (5 + len(self.classes))


@dataclass
class GaTectorOutput:
    """heatmaps: (N, h, w), unbounded. grids: raw detections, one tensor per scale.

    A grid is (B, anchors, 5 + classes, H, W): tx, ty, tw, th, objectness and classes, as logits.
    heads: features of the head crops, (N, 16 * width, grid, grid).
    """

    heatmaps: Tensor
    grids: list[Tensor]
    heads: Tensor


class GaTector(GazeModel):
    """Finds the objects of a picture once, and where each of its people looks."""

    finds_objects = True

    def __init__(self, config: GaTectorConfig) -> None:
        super().__init__()
        self.config = config
        self.preprocess = GaTectorPreprocess(
            config.image_size, config.head_margin, as_released=config.as_released
        )
        self.backbone = Backbone(config.width, config.blocks)
        self.detection = DefocusNeck(config.width, config.outputs)
        self.gaze = GazeHead(config.width, config.grid)
        self.apply(init_weights_as_released if config.as_released else init_weights)
        if config.calm_start:
            calm(self.gaze.decoder[-1])

    @property
    def head_boxes(self) -> str:
        """What it makes of the head boxes that it is given."""
        if not self.config.as_released:
            return super().head_boxes
        return (
            "A window of 0.3 picture sizes around the eyes stands for the head; where they are not "
            "known, around the middle of its box."
        )

    def forward(self, batch: Batch) -> GaTectorOutput:
        """Heatmaps of every person and detections of every picture of the batch."""
        assert batch.crops is not None, "give a batch that this model's `preprocess` made"
        maps, scene = self.backbone.scene(batch.images)
        detected = self.detection(maps)
        heads = self.backbone.heads(batch.crops)
        code = self.gaze(scene[batch.image_of], heads, self.masks(batch))
        with torch.autocast(code.device.type, enabled=False):  # an arg-max forgives no rounding
            heatmaps = self.gaze.decoder(code.float()).squeeze(1)
            raw = self.detection.heads([features.float() for features in detected])
        return GaTectorOutput(heatmaps, as_grids(raw, len(self.config.anchors)), heads)

    def masks(self, batch: Batch) -> Tensor:
        """Where the heads are: (N, 1, image_size, image_size)."""
        margin, as_released = self.config.head_margin, self.config.as_released
        regions = head_regions(batch.heads, batch.eyes, margin, as_released=as_released)
        return head_masks(regions, self.config.image_size)

    def answer(self, output: GaTectorOutput, batch: Batch) -> Gaze:
        """The peak of each heatmap."""
        find = peaks if self.config.as_released else refined_peaks
        return Gaze(batch.heads, find(output.heatmaps), output.heatmaps)

    def candidates(self, output: GaTectorOutput) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes (B, K, 4), scores and labels (B, K) before any is left out."""
        return candidates(output.grids, self.config.anchors, self.config.image_size)

    def decode(self, output: GaTectorOutput, batch: Batch) -> list[Gaze]:
        """The peak of each heatmap, the objects of each picture, and who looks at which."""
        gazes = super().decode(output, batch)
        config = self.config
        found = detect(output.grids, config.anchors, config.image_size, classes=config.classes)
        return [with_detections(g, o, self.least_score) for g, o in zip(gazes, found, strict=True)]


class GazeHead(nn.Module):
    """From features of scene and head and the head mask to what the decoder draws a heatmap of."""

    def __init__(self, width: int, grid: int) -> None:
        super().__init__()
        w = width
        self.attention = SceneAttention(1, 16 * w, grid)
        sizes = (1, w // 2, w, 2 * w, 4 * w, 8 * w)
        self.place = nn.Sequential(*(layer for pair in pairwise(sizes) for layer in halve(*pair)))
        self.fusion = nn.Conv2d(40 * w, 32 * w, 1)
        self.encoder = nn.Sequential(*conv_block(32 * w, 16 * w), *conv_block(16 * w, 8 * w))
        self.decoder = nn.Sequential(
            *deconv_block(8 * w, 4 * w, 3),
            *deconv_block(4 * w, 2 * w, 3),
            *deconv_block(2 * w, 1, 4),
            nn.Conv2d(1, 1, 1),
        )

    def forward(self, scene: Tensor, heads: Tensor, masks: Tensor) -> Tensor:
        """Code (N, 8 * width, grid, grid) of each person."""
        attended = cat([scene, self.place(masks)], 1) * self.attention([masks], heads)
        return self.encoder(self.fusion(cat([attended, heads], 1)))


def halve(inputs: int, outputs: int) -> list[nn.Module]:
    """A convolution that halves the size, ReLU."""
    return [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False), nn.ReLU(inplace=True)]


def init_weights_as_released(module: nn.Module) -> None:
    """Initial values of convolutions and BatchNorm, for `nn.Module.apply`; others keep PyTorch's.

    The release runs this over everything *after* it has loaded ImageNet's weights.
    """
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


def gatector(**overrides: object) -> GaTector:
    """GaTector as released, 59.7 M parameters (those without effect left out)."""
    return GaTector(GaTectorConfig(**overrides))  # pyright: ignore[reportArgumentType]


def gatector_small(**overrides: object) -> GaTector:
    """The same code at reduced size, to train on two cores; anchors of rendered shelves."""
    small = {
        "width": 16,
        "blocks": (1, 1, 1, 1, 1),
        "image_size": 160,
        "anchors": ((4, 7), (6, 10), (9, 16)),
        "calm_start": True,
        "as_released": False,
    }
    return gatector(**(small | overrides))
