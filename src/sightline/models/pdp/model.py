"""PDP on pictures: two trunks, scene attention, patch tokens with self-attention, two heads.

Miao, Hoai and Samaras, "Patch-level Gaze Distribution Prediction for Gaze Following", WACV 2023.
Trunks, attention, fusion and decoder are those of Chong et al., CVPR 2020.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import softmax

from sightline.batch import Batch
from sightline.gaze import Gaze
from sightline.geometry.boxes import enlarge, head_masks
from sightline.geometry.heatmap import peaks, refined_peaks
from sightline.models.base import GazeModel
from sightline.models.layers import (
    SceneAttention,
    Trunk,
    TwoTrunkConfig,
    calm,
    conv_block,
    deconv_block,
    init_weights,
)
from sightline.models.preprocess import HeadCrops


@dataclass(frozen=True)
class PDPConfig(TwoTrunkConfig):
    """Sizes and switches of PDP; the defaults are the published ones.

    depth: whether a depth map is the fourth channel of the scene.
    calm_start: start training with small embeddings and a small last convolution: without
        pretrained trunks the published ones drown what the pictures say for the first thousands of
        steps.
    as_released: also, label patches that leave out the last row and column of the heatmap. Off:
        patches that cover it.
    """

    depth: bool = True
    calm_start: bool = False


@dataclass
class PDPOutput:
    """heatmaps: (N, h, w), unbounded. patches: (N, grid * grid + 1) logits, outside last."""

    heatmaps: Tensor
    patches: Tensor


class PDP(GazeModel):
    """Predicts a heatmap and a distribution over patches and "outside" per person."""

    def __init__(self, config: PDPConfig) -> None:
        super().__init__()
        self.config = config
        self.preprocess = HeadCrops(
            config.image_size, config.head_margin, config.depth, self.clip_length
        )
        width, places = config.width, config.grid**2 + 1
        self.scene_trunk = Trunk(5 if config.depth else 4, width, config.blocks)
        self.face_trunk = Trunk(3, width, config.blocks)
        self.scene_attention = SceneAttention(2 if config.depth else 1, 16 * width, config.grid)
        self.fusion = nn.Sequential(
            *conv_block(32 * width, 16 * width), *conv_block(16 * width, 8 * width)
        )
        self.tokens = PatchTokens(8 * width, places)
        self.patch_head = nn.Sequential(
            nn.Linear(8 * width, 4 * width), nn.ReLU(), nn.Linear(4 * width, 1)
        )
        self.heatmap_head = heatmap_head(8 * width)
        self.apply(init_weights)
        if config.calm_start:
            self.tokens.shrink()
            calm(self.heatmap_head[-1])

    @property
    def uses_depth(self) -> bool:
        """Whether `Scene.depth` is read."""
        return self.config.depth

    def forward(self, batch: Batch) -> PDPOutput:
        """Heatmaps and patch logits of every person of the batch."""
        code = self.encode(batch)
        with torch.autocast(code.device.type, enabled=False):  # an arg-max forgives no rounding
            return self.heads(self.tokens(code.float()))

    def encode(self, batch: Batch) -> Tensor:
        """What trunks, attention and fusion make of every person: (N, 8 * width, grid, grid)."""
        masks = head_masks(enlarge(batch.heads, self.config.head_margin), self.config.image_size)
        context = [masks]
        if batch.depth is not None:
            context.insert(0, batch.depth[batch.image_of])  # channel order: RGB, depth, head mask
        scene = self.scene_trunk(torch.cat([batch.images[batch.image_of], *context], 1))
        face = self.face_trunk(batch.crops)
        attention = self.scene_attention(context, face)
        return self.fusion(torch.cat([scene * attention, face], 1))

    def heads(self, tokens: Tensor) -> PDPOutput:
        """Heatmaps and patch logits from tokens (N, places, 8 * width)."""
        patches = self.patch_head(tokens).squeeze(-1)
        grid = (self.config.grid, self.config.grid)
        places = tokens[:, :-1].mT.unflatten(-1, grid).contiguous()
        return PDPOutput(self.heatmap_head(places).squeeze(1), patches)

    def answer(self, output: PDPOutput, batch: Batch) -> Gaze:
        """The peak of each heatmap, and inside = 1 - share of "outside"."""
        find = peaks if self.config.as_released else refined_peaks
        points, inside = find(output.heatmaps), 1 - patch_shares(output.patches)[:, -1]
        return Gaze(batch.heads, points, output.heatmaps, inside)


def patch_shares(logits: Tensor) -> Tensor:
    """The predicted distribution (N, places): sigmoids over their sum, not a softmax."""
    scores = logits.sigmoid()
    return scores / (scores.sum(1, keepdim=True) + 1e-8)


class PatchTokens(nn.Module):
    """Patches and a learnt "outside" as tokens that attend to one another: (N, places, size).

    One attention head, scores not divided by the root of the size, a residual and nothing else.
    """

    def __init__(self, size: int, places: int) -> None:
        super().__init__()
        self.outside = nn.Parameter(torch.randn(1, size))
        self.position = nn.Parameter(torch.randn(places, size))
        self.qkv = nn.Linear(size, 3 * size)

    @torch.no_grad()
    def shrink(self) -> None:
        """Make the embeddings small."""
        for embedding in (self.position, self.outside):
            embedding.copy_(0.02 * embedding)

    def forward(self, code: Tensor) -> Tensor:
        """Tokens of a feature map (N, size, grid, grid), row by row, outside last."""
        patches = code.flatten(2).mT
        tokens = torch.cat([patches, self.outside.expand(code.shape[0], 1, -1)], 1) + self.position
        query, key, value = self.qkv(tokens).chunk(3, -1)
        return tokens + softmax(query @ key.mT, -1) @ value


def heatmap_head(size: int) -> nn.Sequential:
    """Decoder of (N, size, grid, grid) into (N, 1, 8 * grid + 8, 8 * grid + 8)."""
    return nn.Sequential(
        nn.Conv2d(size, size, 1, bias=False),
        nn.ReLU(inplace=True),
        *deconv_block(size, size // 2, 3),
        *deconv_block(size // 2, size // 4, 3),
        *deconv_block(size // 4, 1, 4),
        nn.Conv2d(1, 1, 1),
    )


def pdp(**overrides: object) -> PDP:
    """PDP with depth, 61.7 M parameters."""
    return PDP(PDPConfig(**overrides))  # pyright: ignore[reportArgumentType]


def pdp_nodepth(**overrides: object) -> PDP:
    """PDP from the picture alone, 61.6 M parameters."""
    return pdp(**({"depth": False} | overrides))


def pdp_small(**overrides: object) -> PDP:
    """The same code at reduced size, to ship and to train on two cores."""
    small = {
        "depth": False,
        "width": 16,
        "blocks": (1, 1, 1, 1, 1),
        "image_size": 160,
        "calm_start": True,
        "as_released": False,
    }
    return pdp(**(small | overrides))
