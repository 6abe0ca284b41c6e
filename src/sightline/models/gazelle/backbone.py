"""The encoder: any vision transformer of timm, its patch features as a map."""

from __future__ import annotations

from typing import Any

import timm
from torch import Tensor, nn
from torch.nn.functional import interpolate

from sightline.models.gazelle.attention import fast_attention
from sightline.registry import UnknownNameError


class Backbone(nn.Module):
    """Pictures (B, 3, size, size) to normalised patch features (B, channels, grid, grid).

    name: a vision transformer of timm, with or without registers and rotary positions.
    depth: how many of its blocks; 0 for all.
    norm_eps: of its LayerNorms, written out because timm's defaults have changed; None keeps them.
    """

    def __init__(self, name: str, size: int, depth: int = 0, norm_eps: float | None = None) -> None:
        super().__init__()
        if not timm.is_model(name):  # a name with a colon would be an address, and a file gives it
            raise UnknownNameError(
                f"timm has no model named {name!r}; give a vision transformer of "
                "timm.list_models('vit_*')"
            )
        self.settings = f"{name}, size={size}, depth={depth}, norm_eps={norm_eps}"
        options: dict[str, Any] = {"depth": depth} if depth else {}
        try:
            self.vit: Any = timm.create_model(
                name, pretrained=False, img_size=size, num_classes=0, global_pool="", **options
            )
            self.prefix: int = self.vit.num_prefix_tokens
        except (TypeError, AttributeError) as error:
            raise ValueError(
                f"{name} is no vision transformer whose tokens are patches ({error}); take one of "
                "timm.list_models('vit_*')"
            ) from error
        if size % self.vit.patch_embed.patch_size[0]:  # timm would leave out the last pixels
            raise ValueError(
                f"image_size is {size}, and {name} sees patches of "
                f"{self.vit.patch_embed.patch_size[0]} pixels; give a multiple of that"
            )
        if norm_eps is not None:
            for module in self.vit.modules():
                if isinstance(module, nn.LayerNorm):
                    module.eps = norm_eps

    @property
    def channels(self) -> int:
        """Of the features."""
        return self.vit.num_features

    @property
    def grid(self) -> int:
        """Patches per side."""
        return self.vit.patch_embed.grid_size[0]

    def extra_repr(self) -> str:
        """How it was built."""
        return self.settings

    def forward(self, images: Tensor) -> Tensor:
        """Features of each picture; the tokens of class and registers are left out."""
        with fast_attention(images.device):
            tokens = self.vit.forward_features(images)
        patches = tokens[:, self.prefix :]
        return patches.mT.unflatten(-1, (self.grid, self.grid))


def resample_position(
    position: Tensor, size: tuple[int, int], *, offset: float = 0.1, antialias: bool = False
) -> Tensor:
    """Position embeddings (1, N, D) of a square grid for a grid of `size` (h, w): (1, h * w, D).

    As DINOv2 does: bicubic, with (n + `offset`) / (old n) taken literally for the scale, so that
    output i reads at (i + 0.5) * (old n) / (n + offset) - 0.5. timm smooths and has no offset,
    which is another model. With registers DINOv2 has no offset and does smooth.
    """
    side = int(position.shape[1] ** 0.5)
    if size == (side, side):
        return position
    grid = position.float().mT.unflatten(-1, (side, side))
    if antialias:
        new = interpolate(grid, size, mode="bicubic", antialias=True)
    else:
        scale = [(n + offset) / side for n in size]
        new = interpolate(grid, scale_factor=scale, mode="bicubic")
    assert tuple(new.shape[-2:]) == size
    return new.flatten(2).mT
