"""The towers that draw heatmaps: convolutions down to a quarter of the size and up again."""

from __future__ import annotations

from torch import Tensor, nn


def tower(channels: int, width: int, *, blocks: int, as_released: bool) -> nn.Sequential:
    """(N, channels, h, w) to heatmaps (N, 1, h, w), unbounded; h and w are multiples of four.

    As released nothing in it is non-linear and an output sees 11 to 15 cells. Else there are ReLUs,
    and `blocks` residual blocks in its middle see the whole region.
    """
    between = [] if as_released else [nn.ReLU(inplace=True)]
    middle = [] if as_released else [Residual(8 * width) for _ in range(blocks)]
    return nn.Sequential(
        nn.Conv2d(channels, width, 3, stride=2, padding=1),
        nn.BatchNorm2d(width),
        *between,
        nn.Conv2d(width, 8 * width, 3, stride=2, padding=1),
        nn.BatchNorm2d(8 * width),
        *between,
        *middle,
        nn.ConvTranspose2d(8 * width, width, 4, stride=2, padding=1),
        nn.BatchNorm2d(width),
        *between,
        nn.ConvTranspose2d(width, 4, 4, stride=2, padding=1),
        nn.BatchNorm2d(4),
        *between,
        nn.Conv2d(4, 1, 1),
    )


class Residual(nn.Module):
    """A bottleneck whose middle looks around with holes."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        width = channels // 4
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=2, dilation=2, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        """The same size."""
        return (features + self.layers(features)).relu()
