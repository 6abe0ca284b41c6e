"""The direction network: from the picture of a head and its place to the sight line."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, softplus
from torchvision.models import resnet50

from sightline.models.gazefollow360.repvgg import VARIANTS, repvgg
from sightline.models.layers import Trunk, init_weights
from sightline.registry import unknown_name


class SmallBackbone(nn.Module):
    """A reduced trunk as in PDP, its features averaged over the crop: (N, 256)."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = Trunk(3, 16, (1, 1, 1, 1, 1)).apply(init_weights)

    def forward(self, crops: Tensor) -> Tensor:
        """Features of each head."""
        return self.trunk(crops).mean((-2, -1))


BACKBONES: dict[str, tuple[Callable[[], nn.Module], int]] = {
    "resnet50": (resnet50, 1000),
    "small": (SmallBackbone, 256),
    **{name: (partial(repvgg, name), 1000) for name in VARIANTS},
}
"""From head crops (N, 3, H, W) to features (N, F), and F; 1000 are classes of ImageNet."""


class DirectionNetwork(nn.Module):
    """Directions (N, 3) in the frame of each head: left, up, outward.

    As released, the position is a unit vector and the direction has any length and may point out of
    the sphere. Else the position is the sine of the latitude alone, which a turn of the panorama
    does not change, and the direction is a unit vector that never points outwards.

    backbone: a name of `BACKBONES`; UnknownNameError for another one.
    """

    def __init__(self, backbone: str, *, as_released: bool) -> None:
        super().__init__()
        self.as_released = as_released
        if backbone not in BACKBONES:
            raise unknown_name(backbone, BACKBONES, "backbone of the direction network")
        build, features = BACKBONES[backbone]
        self.backbone = build()
        inputs = 3 if as_released else 1
        self.position = nn.Sequential(nn.Linear(inputs, 128), nn.ReLU(), nn.Linear(128, 32))
        self.head = nn.Sequential(
            nn.Linear(features + 32, 128), nn.ReLU(), nn.Linear(128, 3, bias=False)
        )

    def forward(self, crops: Tensor, heads: Tensor) -> Tensor:
        """Directions of heads at unit vectors (N, 3) of the camera frame."""
        features = self.backbone(crops)
        with torch.autocast(crops.device.type, enabled=False):  # geometry forgives no rounding
            position = self.position(heads if self.as_released else heads[:, 2:])
            raw = self.head(torch.cat([features.float(), position], 1))
            return raw if self.as_released else inward(raw)


def inward(raw: Tensor) -> Tensor:
    """Unit vectors (N, 3) with no outward part."""
    return normalize(torch.cat([raw[:, :2], -softplus(raw[:, 2:])], 1), dim=1)
