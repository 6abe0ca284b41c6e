"""Resizing pictures inside a graph: what torchvision does in `preprocess`, as traceable code.

Interpolation with antialiasing is linear along each axis. So what is cut out of pictures, every
piece of its own size, is resized by two matrices per piece, without a loop over pieces.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from sightline.geometry.boxes import sides


def resize(images: Tensor, size: int, *, smooth: bool = False) -> Tensor:
    """Pictures (B, C, H, W) at (B, C, size, size), the aspect ratio not kept; bytes stay bytes.

    smooth: bicubic instead of bilinear.
    """
    mode = "bicubic" if smooth else "bilinear"
    return interpolate(images, (size, size), mode=mode, antialias=True)


def resized_crops(
    images: Tensor, corners: Tensor, image_of: Tensor, size: int, *, smooth: bool = False
) -> Tensor:
    """The pictures in boxes, resized: (N, 3, size, size) floats of whole numbers 0..255.

    images: (B, 3, H, W) bytes. corners: (N, 4) int64 pixels, black outside the picture; a box
    without a pixel gives the one at its corner. image_of: (N,) the row of each box's picture.
    """
    low, ends = corners[:, :2], sides(images)
    length = (corners[:, 2:] - low).clamp(min=1)
    first = torch.minimum(low.clamp(min=0), ends - 1)  # of the pixels that lie in the picture
    seen = torch.minimum(low + length, ends) - first
    places, weights = zip(
        *(_axis(low[:, i] - first[:, i], length[:, i], seen[:, i], size, smooth) for i in range(2)),
        strict=True,
    )
    x, y = (torch.minimum(p + first[:, i, None], ends[i] - 1) for i, p in enumerate(places))
    pixels = images.permute(0, 2, 3, 1)[image_of[:, None, None], y[:, :, None], x[:, None]]
    rows = _whole(pixels.permute(0, 3, 1, 2).float() @ weights[0][:, None].mT)
    return _whole(weights[1][:, None] @ rows)


def _whole(values: Tensor) -> Tensor:
    """Rounded to bytes, as torchvision does after each axis."""
    return values.round().clamp(0, 255)


def _axis(
    low: Tensor, length: Tensor, seen: Tensor, size: int, smooth: bool
) -> tuple[Tensor, Tensor]:
    """Pixels (count,) and their weights (N, size, count) in boxes resized along one axis.

    All (N,) int64: where boxes begin and how long they are, and how many pixels, from 0, are there.
    """
    reach, kernel = (2.0, _cubic) if smooth else (1.0, _triangle)
    scale = (length.float() / size)[:, None, None]
    stretch = scale.clamp(min=1)
    middle = scale * (torch.arange(size, device=low.device)[:, None] + 0.5)
    start = (middle - reach * stretch + 0.5).floor().clamp(min=0)
    end = (middle + reach * stretch + 0.5).floor().minimum(length[:, None, None].float())

    def weigh(place: Tensor) -> Tensor:
        value = kernel((place + 0.5 - middle) / stretch)
        return value.where((place >= start) & (place < end), 0.0)

    taps = torch.arange(most((2 * reach * stretch).long() + 2), device=low.device)
    total = weigh(start + taps).sum(-1, keepdim=True)  # also of what lies outside the picture
    places = torch.arange(most(seen), device=low.device)
    weights = weigh((places - low[:, None])[:, None]) / total
    return places, weights.where(places < seen[:, None, None], 0.0)


def most(counts: Tensor) -> int:
    """The largest of counts, at least 1, as a size."""
    most = torch.cat([counts.flatten(), counts.new_ones(1)]).max().item()
    torch._check(most >= 1)
    return most  # pyright: ignore[reportReturnType]


def _triangle(x: Tensor) -> Tensor:
    """Of bilinear interpolation."""
    return (1 - x.abs()).clamp(min=0)


def _cubic(x: Tensor) -> Tensor:
    """Of bicubic interpolation with antialiasing (a = -0.5)."""
    x = x.abs()
    near, far = (1.5 * x - 2.5) * x * x + 1, ((2.5 - 0.5 * x) * x - 4) * x + 2
    return torch.where(x < 1, near, far.where(x < 2, 0.0))
