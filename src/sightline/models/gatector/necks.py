"""From the backbone's maps to raw detection grids, in the manner of YOLOv4."""

from __future__ import annotations

from torch import Tensor, cat, nn
from torch.nn.functional import interpolate, max_pool2d, pixel_shuffle


class DefocusNeck(nn.Module):
    """GaTector's detector: defocused maps, top-down only, one fine scale of stride 4.

    The defocus layer is the same tensor rearranged (four channels of a coarse map become one of
    twice the height and width): no learned parameter is lost and no computation added.
    """

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        w = width
        self.deep = SpatialPyramid(8 * w, 8 * w)
        self.up_4, self.lateral_4 = cbl(2 * w, 4 * w, 3), cbl(4 * w, 4 * w, 1)
        self.merge_4 = five(8 * w, 4 * w, 8 * w)
        self.up_3, self.lateral_3 = cbl(w, 2 * w, 3), cbl(2 * w, 2 * w, 1)
        self.merge_3 = five(4 * w, 2 * w, 4 * w)
        self.before = cbl(2 * w, 4 * w, 3)
        self.head = nn.Conv2d(4 * w, outputs, 1)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """The features of the one scale, (B, 4 * width, H / 4, W / 4), before `head`."""
        stride_4, stride_8, stride_16 = (defocus(features) for features in maps)
        deep = self.deep(stride_16)
        middle = self.merge_4(cat([self.lateral_4(stride_8), self.up_4(defocus(deep))], 1))
        fine = self.merge_3(cat([self.lateral_3(stride_4), self.up_3(defocus(middle))], 1))
        return [self.before(fine)]

    def heads(self, features: list[Tensor]) -> list[Tensor]:
        """Raw outputs of each scale, (B, outputs, H, W)."""
        return [self.head(features[0])]


class PyramidNeck(nn.Module):
    """The release's detector for GOO-Real: top-down and bottom-up, strides 32, 16 and 8."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        w = width
        self.deep = SpatialPyramid(32 * w, 8 * w)
        self.up_4, self.lateral_4 = cbl(8 * w, 4 * w, 1), cbl(16 * w, 4 * w, 1)
        self.merge_4 = five(8 * w, 4 * w, 8 * w)
        self.up_3, self.lateral_3 = cbl(4 * w, 2 * w, 1), cbl(8 * w, 2 * w, 1)
        self.merge_3 = five(4 * w, 2 * w, 4 * w)
        self.down_4, self.again_4 = cbl(2 * w, 4 * w, 3, stride=2), five(8 * w, 4 * w, 8 * w)
        self.down_5, self.again_5 = cbl(4 * w, 8 * w, 3, stride=2), five(16 * w, 8 * w, 16 * w)
        sizes = (8 * w, 4 * w, 2 * w)
        self.before = nn.ModuleList(cbl(size, 2 * size, 3) for size in sizes)
        self.head = nn.ModuleList(nn.Conv2d(2 * size, outputs, 1) for size in sizes)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """The features of the three scales, coarse first, before `head`."""
        stride_8, stride_16, stride_32 = maps
        deep = self.deep(stride_32)
        middle = self.merge_4(cat([self.lateral_4(stride_16), _twice(self.up_4(deep))], 1))
        fine = self.merge_3(cat([self.lateral_3(stride_8), _twice(self.up_3(middle))], 1))
        middle = self.again_4(cat([self.down_4(fine), middle], 1))
        deep = self.again_5(cat([self.down_5(middle), deep], 1))
        return [before(x) for before, x in zip(self.before, (deep, middle, fine), strict=True)]

    def heads(self, features: list[Tensor]) -> list[Tensor]:
        """Raw outputs of each scale, (B, outputs, H, W)."""
        return [head(x) for head, x in zip(self.head, features, strict=True)]


class SpatialPyramid(nn.Module):
    """Three convolutions, maxima over 13, 9, 5 and 1 places side by side, three convolutions."""

    def __init__(self, inputs: int, size: int) -> None:
        super().__init__()
        self.before = three(inputs, size, 2 * size)
        self.after = three(4 * size, size, 2 * size)

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, inputs, H, W) to (B, size, H, W)."""
        near = self.before(features)
        of_5 = max_pool2d(near, 5, stride=1, padding=2)
        of_9 = max_pool2d(of_5, 5, stride=1, padding=2)  # maxima of maxima: the same values with
        of_13 = max_pool2d(of_9, 5, stride=1, padding=2)  # less to compare than in one step
        return self.after(cat([of_13, of_9, of_5, near], 1))


def defocus(features: Tensor) -> Tensor:
    """(B, 4 C, H, W) to (B, C, 2 H, 2 W)."""
    return pixel_shuffle(features, 2)


def _twice(features: Tensor) -> Tensor:
    return interpolate(features, scale_factor=2.0, mode="nearest")


def cbl(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Convolution, BatchNorm, leaky ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=(kernel - 1) // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.LeakyReLU(0.1, inplace=True),
    )


def three(inputs: int, narrow: int, wide: int) -> nn.Sequential:
    """Single places, 3x3, single places."""
    return nn.Sequential(cbl(inputs, narrow, 1), cbl(narrow, wide, 3), cbl(wide, narrow, 1))


def five(inputs: int, narrow: int, wide: int) -> nn.Sequential:
    """`three`, and once more 3x3 and single places."""
    return three(inputs, narrow, wide).extend([cbl(narrow, wide, 3), cbl(wide, narrow, 1)])
