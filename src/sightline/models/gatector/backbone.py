"""The shared feature extractor: two stems, one ResNet, and a layer for each task."""

from __future__ import annotations

from torch import Tensor, nn

from sightline.models.layers import residual_layer


class Backbone(nn.Module):
    """Specific, general, specific: what scene and head crop share lies between what they do not.

    In training the shared layers see scenes and head crops one after the other, so their BatchNorm
    statistics come from two separate batches and are updated twice in a step, as released.
    """

    def __init__(self, width: int, blocks: tuple[int, ...]) -> None:
        super().__init__()
        self.scene_stem, self.head_stem = stem(width), stem(width)
        self.layers = shared_layers(width, blocks)
        self.scene_layer = residual_layer(32 * width, 4 * width, 1, blocks[4])
        self.head_layer = residual_layer(32 * width, 4 * width, 1, blocks[4])

    def scene(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """Of images (B, 3, H, W) the maps at strides 8, 16, 32, and (B, 16 * width, grid, grid)."""
        maps = pyramid(self.layers, self.scene_stem(images))
        return maps, self.scene_layer(maps[-1])

    def heads(self, crops: Tensor) -> Tensor:
        """Of head crops (N, 3, H, W) the map (N, 16 * width, grid, grid)."""
        return self.head_layer(self.layers(self.head_stem(crops)))


def stem(width: int) -> nn.Sequential:
    """The first convolution; its pooling has no padding, unlike torchvision's (as released)."""
    return nn.Sequential(
        nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2, ceil_mode=True),
    )


def shared_layers(width: int, blocks: tuple[int, ...]) -> nn.Sequential:
    """The four layers of a ResNet."""
    inputs, widths = (1, 4, 8, 16), (1, 2, 4, 8)
    layers = zip(inputs, widths, (1, 2, 2, 2), blocks, strict=False)
    return nn.Sequential(*(residual_layer(i * width, w * width, s, n) for i, w, s, n in layers))


def pyramid(layers: nn.Sequential, features: Tensor) -> list[Tensor]:
    """The maps after the second, third and fourth layer."""
    maps = []
    for layer in layers:
        features = layer(features)
        maps.append(features)
    return maps[1:]
