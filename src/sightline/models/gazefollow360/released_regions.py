"""The two regions as released: windows of the flat picture, their guidance a dot in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from sightline.batch import Batch
from sightline.geometry.boxes import sides
from sightline.geometry.heatmap import peaks
from sightline.geometry.sphere import from_head_frame, sight_ends, to_points, to_rays
from sightline.models.gazefollow360.released import (
    cut,
    distant_windows,
    guidance,
    local_windows,
    paste,
    scene_targets,
    window_targets,
)
from sightline.models.gazefollow360.released_heads import ReleasedHeads, released_heads

if TYPE_CHECKING:
    from sightline.models.gazefollow360.model import GazeFollow360Config


class ReleasedRegions:
    """Like `SphereRegions`, on the flat picture."""

    fusion_channels = 2

    def __init__(self, config: GazeFollow360Config, batch: Batch, directions: Tensor) -> None:
        assert batch.panoramas is not None, "give a batch of this model's `preprocess`"
        self.batch, self.size = batch, config.region_size
        heads, sizes = heads_of(batch), sizes_of(batch)
        rays = self.positions(batch)
        self.sight = from_head_frame(directions, rays)
        self.ends = sight_ends(rays, self.sight)
        self.distant = distant_windows(to_points(self.ends), sizes)
        self.local = local_windows(heads.points, directions, heads.widths, sizes)

    @staticmethod
    def positions(batch: Batch) -> Tensor:
        """Heads as unit vectors (N, 3)."""
        return to_rays(heads_of(batch).unit_points.float())

    def inputs(self) -> tuple[Tensor, Tensor]:
        """What the distant and the local tower see (N, 4, s, s): BGR of 0..255 and guidance."""
        assert self.batch.panoramas is not None
        distant, local = (
            torch.cat(
                [
                    cut(self.batch.panoramas, self.batch.image_of, windows, self.size),
                    guidance(windows, self.size),
                ],
                1,
            )
            for windows in (self.distant, self.local)
        )
        return distant, local

    def combine(self, distant: Tensor, local: Tensor) -> Tensor:
        """What the fusion sees (N, 2, s, s): both heatmaps (N, s, s) in place."""
        pasted = (
            paste(distant, self.distant, self.size),
            paste(local, self.local, self.size),
        )
        return torch.stack(pasted, 1)

    def uncover(self, heatmaps: Tensor) -> Tensor:
        """The fusion's answer (N, 1, s, s) as heatmaps (N, s, s)."""
        return heatmaps[:, 0]

    def region_targets(self, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Labels (N, s, s) of the distant and the local region for gaze targets (N, 2)."""
        return (
            window_targets(targets, self.distant, self.size),
            window_targets(targets, self.local, self.size),
        )

    def scene_targets(self, targets: Tensor) -> Tensor:
        """Labels (N, s, s) of the fusion for gaze targets (N, 2)."""
        return scene_targets(targets, self.size)

    def scene_weights(self) -> Tensor:
        """Every cell counts the same (1, 1), though those near the poles cover little."""
        return torch.ones(1, 1, device=self.ends.device)

    def answers(self, heatmaps: Tensor) -> tuple[Tensor, Tensor]:
        """Gaze targets (N, 2), at the corner of the highest cell, and the heatmaps themselves."""
        return peaks(heatmaps), heatmaps


def sizes_of(batch: Batch) -> Tensor:
    """Width and height (N, 2) in pixels of each person's panorama."""
    assert batch.panoramas is not None
    if isinstance(batch.panoramas, Tensor):
        return sides(batch.panoramas).expand(batch.image_of.shape[0], 2)
    sizes = [(panorama.shape[2], panorama.shape[1]) for panorama in batch.panoramas]
    return torch.tensor(sizes, device=batch.image_of.device)[batch.image_of]


def heads_of(batch: Batch) -> ReleasedHeads:
    """The heads of a batch as the release takes them."""
    sizes = sizes_of(batch)
    return released_heads(batch.heads * sizes.repeat(1, 2), sizes)
