"""Heatmaps: draw Gaussians, find peaks, sum up into patches, measure entropy."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import adaptive_max_pool2d, max_pool2d


def gaussian_heatmaps(
    points: Tensor, size: int | tuple[int, int] = 64, sigma: float = 3.0
) -> Tensor:
    """Draw one Gaussian (peak 1, cut at 3 sigma) per unit-square point (N, 2): (N, h, w).

    size: of a square map, or (w, h). The label of Recasens et al. 2015 as Chong et al. 2020 draw
    it. NaN points stay blank, and so do points too far outside to leave a trace (where the
    published code divides 0 by 0).
    """
    return _with_peak_one(_gaussians(points, size, sigma))


def cell_heatmaps(points: Tensor, size: int = 64, sigma: float = 3.0) -> Tensor:
    """Like `gaussian_heatmaps`, centred on the cell that holds the point; negative ones are blank.

    The label of Gaze-LLE (Ryan et al. 2025), here for any sigma. It differs from that of Chong et
    al. 2020 within 3 sigma of the left and top border, and where a coordinate is negative.
    """
    places = (points * size).trunc().masked_fill((points < 0).any(-1, keepdim=True), torch.nan)
    steps = torch.arange(size, device=points.device) - places[..., None]
    gauss = torch.exp(-(steps**2) / (2 * sigma**2))
    x, y = gauss.where(steps.abs() <= 3 * sigma, 0.0).unbind(-2)  # NaN compares false: blank
    return _with_peak_one(y[..., :, None] * x[..., None, :])


def aggregated_heatmaps(points: Tensor, size: int = 64, sigma: float = 3.0) -> Tensor:
    """One heatmap (N, size, size) of all annotations (N, A, 2) of a person; NaN are left out.

    Chong et al. 2020: Gaussians are added one after another, the map is scaled to peak 1 after
    each, and divided by their number at the end: where they overlap, earlier ones lose weight.
    """
    heatmaps = points.new_zeros(len(points), size, size)
    for annotator in points.unbind(1):
        heatmaps = _with_peak_one(heatmaps + _gaussians(annotator, size, sigma))
    given = (~points.isnan().any(-1)).sum(1).clamp(min=1)
    return heatmaps / given[:, None, None]


def _gaussians(points: Tensor, size: int | tuple[int, int], sigma: float) -> Tensor:
    width, height = (size, size) if isinstance(size, int) else size
    x, y = (_profile(points[..., i], n, sigma) for i, n in enumerate((width, height)))
    return y[..., :, None] * x[..., None, :]


def _profile(places: Tensor, size: int, sigma: float) -> Tensor:
    """Values (..., size) along one axis of a Gaussian at shares (...) of its length."""
    radius = 3 * sigma
    low = (places * size - radius).trunc()[..., None]  # the published code truncates towards zero,
    high = (places * size + radius + 1).trunc()[..., None]  # so must we, also left of the border
    pixel = torch.arange(size, device=places.device)
    gauss = torch.exp(-((pixel - low - radius) ** 2) / (2 * sigma**2))
    return gauss.where((pixel >= low) & (pixel < high), 0.0)  # NaN compares false: blank


def _with_peak_one(heatmaps: Tensor) -> Tensor:
    """Gaussians cut at the border peak at 1 too; blank maps stay blank."""
    return heatmaps / heatmaps.amax((-2, -1), keepdim=True).clamp(min=1e-30)


def peaks(heatmaps: Tensor) -> Tensor:
    """Unit-square position (..., 2) of the first maximum of each heatmap (..., h, w).

    The published reading: the corner of the cell, so the largest coordinate is (w - 1) / w.
    """
    h, w = heatmaps.shape[-2:]
    index = heatmaps.flatten(-2).argmax(-1)
    return torch.stack([index % w / w, index // w / h], -1)


def refined_peaks(heatmaps: Tensor, radius: int = 6) -> Tensor:
    """Unit-square position (N, 2) of the mass around the first maximum of each heatmap (N, h, w).

    The centroid of the cells' centres in a window around the maximum (two standard deviations of
    the label each way), weighed by what they rise above the lowest of them. Finer than a cell, and
    steady where neighbours are nearly as high.
    """
    h, w = heatmaps.shape[-2:]
    index = heatmaps.flatten(-2).argmax(-1)[:, None]
    row, column = index // w, index % w
    offsets = torch.arange(-radius, radius + 1, device=heatmaps.device)
    y, x = row + offsets, column + offsets
    # As far as the border on the nearer side, or it would pull inwards.
    near_y = offsets.abs() <= torch.minimum(row, h - 1 - row)
    near_x = offsets.abs() <= torch.minimum(column, w - 1 - column)
    inside = near_y[:, :, None] & near_x[:, None, :]
    cells = y.clamp(0, h - 1)[:, :, None] * w + x.clamp(0, w - 1)[:, None, :]
    values = heatmaps.flatten(-2).gather(1, cells.flatten(1)).view(cells.shape)
    mass = (values - values.amin((1, 2), keepdim=True)).where(inside, 0.0) + 1e-12
    mass = mass / mass.sum((1, 2), keepdim=True)
    centre_x = (mass.sum(1) * (x + 0.5)).sum(1) / w
    centre_y = (mass.sum(2) * (y + 0.5)).sum(1) / h
    return torch.stack([centre_x, centre_y], -1).clamp(0, 1)


def patch_distribution(
    heatmaps: Tensor, inside: Tensor, grid: int = 7, *, whole: bool = False
) -> Tensor:
    """Share of each patch, then of "outside" (N, grid * grid + 1), of label heatmaps (N, h, w).

    PDP (Miao et al. 2023): the maximum of each patch in row-major order and 1 - `inside` (N,),
    divided by their sum; where all are zero (an inside label too far away to be drawn) the person
    counts as outside. The release cuts patches of floor(h / grid) cells, which leaves the last rows
    and columns to no patch; `whole` covers the map instead.
    """
    maps = heatmaps[:, None]
    side = heatmaps.shape[-1] // grid
    pooled = (
        adaptive_max_pool2d(maps, grid)
        if whole
        else max_pool2d(maps[..., : grid * side, : grid * side], side)
    )
    places = torch.cat([pooled.flatten(1), 1 - inside[:, None]], 1)
    empty = places.sum(1) == 0
    places[:, -1] = places[:, -1].masked_fill(empty, 1.0)
    return places / places.sum(1, keepdim=True)


def box_energies(heatmaps: Tensor, boxes: Tensor) -> Tensor:
    """Sum (P, K) of each heatmap (P, h, w) inside each unit-square box (K, 4) XYXY.

    Cells that a box covers in part count by the share covered. From one integral image per heatmap,
    so the number of boxes costs next to nothing.
    """
    h, w = heatmaps.shape[-2:]
    integral = torch.nn.functional.pad(heatmaps.double().cumsum(1).cumsum(2), (1, 0, 1, 0))
    x, y = (boxes[:, 0::2] * w).clamp(0, w).double(), (boxes[:, 1::2] * h).clamp(0, h).double()
    corners = [_at(integral, x[:, i], y[:, j]) for i, j in ((1, 1), (0, 1), (1, 0), (0, 0))]
    return (corners[0] - corners[1] - corners[2] + corners[3]).to(heatmaps.dtype)


def _at(integral: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Values (P, K) between the corners of cells of integral images (P, h + 1, w + 1)."""
    left = x.floor().long().clamp(max=integral.shape[2] - 2)
    top = y.floor().long().clamp(max=integral.shape[1] - 2)
    upper = torch.lerp(integral[:, top, left], integral[:, top, left + 1], x - left)
    lower = torch.lerp(integral[:, top + 1, left], integral[:, top + 1, left + 1], x - left)
    return torch.lerp(upper, lower, y - top)


def entropies(heatmaps: Tensor) -> Tensor:
    """How spread each heatmap (..., h, w) is: 0 for one cell, 1 for a flat map.

    The Shannon entropy of the map, shifted to start at 0 and divided by its sum, as a share of
    log(h * w).
    """
    flat = heatmaps.flatten(-2).double()
    mass = flat - flat.amin(-1, keepdim=True)
    total = mass.sum(-1, keepdim=True)
    uniform = torch.full_like(mass, 1 / flat.shape[-1])
    share = torch.where(total > 0, mass / total.clamp(min=1e-300), uniform)
    entropy = torch.special.entr(share).sum(-1) / torch.tensor(float(flat.shape[-1])).log()
    return entropy.to(heatmaps.dtype)
