"""Gaze-LLE with a small convolutional encoder, which learns where a transformer learns nothing.

A few thousand pictures are not enough for a vision transformer without pretraining.
"""

from __future__ import annotations

from torch import Tensor, nn

from sightline.models.gazelle.model import GazeLLE, GazeLLEConfig, gazelle_small
from sightline.models.layers import residual_layer

STRIDE = 16
WIDTHS = (16, 32, 64)  # of the bottlenecks; four times as many channels come out


class ConvEncoder(nn.Module):
    """The first layers of a narrow ResNet: (B, 3, size, size) to (B, 256, grid, grid)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.grid, self.channels = size // STRIDE, 4 * WIDTHS[-1]
        self.stem = nn.Sequential(
            nn.Conv2d(3, 32, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2, padding=1),
        )
        inputs, strides = (32, 4 * WIDTHS[0], 4 * WIDTHS[1]), (1, 2, 2)
        self.layers = nn.Sequential(
            *(residual_layer(*of, blocks=1) for of in zip(inputs, WIDTHS, strides, strict=True))
        )

    def forward(self, images: Tensor) -> Tensor:
        """Features of each picture."""
        return self.layers(self.stem(images))


class ConvGazeLLE(GazeLLE):
    """Gaze-LLE on a `ConvEncoder`."""

    def __init__(self, config: GazeLLEConfig) -> None:
        super().__init__(config, ConvEncoder(config.image_size))


def conv_gazelle_small(**overrides: object) -> ConvGazeLLE:
    """`gazelle-small` with a convolutional encoder."""
    return ConvGazeLLE(gazelle_small(**overrides).config)
