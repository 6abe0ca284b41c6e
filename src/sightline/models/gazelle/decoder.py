"""The decoder: a head prompt per person on the picture's features, a small transformer, heads."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from timm.models.vision_transformer import Block
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, linear

from sightline.geometry.boxes import cell_masks
from sightline.models.gazelle.attention import fast_attention


class Decoder(nn.Module):
    """Feature maps (B, channels, grid, grid) and people to heatmaps and what tells inside.

    inside_head: made of all tokens, of which the first is then a learnt one for the frame; None for
    no such token.
    LayerNorms have an eps of 1e-5, with which the release was trained: timm's later default is
    another one.
    """

    position: Tensor

    def __init__(
        self,
        channels: int,
        grid: int,
        inside_head: nn.Module | None,
        *,
        width: int,
        layers: int,
        heads: int,
    ) -> None:
        super().__init__()
        self.grid = grid
        self.project = nn.Conv2d(channels, width, 1)
        self.register_buffer("position", sinusoid(width, grid), persistent=False)
        self.head_prompt = nn.Parameter(torch.randn(1, width))
        if inside_head is not None:
            self.frame_token = nn.Parameter(torch.randn(1, width))
        norm: Any = partial(nn.LayerNorm, eps=1e-5)
        self.blocks = nn.Sequential(
            *(Block(width, heads, drop_path=0.1, norm_layer=norm) for _ in range(layers))
        )
        self.heatmap_head = HeatmapHead(width)
        self.inside_head = inside_head

    def forward(
        self, features: Tensor, heads: Tensor, image_of: Tensor, at_once: int | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Heatmap logits (N, 2 * grid, 2 * grid) of N people, and what the inside head gives.

        at_once: people that are decoded together, to bound the memory; None for all.
        """
        shared = self.project(features) + self.position
        if at_once is None or len(heads) <= at_once:
            return self._decode(shared[image_of], heads)
        parts = zip(image_of.split(at_once), heads.split(at_once), strict=True)
        heatmaps, inside = zip(*(self._decode(shared[of], some) for of, some in parts), strict=True)
        return torch.cat(heatmaps), None if self.inside_head is None else torch.cat(inside)

    def _decode(self, maps: Tensor, heads: Tensor) -> tuple[Tensor, Tensor | None]:
        masks = cell_masks(heads, self.grid).to(maps.dtype)
        tokens = maps.flatten(2).mT + masks.flatten(1)[..., None] * self.head_prompt
        if self.inside_head is not None:
            first = self.frame_token.to(tokens.dtype).expand(tokens.shape[0], 1, -1)
            tokens = torch.cat([first, tokens], 1)
        with fast_attention(maps.device):
            tokens = self.blocks(tokens)
        heatmaps = self.heatmap_head(tokens[:, -(self.grid**2) :])
        return heatmaps, None if self.inside_head is None else self.inside_head(tokens)


class HeatmapHead(nn.Module):
    """Patch tokens (N, grid * grid, width) to heatmap logits (N, 2 * grid, 2 * grid).

    A transposed convolution that doubles the size and a convolution of single pixels, as published.
    Nothing is between them, so the two are applied as one linear map from a token to its four
    cells: the same function with a hundredth of the sums.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.upscale = nn.ConvTranspose2d(width, width, 2, stride=2)
        self.squeeze = nn.Conv2d(width, 1, 1, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """In float32: an arg-max forgives no rounding."""
        with torch.autocast(tokens.device.type, enabled=False):
            squeeze = self.squeeze.weight.float().flatten()
            weight = torch.einsum("imyx,m->yxi", self.upscale.weight.float(), squeeze)
            bias = self.upscale.get_parameter("bias").float() @ squeeze
            cells = linear(tokens.float(), weight.flatten(0, 1), bias.expand(4))
        grid = int(tokens.shape[1] ** 0.5)
        rows = cells.view(-1, grid, grid, 2, 2).transpose(2, 3)
        return rows.reshape(-1, 2 * grid, 2 * grid)


class FrameScore(nn.Sequential):
    """Tokens (N, 1 + patches, width), the frame's first, to the logit (N,) of "in frame"."""

    def __init__(self, width: int) -> None:
        super().__init__(*_scorer(width))

    def forward(self, input: Tensor) -> Tensor:
        """From the frame's token alone."""
        return super().forward(input[:, 0]).squeeze(-1)


class PatchScores(nn.Sequential):
    """Tokens, the frame's first, to logits (N, grid * grid + 1) of patches, "outside" last.

    The distribution of PDP (Miao et al., WACV 2023): the frame's token stands for "outside".
    grid: patches per side, each the mean of the tokens that it covers.
    """

    def __init__(self, width: int, grid: int) -> None:
        super().__init__(*_scorer(width))
        self.grid = grid

    def forward(self, input: Tensor) -> Tensor:
        """Every patch by the same scorer."""
        side = int((input.shape[1] - 1) ** 0.5)
        maps = input[:, 1:].mT.unflatten(-1, (side, side))
        patches = adaptive_avg_pool2d(maps, self.grid).flatten(2).mT
        return super().forward(torch.cat([patches, input[:, :1]], 1)).squeeze(-1)


def _scorer(width: int) -> list[nn.Module]:
    return [nn.Linear(width, width // 2), nn.ReLU(), nn.Dropout(0.1), nn.Linear(width // 2, 1)]


def sinusoid(width: int, grid: int) -> Tensor:
    """Positions (width, grid, grid): the first half of the channels tells x, the second y.

    Sine and cosine in turns, of the cell's number times 10000 ^ (-2k / (width / 2)).
    """
    waves = 10_000 ** (-torch.arange(0, width // 2, 2, dtype=torch.float64) / (width // 2))
    angles = torch.arange(grid, dtype=torch.float64)[:, None] * waves
    line = torch.stack([angles.sin(), angles.cos()], -1).flatten(1).T.float()  # (width / 2, grid)
    x, y = line[:, None].expand(-1, grid, -1), line[:, :, None].expand(-1, -1, grid)
    return torch.cat([x, y])
