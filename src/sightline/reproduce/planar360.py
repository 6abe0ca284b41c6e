"""The small GazeFollow360 without sphere, seam and sight line, to compare with.

The same network, trained alike, that takes a panorama for an ordinary picture twice as wide as
high: heads are cut flat, the gaze is an offset on the picture, regions are rectangles that stay in
it, labels and guidance are flat, and nothing goes on at the edge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import grid_sample
from torchvision.transforms.v2 import functional as tvf

from sightline.batch import Batch, counted_rows
from sightline.geometry.boxes import centres, enlarge
from sightline.geometry.heatmap import refined_peaks
from sightline.geometry.panorama import cell_points
from sightline.geometry.sphere import to_rays
from sightline.models.gazefollow360.direction import DirectionNetwork
from sightline.models.gazefollow360.model import GazeFollow360, gazefollow360_small
from sightline.models.gazefollow360.preprocess import PanoramaCrops
from sightline.models.gazefollow360.recipe import gazefollow360_small_synthetic
from sightline.models.gazefollow360.regions import pictures_at
from sightline.models.preprocess import standardise
from sightline.recipe import Recipe
from sightline.scene import Scene


class PlanarGazeFollow360(GazeFollow360):
    """GazeFollow360 that takes a panorama for a flat picture."""

    def __init__(self, config) -> None:
        super().__init__(config)
        self.preprocess = PlanarCrops(config.head_size, config.head_margin, config.panorama_width)
        self.regions = PlanarRegions
        self.direction = DirectionNetwork(config.backbone, as_released=True)  # any three numbers


def planar_small(**overrides: object) -> PlanarGazeFollow360:
    """`gazefollow360-small` on flat pictures."""
    return PlanarGazeFollow360(gazefollow360_small(**overrides).config)


def offset_loss(model: PlanarGazeFollow360, batch: Batch) -> dict[str, Tensor]:
    """Instead of the direction's: squared error of the offset from head to target."""
    assert batch.truth is not None
    rows = counted_rows(batch.truth)
    true = batch.truth.points.nanmean(1) - centres(batch.heads)
    errors = (model.directions(batch)[:, :2] - true)[rows].square().sum(1)
    return {"offset": 10 * errors.mean()}


def planar_small_synthetic(epochs: tuple[int, int, int]) -> Recipe:
    """The same stages; what is learnt first is an offset on the picture."""
    recipe = gazefollow360_small_synthetic(epochs)
    offset = replace(recipe.stages[0], loss=offset_loss)
    return replace(recipe, model=f"{__name__}:planar_small", stages=(offset, *recipe.stages[1:]))


@dataclass(frozen=True)
class PlanarCrops(PanoramaCrops):
    """Squares around heads, black beyond the edge."""

    def _crops(self, scene: Scene) -> Tensor:
        crops = torch.empty(len(scene), 3, self.size, self.size)
        for row, box in zip(crops, enlarge(scene.heads, self.head_margin), strict=True):
            side = (box[2:] - box[:2]).amax().clamp(min=2)
            left, top = ((box[:2] + box[2:] - side) / 2).int().tolist()
            image = tvf.crop(scene.image, top, left, int(side), int(side))
            row.copy_(tvf.resize(image, [self.size, self.size], antialias=True))
        return standardise(crops)


class PlanarRegions:
    """`SphereRegions` on a flat picture; `directions` are offsets (N, 2) and a number unused."""

    fusion_channels = 4

    def __init__(self, config, batch: Batch, directions: Tensor) -> None:
        self.config, self.batch = config, batch
        self.heads = centres(batch.heads)
        self.ends = (self.heads + directions[:, :2]).clamp(0, 1)
        self.sight = to_rays(self.ends) - to_rays(self.heads)  # for the table of results alone
        self.span = self.heads.new_tensor([config.field[0] / 360, config.field[1] / 180])
        side = torch.nn.functional.normalize(directions[:, :2], dim=1)
        room = (self.span - (batch.heads[:, 2:] - batch.heads[:, :2])).clamp(min=0) / 2
        self.distant, self.local = (
            middle.maximum(self.span / 2).minimum(1 - self.span / 2)
            for middle in (self.ends, self.heads + side * room)
        )

    @staticmethod
    def positions(batch: Batch) -> Tensor:
        """Where heads are, as three numbers."""
        heads = centres(batch.heads)
        return torch.cat([heads, torch.ones_like(heads[:, :1])], 1)

    def inputs(self) -> tuple[Tensor, Tensor]:
        """Both regions with a Gaussian each."""
        distant, local = self._cells(self.distant), self._cells(self.local)
        pictures = pictures_at(torch.stack([distant, local], 1), self.batch)
        near = self._gaussian(distant, self.ends), self._gaussian(local, self.heads)
        return torch.cat([pictures[:, 0], near[0]], 1), torch.cat([pictures[:, 1], near[1]], 1)

    def _cells(self, middles: Tensor) -> Tensor:
        size = self.config.region_size
        cells = cell_points(size, size).to(middles) - 0.5
        return middles[:, None, None] + cells * self.span

    def _gaussian(self, points: Tensor, middles: Tensor) -> Tensor:
        away = (points - middles[:, None, None]) * points.new_tensor([360.0, 180.0])
        return torch.exp(-away.square().sum(-1) / (2 * self.config.sigma**2))[:, None]

    def _canvas(self) -> Tensor:
        height = self.config.heatmap_size
        cells = cell_points(height, 2 * height).to(self.heads)
        return cells.expand(len(self.heads), *cells.shape)

    def combine(self, distant: Tensor, local: Tensor) -> Tensor:
        """Both heatmaps and both Gaussians on the whole picture."""
        points = self._canvas()
        pasted = [
            grid_sample(
                h[:, None], (points - m[:, None, None]) / self.span * 2, align_corners=False
            )
            for h, m in ((distant, self.distant), (local, self.local))
        ]
        near = [self._gaussian(points, middle) for middle in (self.ends, self.heads)]
        return torch.cat(pasted + near, 1)

    def uncover(self, heatmaps: Tensor) -> Tensor:
        """The map as it is."""
        return heatmaps[:, 0]

    def region_targets(self, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Labels of both regions."""
        distant, local = self._cells(self.distant), self._cells(self.local)
        return self._gaussian(distant, targets)[:, 0], self._gaussian(local, targets)[:, 0]

    def scene_targets(self, targets: Tensor) -> Tensor:
        """Labels of the whole picture."""
        return self._gaussian(self._canvas(), targets)[:, 0]

    def scene_weights(self) -> Tensor:
        """Every cell counts alike."""
        return torch.ones(1, 1, device=self.heads.device)

    def answers(self, heatmaps: Tensor) -> tuple[Tensor, Tensor]:
        """The peak of each heatmap, and the heatmaps."""
        return refined_peaks(heatmaps, radius=2), heatmaps
