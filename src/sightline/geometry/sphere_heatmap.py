"""Heatmaps over a whole panorama: Gaussians and peaks by angles, over the seam and the poles."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sightline.geometry.panorama import cell_points
from sightline.geometry.sphere import to_points, to_rays


def sphere_gaussians(points: Tensor, size: tuple[int, int], sigma_degrees: float) -> Tensor:
    """Draw a Gaussian of the angular distance, 1 at the point, per point (N, 2): (N, h, w).

    size: (w, h) in cells. NaN points stay blank.
    """
    cosines = to_rays(points) @ _cell_rays(size[1], size[0], points).flatten(0, 1).T
    # The arc cosine is inexact for tiny angles, but their squares, which alone count, are not.
    angles = cosines.clamp(-1, 1).acos() / math.radians(sigma_degrees)
    gaussians = torch.exp(-(angles**2) / 2)
    return gaussians.nan_to_num(nan=0.0).unflatten(1, (size[1], size[0]))


def sphere_peaks(heatmaps: Tensor, radius_degrees: float = 12.0) -> Tensor:
    """Points (N, 2), u in [0, 1), of the mass around the first maximum of heatmaps (N, h, w).

    `heatmap.refined_peaks` on the sphere: the mean direction of the cells' centres within an angle
    of the highest cell's, weighed by the cell's solid angle and by what it rises above the lowest
    of them. A cell with no other one near is its centre.
    """
    h, w = heatmaps.shape[-2:]
    rays = _cell_rays(h, w, heatmaps).flatten(0, 1)
    values = heatmaps.flatten(1)
    near = rays[values.argmax(1)] @ rays.T >= math.cos(math.radians(radius_degrees))
    lowest = values.where(near, torch.inf).amin(1, keepdim=True)
    solid = torch.hypot(rays[:, 0], rays[:, 1])
    mass = ((values - lowest) + 1e-12).where(near, 0.0) * solid
    return to_points(mass / mass.sum(1, keepdim=True) @ rays)


def _cell_rays(height: int, width: int, like: Tensor) -> Tensor:
    """Unit vectors (height, width, 3) of the centres of cells."""
    return to_rays(cell_points(height, width).to(like))
