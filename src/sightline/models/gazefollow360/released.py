"""Windows as the release cuts, marks and pastes them: no wrapping, cut at the borders, stretched.

A window is a quarter of the panorama wide and high. What the release draws on maps of the size of
the panorama and then scales down is here computed for the cells that remain: every step is linear
along each axis, so two small matrices per person stand for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sightline.geometry.heatmap import gaussian_heatmaps

LABEL_SIZE = 224  # side of the label over the whole panorama that the windows' targets are cut from


@dataclass(frozen=True)
class Windows:
    """Windows of N people in panoramas.

    corners: (N, 4) whole pixels x0 y0 x1 y1; x1 and y1 are outside. sizes: (N, 2) width and height
    of each one's panorama in pixels.
    """

    corners: Tensor
    sizes: Tensor

    @property
    def normalised(self) -> Tensor:
        """Corners (N, 4) as fractions of the panorama, rounded as the release rounds them."""
        return self.corners.float() * (1 / self.sizes.float()).repeat(1, 2)  # not: corners / sizes

    @property
    def recovered(self) -> Tensor:
        """Whole pixels (N, 4) the release makes of the fractions: one too small at some sizes."""
        return (self.normalised * self.sizes.repeat(1, 2)).long()


def distant_windows(points: Tensor, sizes: Tensor) -> Windows:
    """Windows around the ends of sight lines, points (N, 2) of panoramas of sizes (N, 2) pixels."""
    return _windows(points.double() * sizes, sizes)


def local_windows(centres: Tensor, directions: Tensor, widths: Tensor, sizes: Tensor) -> Windows:
    """Windows that have the head just inside the edge away from where the person looks.

    centres: (N, 2) of the heads, and widths (N,) of them, in pixels. directions: (N, 3) in the
    heads' frames, whose first part points left. A head wider than the window is shifted the wrong
    way, as released.
    """
    room = (sizes[:, 0] / 4 - widths.double()) / 2
    x = (centres[:, 0].double() - directions[:, 0].sign() * room).trunc()
    return _windows(torch.stack([x, centres[:, 1].double()], -1), sizes)


def _windows(centres: Tensor, sizes: Tensor) -> Windows:
    """Windows around centres (N, 2) in pixels; the release truncates towards zero."""
    half = (sizes // 4) / 2
    low = torch.minimum((centres - half).long().clamp(min=0), sizes - 1)
    high = torch.minimum((centres + half).long(), sizes)
    high = torch.maximum(high, low + 1)  # the release fails where nothing of a window is left
    return Windows(torch.cat([low, high], -1), sizes)


def cut(
    panoramas: list[Tensor] | Tensor, image_of: Tensor, windows: Windows, size: int = 56
) -> Tensor:
    """Regions (N, 3, size, size) of 0..255 in whole numbers, BGR as released.

    panoramas: (3, H, W) bytes, RGB; image_of: (N,) the row of each window's panorama. Bilinear,
    without smoothing.
    """
    if isinstance(panoramas, Tensor):
        return _scaled(panoramas, image_of, *_axes(windows.corners, size)).flip(1).float()
    regions = torch.empty(len(image_of), 3, size, size, device=image_of.device)
    for row, panorama in enumerate(panoramas):  # of different sizes
        own = image_of == row
        axes = _axes(windows.corners[own], size)
        regions[own] = _scaled(panorama[None], image_of[own] * 0, *axes).flip(1).float()
    return regions


def _scaled(images: Tensor, image_of: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Bytes (n, C, h, w) of images (B, C, H, W) between their pixels at x (n, w) and y (n, h).

    In the whole numbers of OpenCV, which the release uses: weights of 2048ths, bits cut off twice.
    The towers are linear and see 0..255, so another rounding is seen in their heatmaps.
    """
    flat, image_of = images.transpose(0, 1), image_of[:, None, None]
    x, y = x[:, None, :], y[:, :, None]
    right_share, low_share = (((at - at.floor()) * 2048).round().int() for at in (x, y))
    upper, lower = (
        flat[:, image_of, row.long(), x.floor().long()].int() * (2048 - right_share)
        + flat[:, image_of, row.long(), x.ceil().long()].int() * right_share
        for row in (y.floor(), y.ceil())
    )
    total = ((upper >> 4) * (2048 - low_share) >> 16) + ((lower >> 4) * low_share >> 16)
    return ((total + 2) >> 2).transpose(0, 1)


def guidance(windows: Windows, size: int = 56, sigma: int = 15) -> Tensor:
    """A Gaussian (peak 1, cut at 3 sigma) in the middle of each window (N, 1, size, size).

    sigma is in pixels of the panorama, so what is left of it depends on the panorama's size.
    """
    extent = windows.corners[:, 2:] - windows.corners[:, :2]
    inner = torch.cat([torch.zeros_like(extent), extent], -1)
    places = zip(_axes(inner, size), extent.unbind(-1), strict=True)
    x, y = (_interpolated_gaussian(at, length, sigma) for at, length in places)
    return (y[:, :, None] * x[:, None, :])[:, None].float()


def _interpolated_gaussian(places: Tensor, lengths: Tensor, sigma: int) -> Tensor:
    """Values (N, size) at places between the whole pixels on which the release draws it."""
    left, middle = places.floor(), (lengths // 2)[:, None]
    near, next_ = (
        torch.exp(-(distance**2) / (2 * sigma**2)).where(distance.abs() <= 3 * sigma, 0.0)
        for distance in (left - middle, left + 1 - middle)
    )
    return torch.lerp(near, next_, places - left)


def paste(heatmaps: Tensor, windows: Windows, size: int = 56) -> Tensor:
    """Heatmaps (N, s, s) of windows, on maps (N, size, size) of whole panoramas, zero elsewhere.

    The release scales a heatmap to its window's pixels, pastes it, and samples the result coarsely.
    """
    x0, y0, x1, y1 = windows.recovered.unbind(-1)
    width, height = windows.sizes.unbind(-1)
    columns = _pasting(x0, x1, width, heatmaps.shape[-1], size)
    rows = _pasting(y0, y1, height, heatmaps.shape[-2], size)
    return rows.to(heatmaps) @ heatmaps @ columns.to(heatmaps).mT


def _pasting(low: Tensor, high: Tensor, length: Tensor, cells: int, size: int) -> Tensor:
    """What each cell of the heatmap gives to each of the map, along one axis: (N, size, cells)."""
    places = _resized(torch.zeros_like(length), length, size)
    left = places.floor()
    operator = 0.0
    for pixel, share in ((left, 1 - (places - left)), (left + 1, places - left)):
        inside = (pixel >= low[:, None]) & (pixel < high[:, None])
        scale = cells / (high - low).clamp(min=1)[:, None]
        cell = ((pixel - low[:, None] + 0.5) * scale - 0.5).clamp(0, cells - 1)
        operator = operator + (share * inside)[..., None] * _between(cell, cells)
    assert isinstance(operator, Tensor)
    return operator


def window_targets(points: Tensor, windows: Windows, size: int = 56) -> Tensor:
    """What the windows' heatmaps (N, size, size) should be for gazed points (N, 2) of panoramas.

    Blank where the window misses the label, or is too narrow to have a cell of it.
    """
    labels = gaussian_heatmaps(points, LABEL_SIZE, sigma=5)
    cells = (LABEL_SIZE * windows.normalised).long()
    seen = (cells[:, 2:] > cells[:, :2]).all(-1)
    x, y = (_between(places, LABEL_SIZE).to(labels) for places in _axes(cells, size))
    return (y @ labels @ x.mT).where(seen[:, None, None], 0.0)


def scene_targets(points: Tensor, size: int = 56) -> Tensor:
    """What heatmaps (N, size, size) of whole panoramas should be for gazed points (N, 2)."""
    return gaussian_heatmaps(points, size, sigma=3)


def _axes(corners: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Where x and y (N, size) of windows (N, 4) scaled to `size` are taken from, in pixels."""
    x0, y0, x1, y1 = corners.unbind(-1)
    return _resized(x0, x1, size), _resized(y0, y1, size)


def _resized(low: Tensor, high: Tensor, size: int) -> Tensor:
    """Places (N, size) between pixels low (N,) and high (N,), of which the last is outside."""
    share = (torch.arange(size, device=low.device) + 0.5).double() / size
    length = (high - low).clamp(min=1)[:, None]
    return low[:, None] + torch.minimum((share * length - 0.5).clamp(min=0), length - 1)


def _between(places: Tensor, cells: int) -> Tensor:
    """Weights (..., cells) of whole places in a value between them."""
    whole = torch.arange(cells, device=places.device)
    return (1 - (places[..., None] - whole).abs()).clamp(min=0)
