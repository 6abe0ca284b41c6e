"""Heatmaps of people laid over their picture, each in the person's colour."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sightline.colours import Colour


def lay_heatmaps(
    picture: Tensor,
    heatmaps: Tensor,
    colours: list[Colour],
    opacities: list[float],
    *,
    wraps: bool = False,
) -> None:
    """Blend all maps (P, h, w) at once into a picture (3, H, W) uint8, in place.

    opacities: of the hottest place of each map. wraps: the picture is a panorama, smooth over the
    seam.
    """
    cover = (warmth(heatmaps) * torch.tensor(opacities)[:, None, None]).nan_to_num(0.0)
    share = cover**4 / (cover**4).sum(0).clamp(min=1e-12)  # no grey where people look alike
    mixed = torch.einsum("phw,pc->chw", share, torch.tensor(colours).float())
    strongest = cover.amax(0)
    overlay = torch.cat([mixed * strongest, strongest[None]])
    rows = _spread(heatmaps.shape[1], picture.shape[1], wraps=False)
    columns = _spread(heatmaps.shape[2], picture.shape[2], wraps=wraps)
    for band in torch.arange(picture.shape[1]).split(64):  # fits the cache, skips blank columns
        ys = slice(int(band[0]), int(band[-1]) + 1)
        warm = rows[ys] @ overlay
        xs = _visible(warm[3].amax(0), picture.shape[2], wraps=wraps)
        warm = warm @ columns[xs].T
        region = picture[:, ys, xs]
        region.copy_((region * (1 - warm[3])).add_(warm[:3]).round_())


def warmth(heatmaps: Tensor) -> Tensor:
    """Maps (P, h, w) from 0 at their lowest to 1 at their highest; a quiet background vanishes."""
    low, high = heatmaps.amin((1, 2), keepdim=True), heatmaps.amax((1, 2), keepdim=True)
    return ((heatmaps - low) / (high - low).clamp(min=1e-12)) ** 1.5


def _visible(profile: Tensor, pixels: int, *, wraps: bool) -> slice:
    """The pixels where a heatmap's profile (cells,) can be seen, with a margin of a cell."""
    cells = (profile > 0.01).nonzero().flatten().tolist()
    if not cells:
        return slice(0, 0)
    if wraps and (cells[0] == 0 or cells[-1] == len(profile) - 1):
        return slice(0, pixels)  # the margin is at the other side
    scale = pixels / len(profile)
    return slice(max(0, int((cells[0] - 1) * scale)), math.ceil((cells[-1] + 2) * scale))


def _spread(cells: int, pixels: int, *, wraps: bool) -> Tensor:
    """Weights (pixels, cells) that enlarge a heatmap smoothly: Gaussians of half a cell."""
    position = (torch.arange(pixels) + 0.5) * cells / pixels
    away = position[:, None] - (torch.arange(cells) + 0.5)
    if wraps:
        away = torch.remainder(away + cells / 2, cells) - cells / 2
    return torch.softmax(-2 * away**2, 1)
