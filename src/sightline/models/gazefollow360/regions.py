"""The two regions of a panorama that matter for a sight line, on the sphere.

The distant region lies around the point where the sight line ends, the local one beside the head in
the direction of the gaze. Both are perspective views of a fixed angle, the same at every latitude
and over the seam. What is seen in them is put together on a panorama that is turned until the
person is in its middle, so that a turn of the picture changes nothing.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, normalize, pad

from sightline.batch import Batch
from sightline.geometry.boxes import centres
from sightline.geometry.panorama import cell_points, sample, view_places, view_rays
from sightline.geometry.sphere import (
    from_head_frame,
    head_frames,
    sight_ends,
    to_points,
    to_rays,
)
from sightline.geometry.sphere_boxes import box_field
from sightline.geometry.sphere_heatmap import sphere_gaussians, sphere_peaks
from sightline.models.preprocess import standardise

if TYPE_CHECKING:
    from sightline.models.gazefollow360.model import GazeFollow360Config

STEPS = 9  # tried lengths of the way from the head to the middle of the local view
EPSILON = 1e-4  # what rounding may move the head by
ROOM = 16  # columns that a panorama is continued by on both sides before a tower sees it


class SphereRegions:
    """The regions of the people of one batch, by the directions (N, 3) that they look in.

    fusion_channels: of what `combine` gives.
    """

    fusion_channels = 4

    def __init__(self, config: GazeFollow360Config, batch: Batch, directions: Tensor) -> None:
        self.config, self.batch = config, batch
        self.middles = centres(batch.heads)
        self.heads = to_rays(self.middles)
        self.sight = from_head_frame(directions, self.heads)
        self.ends = sight_ends(self.heads, self.sight)
        self.local_centres = beside(self.heads, directions, box_field(batch.heads), config.field)
        size = (config.region_size, config.region_size)
        self.distant_rays = view_rays(self.ends, config.field, size)
        self.local_rays = view_rays(self.local_centres, config.field, size)

    @staticmethod
    def positions(batch: Batch) -> Tensor:
        """Heads as unit vectors (N, 3)."""
        return to_rays(centres(batch.heads))

    def inputs(self) -> tuple[Tensor, Tensor]:
        """What the distant and the local tower see (N, 4, s, s): RGB and guidance."""
        rays = torch.stack([self.distant_rays, self.local_rays], 1)
        distant, local = pictures_at(to_points(rays), self.batch).unbind(1)
        guidance = self._near_end(self.distant_rays), self._along(self.local_rays)
        return torch.cat([distant, guidance[0]], 1), torch.cat([local, guidance[1]], 1)

    def _near_end(self, rays: Tensor) -> Tensor:
        """A Gaussian (N, 1, h, w) around the end of the sight line."""
        return sphere_gaussians(rays, self.ends, self.config.sigma)[:, None]

    def _along(self, rays: Tensor) -> Tensor:
        """The cone (N, 1, h, w) of the sight line, with its apex at the head."""
        return cone(rays, self.heads, self.sight)[:, None]

    def canvas_rays(self) -> Tensor:
        """Vectors (N, h, w, 3) of the cells of panoramas with each person in the middle."""
        height = self.config.heatmap_size
        cells = cell_points(height, 2 * height).to(self.middles)
        longitude = torch.stack([self.middles[:, 0] - 0.5, torch.zeros_like(self.middles[:, 0])], 1)
        return to_rays(cells + longitude[:, None, None])

    def combine(self, distant: Tensor, local: Tensor) -> Tensor:
        """What the fusion sees: both heatmaps (N, s, s) in place, and where the sight line leads.

        (N, 4, h, w + 2 * ROOM), continued over the left and right edge.
        """
        rays = self.canvas_rays()
        pasted = (
            _paste(distant, rays, self.ends, self.config.field),
            _paste(local, rays, self.local_centres, self.config.field),
        )
        canvas = torch.cat([*pasted, self._near_end(rays), self._along(rays)], 1)
        return pad(canvas, (ROOM, ROOM, 0, 0), mode="circular")

    def uncover(self, heatmaps: Tensor) -> Tensor:
        """The fusion's answer (N, 1, h, w + 2 * ROOM) without what was continued: (N, h, w)."""
        return heatmaps[:, 0, :, ROOM:-ROOM]

    def region_targets(self, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Labels (N, s, s) of the distant and the local region for gaze targets (N, 2)."""
        ends, sigma = to_rays(targets), self.config.sigma
        return (
            sphere_gaussians(self.distant_rays, ends, sigma),
            sphere_gaussians(self.local_rays, ends, sigma),
        )

    def scene_targets(self, targets: Tensor) -> Tensor:
        """Labels (N, h, w) of the fusion for gaze targets (N, 2)."""
        return sphere_gaussians(self.canvas_rays(), to_rays(targets), self.config.sigma)

    def scene_weights(self) -> Tensor:
        """How much of the sphere each row of cells covers (h, 1), on average 1."""
        height = self.config.heatmap_size
        area = torch.sin((torch.arange(height, device=self.ends.device) + 0.5) * math.pi / height)
        return (area / area.mean())[:, None]

    def answers(self, heatmaps: Tensor) -> tuple[Tensor, Tensor]:
        """Gaze targets (N, 2) and heatmaps (N, h, w) on the panorama, from the fusion's."""
        away = self.middles[:, 0] - 0.5
        points = sphere_peaks(heatmaps, 2 * self.config.sigma)
        points = torch.stack([torch.remainder(points[:, 0] + away, 1), points[:, 1]], 1)
        return points, shift_columns(heatmaps, away)


def pictures_at(points: Tensor, batch: Batch) -> Tensor:
    """What is at points (N, R, s, s, 2) of the panoramas: (N, R, 3, s, s), standardised."""
    assert batch.panoramas is not None, "give a batch of this model's `preprocess`"
    if isinstance(batch.panoramas, Tensor):
        values = sample(batch.panoramas.transpose(0, 1), points, batch.image_of)
    else:
        counts = torch.bincount(batch.image_of, minlength=len(batch.panoramas)).tolist()
        parts = zip(batch.panoramas, points.split(counts), strict=True)  # of different sizes
        values = torch.cat([sample(panorama, part) for panorama, part in parts], 1)
    return standardise(values.movedim(0, 2).to(points))


def beside(
    heads: Tensor, directions: Tensor, head_field: Tensor, field: tuple[float, float]
) -> Tensor:
    """Centres (N, 3) of views that start with the head and reach in the direction of the gaze.

    heads: unit vectors (N, 3); directions in their frames. The head lies inside the edge that the
    gaze leaves behind; a head larger than the view is in its middle. Views are upright: near a pole
    one that reached as far would turn away from the head, so of several steps the longest is taken
    that keeps the head.
    """
    slack = (heads.new_tensor(field) - head_field.to(heads)).clamp(min=0) / 2
    steps = torch.linspace(1, 0, STEPS, device=heads.device)[:, None]
    reach = torch.tan(torch.deg2rad(slack[:, None] * steps))
    aside = normalize(directions[:, None, :2], dim=-1) * reach
    left, up, outward = head_frames(heads)[:, None].unbind(-2)
    middles = normalize(outward + aside[..., :1] * left + aside[..., 1:] * up, dim=-1)
    places = view_places(heads[:, None], middles, field)
    edge = (head_field / heads.new_tensor(field) / 2).clamp(max=0.5 - EPSILON)[:, None]
    kept = ((places >= edge) & (places <= 1 - edge)).all(-1).int().argmax(1)
    return middles.gather(1, kept[:, None, None].expand(-1, 1, 3))[:, 0]


def cone(rays: Tensor, heads: Tensor, sight: Tensor) -> Tensor:
    """Cosine (N, ...) of the angle at the head between the arcs to `rays` and the sight line.

    The fan-shaped attention of Li et al. 2021 (no formula is published), on the sphere: 1 along the
    sight line, 0 to its sides and behind. heads, sight: (N, 3); rays: (N, ..., 3).
    """
    apart = (-1, *[1] * (rays.ndim - 2), 3)
    heads, sight = heads.view(apart), sight.view(apart)
    arcs = rays - (rays * heads).sum(-1, keepdim=True) * heads
    line = sight - (sight * heads).sum(-1, keepdim=True) * heads
    return (normalize(arcs, dim=-1) * normalize(line, dim=-1)).sum(-1).clamp(min=0)


def _paste(heatmaps: Tensor, rays: Tensor, middles: Tensor, field: tuple[float, float]) -> Tensor:
    """Heatmaps (N, s, s) of views as seen along rays (N, h, w, 3): (N, 1, h, w), else zero."""
    places = view_places(rays, middles[:, None, None], field) * 2 - 1
    places = places.nan_to_num(2.0)  # behind the view
    return grid_sample(heatmaps[:, None], places, align_corners=False)


def shift_columns(heatmaps: Tensor, share: Tensor) -> Tensor:
    """Heatmaps (N, h, w) moved to the right by shares (N,) of their width, around the edges."""
    width = heatmaps.shape[2]
    place = torch.arange(width, device=share.device) - (share * width)[:, None]
    low = place.floor()
    left, right = (
        heatmaps.gather(2, (column.long() % width)[:, None].expand_as(heatmaps))
        for column in (low, low + 1)
    )
    return torch.lerp(left, right, (place - low)[:, None])
