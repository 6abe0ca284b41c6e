"""PDP on pictures: two trunks, scene attention, patch tokens with self-attention, two heads.

Miao, Hoai and Samaras, "Patch-level Gaze Distribution Prediction for Gaze Following", WACV 2023.
Trunks, attention, fusion and decoder are those of Chong et al., CVPR 2020.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, softmax
from torchvision.models.resnet import Bottleneck

from sightline.batch import Batch
from sightline.gaze import Gaze
from sightline.geometry.boxes import enlarge, head_masks
from sightline.geometry.heatmap import peaks, refined_peaks
from sightline.models.base import GazeModel, split_by_image
from sightline.models.pdp.preprocess import PDPPreprocess


@dataclass(frozen=True)
class PDPConfig:
    """Sizes and switches of PDP; the defaults are the published ones.

    depth: whether a depth map is the fourth channel of the scene.
    width: channels of the stem; every other width is a multiple of it.
    blocks: bottlenecks per layer of each trunk.
    image_size: side of scene, head crop and depth in pixels, a multiple of 32.
    calm_start: start training with small embeddings and a small last convolution: without
    pretrained
        trunks the published ones drown what the pictures say for the first thousands of steps.
    head_margin: share by which head boxes are enlarged first (`geometry.boxes.enlarge`).
    as_released: reproduce the release: points at the corner of the highest cell, and label patches
        that leave out the last row and column. Off: points finer than a cell (`refined_peaks`),
        patches that cover the map.
    """

    depth: bool = True
    width: int = 64
    blocks: tuple[int, ...] = (3, 4, 6, 3, 2)
    image_size: int = 224
    calm_start: bool = False
    head_margin: float = 0.1
    as_released: bool = True

    @property
    def grid(self) -> int:
        """Patches per side."""
        return self.image_size // 32

    @property
    def heatmap_size(self) -> int:
        """Side of the heatmap; transposed convolutions without padding: 7 to 15 to 31 to 64."""
        return 8 * self.grid + 8


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
        self.preprocess = PDPPreprocess(config.image_size, config.head_margin, config.depth)
        width, places = config.width, config.grid**2 + 1
        self.scene_trunk = Trunk(5 if config.depth else 4, width, config.blocks)
        self.face_trunk = Trunk(3, width, config.blocks)
        self.scene_attention = SceneAttention(config)
        self.fusion = nn.Sequential(
            *_conv_block(32 * width, 16 * width), *_conv_block(16 * width, 8 * width)
        )
        self.tokens = PatchTokens(8 * width, places)
        self.patch_head = nn.Sequential(
            nn.Linear(8 * width, 4 * width), nn.ReLU(), nn.Linear(4 * width, 1)
        )
        self.heatmap_head = heatmap_head(8 * width)
        self.apply(_initialise)
        if config.calm_start:
            self._calm()

    @torch.no_grad()
    def _calm(self) -> None:
        for embedding in (self.tokens.position, self.tokens.outside):
            embedding.copy_(0.02 * embedding)
        nn.init.constant_(self.heatmap_head[-1].get_parameter("weight"), 0.1)
        nn.init.zeros_(self.heatmap_head[-1].get_parameter("bias"))

    @property
    def uses_depth(self) -> bool:
        """Whether `Scene.depth` is read."""
        return self.config.depth

    def forward(self, batch: Batch) -> PDPOutput:
        """Heatmaps and patch logits of every person of the batch."""
        masks = head_masks(enlarge(batch.heads, self.config.head_margin), self.config.image_size)
        context = [masks]
        if batch.depth is not None:
            context.insert(0, batch.depth[batch.image_of])  # channel order: RGB, depth, head mask
        scene = self.scene_trunk(torch.cat([batch.images[batch.image_of], *context], 1))
        face = self.face_trunk(batch.crops)
        attention = self.scene_attention(context, face)
        code = self.fusion(torch.cat([scene * attention, face], 1))
        with torch.autocast(code.device.type, enabled=False):  # an arg-max forgives no rounding
            return self.heads(code.float())

    def heads(self, code: Tensor) -> PDPOutput:
        """Heatmaps and patch logits from the fused code (N, 8 * width, grid, grid)."""
        tokens = self.tokens(code)
        patches = self.patch_head(tokens).squeeze(-1)
        places = tokens[:, :-1].mT.reshape(code.shape)
        return PDPOutput(self.heatmap_head(places).squeeze(1), patches)

    def decode(self, output: PDPOutput, batch: Batch) -> list[Gaze]:
        """The peak of each heatmap, and inside = 1 - share of "outside"."""
        find = peaks if self.config.as_released else refined_peaks
        points = find(output.heatmaps)
        inside = 1 - patch_shares(output.patches)[:, -1]
        people = (batch.heads, points, output.heatmaps, inside)
        columns = [split_by_image(values, batch) for values in people]
        return [Gaze(*values) for values in zip(*columns, strict=True)]


def patch_shares(logits: Tensor) -> Tensor:
    """The predicted distribution (N, places): sigmoids over their sum, not a softmax."""
    scores = logits.sigmoid()
    return scores / (scores.sum(1, keepdim=True) + 1e-8)


class Trunk(nn.Module):
    """A ResNet with a fifth layer: (N, channels, H, W) to (N, 16 * width, H / 32, W / 32)."""

    def __init__(self, channels: int, width: int, blocks: tuple[int, ...]) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        inputs = (width, 4 * width, 8 * width, 16 * width, 32 * width)
        widths, strides = (width, 2 * width, 4 * width, 8 * width, 4 * width), (1, 2, 2, 2, 1)
        self.layers = nn.Sequential(*map(_residual_layer, inputs, widths, strides, blocks))

    def forward(self, images: Tensor) -> Tensor:
        """Features of each image."""
        return self.layers(self.stem(images))


def _residual_layer(channels: int, width: int, stride: int, blocks: int) -> nn.Sequential:
    shortcut = nn.Sequential(
        nn.Conv2d(channels, 4 * width, 1, stride=stride, bias=False), nn.BatchNorm2d(4 * width)
    )
    first = Bottleneck(channels, width, stride, shortcut)
    return nn.Sequential(first, *(Bottleneck(4 * width, width) for _ in range(blocks - 1)))


class SceneAttention(nn.Module):
    """Where in the scene to look, from head, depth and face: weights (N, 1, grid, grid)."""

    def __init__(self, config: PDPConfig) -> None:
        super().__init__()
        maps = 2 if config.depth else 1
        inputs = maps * (config.image_size // 8) ** 2 + 16 * config.width
        self.linear = nn.Linear(inputs, config.grid**2)
        self.grid = config.grid

    def forward(self, context: list[Tensor], face: Tensor) -> Tensor:
        """`context` holds maps (N, 1, H, W), the head mask last; the weights sum to 1."""
        pooled = [_pool_three_times(x).flatten(1) for x in reversed(context)]  # head, depth, face
        weights = softmax(self.linear(torch.cat([*pooled, face.mean((-2, -1))], 1)), -1)
        return weights.view(-1, 1, self.grid, self.grid)


def _pool_three_times(maps: Tensor) -> Tensor:
    for _ in range(3):
        maps = max_pool2d(maps, 3, stride=2, padding=1)
    return maps


class PatchTokens(nn.Module):
    """Patches and a learnt "outside" as tokens that attend to one another: (N, places, size).

    One attention head, scores not divided by the root of the size, a residual and nothing else.
    """

    def __init__(self, size: int, places: int) -> None:
        super().__init__()
        self.outside = nn.Parameter(torch.randn(1, size))
        self.position = nn.Parameter(torch.randn(places, size))
        self.qkv = nn.Linear(size, 3 * size)

    def forward(self, code: Tensor) -> Tensor:
        """Tokens of a feature map (N, size, grid, grid), row by row, outside last."""
        patches = code.flatten(2).mT
        tokens = torch.cat([patches, self.outside.expand(len(code), 1, -1)], 1) + self.position
        query, key, value = self.qkv(tokens).chunk(3, -1)
        return tokens + softmax(query @ key.mT, -1) @ value


def heatmap_head(size: int) -> nn.Sequential:
    """Decoder of (N, size, grid, grid) into (N, 1, 8 * grid + 8, 8 * grid + 8)."""
    return nn.Sequential(
        nn.Conv2d(size, size, 1, bias=False),
        nn.ReLU(inplace=True),
        *_deconv_block(size, size // 2, 3),
        *_deconv_block(size // 2, size // 4, 3),
        *_deconv_block(size // 4, 1, 4),
        nn.Conv2d(1, 1, 1),
    )


def _conv_block(inputs: int, outputs: int) -> list[nn.Module]:
    conv = nn.Conv2d(inputs, outputs, 1, bias=False)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def _deconv_block(inputs: int, outputs: int, kernel: int) -> list[nn.Module]:
    conv = nn.ConvTranspose2d(inputs, outputs, kernel, stride=2)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        fan_out = math.prod(module.kernel_size) * module.out_channels
        nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))


def pdp(**overrides: object) -> PDP:
    """PDP with depth, 61.7 M parameters."""
    return PDP(PDPConfig(**overrides))  # pyright: ignore[reportArgumentType]


def pdp_nodepth(**overrides: object) -> PDP:
    """PDP from the picture alone, 61.6 M parameters."""
    return pdp(depth=False, **overrides)


def pdp_small(**overrides: object) -> PDP:
    """The same code at reduced size, to ship and to train on two cores."""
    small = {
        "depth": False,
        "width": 16,
        "blocks": (1, 1, 1, 1, 1),
        "image_size": 128,
        "calm_start": True,
        "as_released": False,
    }
    return pdp(**(small | overrides))
