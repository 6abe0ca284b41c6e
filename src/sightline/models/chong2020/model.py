"""The baseline on pictures: two trunks, scene attention, a decoder, an inside branch.

Chong, Wang, Ruiz and Rehg, "Detecting Attended Visual Targets in Video", CVPR 2020.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sightline.batch import Batch
from sightline.gaze import Gaze
from sightline.geometry.boxes import enlarge, head_masks
from sightline.geometry.heatmap import peaks, refined_peaks
from sightline.models.base import GazeModel
from sightline.models.layers import (
    SceneAttention,
    Trunk,
    TwoTrunkConfig,
    conv_block,
    deconv_block,
    init_weights,
)
from sightline.models.preprocess import HeadCrops

EVERYBODY = slice(None)


@dataclass(frozen=True)
class Chong2020Config(TwoTrunkConfig):
    """Sizes and switches of the baseline, which has none of its own."""


@dataclass
class Chong2020Output:
    """heatmaps: (N, h, w), unbounded. inside: (N,) logits."""

    heatmaps: Tensor
    inside: Tensor


class Chong2020(GazeModel):
    """Predicts per person a heatmap and whether the target is inside the picture."""

    def __init__(self, config: Chong2020Config) -> None:
        super().__init__()
        self.config = config
        self.preprocess = HeadCrops(
            config.image_size, config.head_margin, clip_length=self.clip_length
        )
        width = config.width
        self.scene_trunk = Trunk(4, width, config.blocks)
        self.face_trunk = Trunk(3, width, config.blocks)
        self.scene_attention = SceneAttention(1, 16 * width, config.grid)
        self.fusion = nn.Sequential(
            *conv_block(32 * width, 16 * width), *conv_block(16 * width, 8 * width)
        )
        self.decoder = nn.Sequential(
            *deconv_block(8 * width, 4 * width, 3),
            *deconv_block(4 * width, 2 * width, 3),
            *deconv_block(2 * width, 1, 4),
            nn.Conv2d(1, 1, 1),
        )
        self.inside_head = nn.Sequential(
            *conv_block(32 * width, 8 * width),
            *conv_block(8 * width, 1),
            nn.Flatten(),
            nn.Linear(config.grid**2, 1),
        )
        self.apply(init_weights)

    def forward(self, batch: Batch) -> Chong2020Output:
        """Heatmap and inside logit of every person of the batch."""
        features = self.features(batch)
        code = self.fusion(features)
        with torch.autocast(code.device.type, enabled=False):  # an arg-max forgives no rounding
            return self.heads(code.float(), features.float())

    def features(self, batch: Batch, people: Tensor | slice = EVERYBODY) -> Tensor:
        """Attended scene and face of people, rows of the batch: (N, 32 * width, grid, grid)."""
        assert batch.crops is not None, "give a batch that this model's `preprocess` made"
        boxes = enlarge(batch.heads[people], self.config.head_margin)
        masks = head_masks(boxes, self.config.image_size)
        images = batch.images[batch.image_of[people]]
        scene = self.scene_trunk(torch.cat([images, masks], 1))
        face = self.face_trunk(batch.crops[people])
        return torch.cat([scene * self.scene_attention([masks], face), face], 1)

    def heads(self, code: Tensor, features: Tensor) -> Chong2020Output:
        """Heatmaps from codes (N, 8 * width, grid, grid), inside logits from `features`."""
        return Chong2020Output(self.decoder(code)[:, 0], self.inside_head(features)[:, 0])

    def answer(self, output: Chong2020Output, batch: Batch) -> Gaze:
        """The peak of each heatmap, and the probability of inside."""
        find = peaks if self.config.as_released else refined_peaks
        points, inside = find(output.heatmaps), output.inside.sigmoid()
        return Gaze(batch.heads, points, output.heatmaps, inside)


def chong2020(**overrides: object) -> Chong2020:
    """The baseline on pictures, 61.5 M parameters."""
    return Chong2020(Chong2020Config(**overrides))  # pyright: ignore[reportArgumentType]
