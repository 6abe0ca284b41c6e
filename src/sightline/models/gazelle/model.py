"""Gaze-LLE: a frozen encoder sees the picture once, a small decoder is prompted for each head.

Ryan, Bati, Lee, Bolya, Hoffman and Rehg, "Gaze-LLE: Gaze Target Estimation via Large-Scale Learned
Encoders", CVPR 2025.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from sightline.batch import Batch
from sightline.gaze import Gaze
from sightline.geometry.heatmap import peaks, refined_peaks
from sightline.models.base import GazeModel
from sightline.models.gazelle.backbone import Backbone
from sightline.models.gazelle.decoder import Decoder, FrameScore, PatchScores
from sightline.models.gazelle.preprocess import WholePicture


@dataclass(frozen=True)
class GazeLLEConfig:
    """Sizes and switches; the defaults are the published ones with ViT-B.

    backbone: a vision transformer of timm. depth: its first blocks alone; 0 for all.
    norm_eps: of the encoder's LayerNorms; None for timm's.
    image_size: side of the picture in pixels, a multiple of the encoder's patches.
    width, layers, heads: of the decoder.
    inside: how the model tells whether a target is in frame: not at all, by a score of its own, or
        by a distribution over patches and "outside" (the idea of PDP).
    patch_grid: patches of that distribution per side.
    as_released: points at the corner of the highest cell. Off: finer than a cell
        (`refined_peaks`). The metrics of the paper read the heatmap by themselves.
    """

    backbone: str = "vit_base_patch14_dinov2"
    depth: int = 0
    norm_eps: float | None = 1e-6
    image_size: int = 448
    width: int = 256
    layers: int = 3
    heads: int = 8
    inside: Literal["none", "score", "patches"] = "none"
    patch_grid: int = 8
    as_released: bool = False


@dataclass
class GazeLLEOutput:
    """Logits. heatmaps: (N, h, w). inside: (N,). patches: (N, places), "outside" last."""

    heatmaps: Tensor
    inside: Tensor | None = None
    patches: Tensor | None = None


class GazeLLE(GazeModel):
    """Predicts a heatmap per person, and by its config whether the target is in frame.

    backbone: an encoder in place of the config's, with its `channels` and `grid`.
    people_at_once: how many are decoded together in `predict`, to bound the memory whatever the
    number of people; None takes 4 on a processor, as many as its cache holds, and 64 elsewhere.
    """

    people_at_once: int | None = None

    def __init__(self, config: GazeLLEConfig, backbone: Any = None) -> None:
        super().__init__()
        self.config = config
        self.preprocess = WholePicture(config.image_size)
        size, eps = config.image_size, config.norm_eps
        self.backbone = backbone or Backbone(config.backbone, size, config.depth, eps)
        self.decoder = Decoder(
            self.backbone.channels,
            self.backbone.grid,
            _inside_head(config),
            width=config.width,
            layers=config.layers,
            heads=config.heads,
        )

    @property
    def encoder(self) -> Backbone:
        """What makes features of pictures, and never depends on the people in them."""
        return self.backbone

    @property
    def heatmap_size(self) -> int:
        """Side of the heatmap."""
        return 2 * self.backbone.grid

    def forward(self, batch: Batch) -> GazeLLEOutput:
        """Logits of every person of the batch; each picture is encoded once."""
        features = self.backbone(batch.images) if batch.features is None else batch.features
        heatmaps, inside = self.decoder(features, batch.heads, batch.image_of, self._at_once())
        if self.config.inside == "patches":
            return GazeLLEOutput(heatmaps, patches=inside)
        return GazeLLEOutput(heatmaps, inside)

    def _at_once(self) -> int | None:
        """How many people to decode together; in a graph parts of a fixed size would be a loop."""
        if self.training or torch.compiler.is_exporting():
            return None
        return self.people_at_once or (4 if self.device.type == "cpu" else 64)

    def answer(self, output: GazeLLEOutput, batch: Batch) -> Gaze:
        """Sigmoid, the peak of each heatmap, and inside where the model tells it."""
        heatmaps = output.heatmaps.float().sigmoid()
        find = peaks if self.config.as_released else refined_peaks
        inside = None if output.inside is None else output.inside.float().sigmoid()
        if output.patches is not None:
            inside = 1 - output.patches.float().softmax(1)[:, -1]
        return Gaze(batch.heads, find(heatmaps), heatmaps, inside)


def _inside_head(config: GazeLLEConfig) -> nn.Module | None:
    """What tells whether a target is in frame, by the config."""
    if config.inside == "patches":
        return PatchScores(config.width, config.patch_grid)
    return FrameScore(config.width) if config.inside == "score" else None


def gazelle_vitb14(**overrides: object) -> GazeLLE:
    """Gaze-LLE with DINOv2's ViT-B/14, heatmaps alone: 86.3 M frozen parameters and 2.8 M."""
    return GazeLLE(GazeLLEConfig(**overrides))  # pyright: ignore[reportArgumentType]


def gazelle_vitb14_inout(**overrides: object) -> GazeLLE:
    """The same with a score for "in frame"."""
    return gazelle_vitb14(**({"inside": "score"} | overrides))


def gazelle_vitl14(**overrides: object) -> GazeLLE:
    """Gaze-LLE with DINOv2's ViT-L/14, heatmaps alone: 304 M frozen parameters and 2.9 M."""
    return gazelle_vitb14(**({"backbone": "vit_large_patch14_dinov2"} | overrides))


def gazelle_vitl14_inout(**overrides: object) -> GazeLLE:
    """The same with a score for "in frame"."""
    return gazelle_vitl14(**({"inside": "score"} | overrides))


def gazelle_pdp(**overrides: object) -> GazeLLE:
    """Research: the score for "in frame" replaced by PDP's distribution over patches."""
    return gazelle_vitb14(**({"inside": "patches"} | overrides))


def gazelle_small(**overrides: object) -> GazeLLE:
    """The same code at reduced size, for two cores: a ViT-Ti of four blocks on 224 x 224."""
    small = {
        "backbone": "vit_tiny_patch16_224",
        "depth": 4,
        "image_size": 224,
        "width": 128,
        "layers": 1,
        "heads": 4,
        "inside": "score",
        "patch_grid": 7,
    }
    return gazelle_vitb14(**(small | overrides))


def gazelle_small_pdp(**overrides: object) -> GazeLLE:
    """The small one with PDP's distribution over patches."""
    return gazelle_small(**({"inside": "patches"} | overrides))
