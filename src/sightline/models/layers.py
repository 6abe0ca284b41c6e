"""Sizes and layers of the networks that Chong et al. (CVPR 2020) began: PDP, GaTector."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor, cat, nn
from torch.nn.functional import max_pool2d, softmax
from torchvision.models.resnet import Bottleneck


@dataclass(frozen=True)
class TwoTrunkConfig:
    """Settings of every two-trunk network; the defaults are the published ones.

    width: channels of the stem; every other width is a multiple of it.
    blocks: bottlenecks per layer of each trunk.
    image_size: side of scene, head crop and depth in pixels, a multiple of 32.
    head_margin: share by which head boxes are enlarged first (`geometry.boxes.enlarge`).
    as_released: reproduce the release: points at the corner of the highest cell. Off: points finer
        than a cell (`refined_peaks`).
    """

    width: int = 64
    blocks: tuple[int, ...] = (3, 4, 6, 3, 2)
    image_size: int = 224
    head_margin: float = 0.1
    as_released: bool = True

    @property
    def grid(self) -> int:
        """Places of the feature map per side."""
        return self.image_size // 32

    @property
    def heatmap_size(self) -> int:
        """Side of the heatmap; transposed convolutions without padding: 7 to 15 to 31 to 64."""
        return 8 * self.grid + 8


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
        self.layers = nn.Sequential(*map(residual_layer, inputs, widths, strides, blocks))

    def forward(self, images: Tensor) -> Tensor:
        """Features of each image."""
        return self.layers(self.stem(images))


def residual_layer(channels: int, width: int, stride: int, blocks: int) -> nn.Sequential:
    """Bottlenecks of a ResNet: `channels` to 4 * `width`, the first with `stride`."""
    shortcut = nn.Sequential(
        nn.Conv2d(channels, 4 * width, 1, stride=stride, bias=False), nn.BatchNorm2d(4 * width)
    )
    first = Bottleneck(channels, width, stride, shortcut)
    return nn.Sequential(first, *(Bottleneck(4 * width, width) for _ in range(blocks - 1)))


class SceneAttention(nn.Module):
    """Where in the scene to look, from head, depth and face: weights (N, 1, grid, grid)."""

    def __init__(self, maps: int, features: int, grid: int) -> None:
        super().__init__()
        self.linear = nn.Linear(maps * (4 * grid) ** 2 + features, grid**2)
        self.grid = grid

    def forward(self, context: list[Tensor], face: Tensor) -> Tensor:
        """`context` holds `maps` maps (N, 1, H, W), the head mask last; the weights sum to 1."""
        pooled = [_pool_three_times(x).flatten(1) for x in reversed(context)]  # head, depth, face
        weights = softmax(self.linear(cat([*pooled, face.mean((-2, -1))], 1)), -1)
        return weights.view(-1, 1, self.grid, self.grid)


def _pool_three_times(maps: Tensor) -> Tensor:
    for _ in range(3):
        maps = max_pool2d(maps, 3, stride=2, padding=1)
    return maps


def conv_block(inputs: int, outputs: int) -> list[nn.Module]:
    """A convolution of single pixels, BatchNorm, ReLU."""
    conv = nn.Conv2d(inputs, outputs, 1, bias=False)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def deconv_block(inputs: int, outputs: int, kernel: int) -> list[nn.Module]:
    """A transposed convolution that doubles the size, BatchNorm, ReLU."""
    conv = nn.ConvTranspose2d(inputs, outputs, kernel, stride=2)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def init_weights(module: nn.Module) -> None:
    """Initial values of a convolution, for `nn.Module.apply`; others keep PyTorch's."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        fan_out = math.prod(module.kernel_size) * module.out_channels
        nn.init.normal_(module.weight, std=math.sqrt(2 / fan_out))


def calm(last: nn.Module) -> None:
    """Let the last convolution of a decoder, one channel to one, start with small heatmaps.

    A random one may begin far from blank, and most of the first steps go into shrinking it.
    """
    nn.init.constant_(last.get_parameter("weight"), 0.1)
    nn.init.zeros_(last.get_parameter("bias"))
