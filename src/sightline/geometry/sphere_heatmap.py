"""Heatmaps over a whole panorama: Gaussians and peaks by angles, over the seam and the poles."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sightline.geometry.panorama import cell_points
from sightline.geometry.sphere import great_circle, to_points, to_rays


def sphere_gaussians(rays: Tensor, middles: Tensor, sigma_degrees: float) -> Tensor:
    """Gaussians (N, h, w) of the angle between vectors (N, h, w, 3) and middles (N, 3).

    1 at a middle; NaN ones stay blank.
    """
    angles = great_circle(rays, middles[:, None, None])
    return torch.exp(-(angles**2) / (2 * math.radians(sigma_degrees) ** 2)).nan_to_num(nan=0.0)


def sphere_peaks(heatmaps: Tensor, radius_degrees: float = 12.0) -> Tensor:
    """Points (N, 2), u in [0, 1), of the mass around the first maximum of heatmaps (N, h, w).

    `heatmap.refined_peaks` on the sphere: the mean direction of the cells' centres within an angle
    of the highest cell's, weighed by the cell's solid angle and by what it rises above the lowest
    of them. A cell with no other one near is its centre.
    """
    h, w = heatmaps.shape[-2:]
    rays = to_rays(cell_points(h, w).to(heatmaps)).flatten(0, 1)
    values = heatmaps.flatten(1)
    near = rays[values.argmax(1)] @ rays.T >= math.cos(math.radians(radius_degrees))
    lowest = values.where(near, torch.inf).amin(1, keepdim=True)
    solid = torch.hypot(rays[:, 0], rays[:, 1])
    mass = ((values - lowest) + 1e-12).where(near, 0.0) * solid
    return to_points(mass / mass.sum(1, keepdim=True) @ rays)
