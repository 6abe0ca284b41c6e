"""GazeFollow360: the sight line of a head, two regions that it leads to, and their fusion.

Li, Shen, Gao, Zhu, Zhai and Guo, "Looking here or there? Gaze Following in 360-Degree Images",
ICCV 2021, and the PyTorch release by others, whose behaviour `as_released` repeats.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from sightline.batch import Batch
from sightline.gaze import Gaze
from sightline.models.base import GazeModel
from sightline.models.gazefollow360.direction import DirectionNetwork
from sightline.models.gazefollow360.preprocess import PanoramaCrops
from sightline.models.gazefollow360.regions import SphereRegions
from sightline.models.gazefollow360.released_regions import ReleasedRegions
from sightline.models.gazefollow360.towers import tower

Regions = SphereRegions | ReleasedRegions


@dataclass(frozen=True)
class GazeFollow360Config:
    """Sizes and switches of GazeFollow360.

    backbone: of the direction network, a name of `direction.BACKBONES`.
    width: channels of the towers; blocks: residual blocks in their middle.
    head_size, region_size: sides in pixels of head crops and regions, the latter a multiple of 4.
    panorama_width: wider pictures are shrunk to this before regions are cut.
    heatmap_size: rows of the heatmap, a multiple of 4; it has twice as many columns.
    field: horizontal and vertical angle of view of the regions in degrees.
    sigma: of labels and guidance in degrees.
    as_released: reproduce the release: regions cut from a flat picture and stretched, without
        cone or non-linearities, and a square heatmap of 56 cells. No weights were ever published.
    """

    backbone: str = "resnet50"
    width: int = 32
    blocks: int = 2
    head_size: int = 224
    head_margin: float = 0.1
    region_size: int = 56
    panorama_width: int = 1024
    heatmap_size: int = 64
    field: tuple[float, float] = (90.0, 45.0)
    sigma: float = 8.0
    as_released: bool = False


@dataclass
class GazeFollow360Output:
    """directions: (N, 3) in the frames of the heads. distant, local: (N, s, s) of the regions.

    heatmaps: (N, h, w) of a panorama with the person in its middle; as released, as it is.
    regions: where everything lies.
    """

    directions: Tensor
    distant: Tensor
    local: Tensor
    heatmaps: Tensor
    regions: Regions


class GazeFollow360(GazeModel):
    """Predicts a direction, then a heatmap over the whole panorama, for every head."""

    projections = ("equirectangular",)

    def __init__(self, config: GazeFollow360Config) -> None:
        super().__init__()
        self.config = config
        self.preprocess = PanoramaCrops(
            config.head_size,
            config.head_margin,
            panorama_width=config.panorama_width,
            as_released=config.as_released,
        )
        self.regions = ReleasedRegions if config.as_released else SphereRegions
        as_released, blocks, width = config.as_released, config.blocks, config.width
        self.direction = DirectionNetwork(config.backbone, as_released=as_released)
        self.distant = tower(4, width, blocks=blocks, as_released=as_released)
        self.local = tower(4, width, blocks=blocks, as_released=as_released)
        channels = self.regions.fusion_channels
        self.fusion = tower(channels, width, blocks=blocks, as_released=as_released)

    def forward(self, batch: Batch) -> GazeFollow360Output:
        """Directions, heatmaps of the regions and of the panorama for every person."""
        directions = self.directions(batch)
        with torch.autocast(directions.device.type, enabled=False):  # an arg-max forgives nothing
            regions = self.regions(self.config, batch, directions)
            distant, local = self.look(regions)
            heatmaps = regions.uncover(self.fusion(regions.combine(distant, local)))
        return GazeFollow360Output(directions, distant, local, heatmaps, regions)

    def directions(self, batch: Batch) -> Tensor:
        """Sight lines (N, 3) in the frames of the heads: left, up, outward."""
        assert batch.crops is not None, "give a batch that this model's `preprocess` made"
        return self.direction(batch.crops, self.regions.positions(batch))

    def look(self, regions: Regions) -> tuple[Tensor, Tensor]:
        """Heatmaps (N, s, s) of the distant and the local region."""
        distant, local = regions.inputs()
        return self.distant(distant)[:, 0], self.local(local)[:, 0]

    def answer(self, output: GazeFollow360Output, batch: Batch) -> Gaze:
        """The peak of each heatmap; directions are those of the direction network."""
        points, heatmaps = output.regions.answers(output.heatmaps)
        directions = normalize(output.regions.sight, dim=1)
        return Gaze(
            batch.heads,
            points,
            heatmaps,
            directions=directions,
            projection="equirectangular",
        )


def gazefollow360(**overrides: object) -> GazeFollow360:
    """GazeFollow360 with a ResNet-50; corrected, unless `as_released`."""
    return GazeFollow360(GazeFollow360Config(**overrides))  # pyright: ignore[reportArgumentType]


def gazefollow360_released(**overrides: object) -> GazeFollow360:
    """The same as released, 26.3 M parameters, for checkpoints of the release."""
    return gazefollow360(**({"as_released": True} | overrides))


def gazefollow360_small(**overrides: object) -> GazeFollow360:
    """The same code at reduced size, to ship and to train on two cores."""
    small = {
        "backbone": "small",
        "width": 16,
        "head_size": 96,
        "region_size": 80,
        "panorama_width": 512,
        "heatmap_size": 32,
        "field": (90.0, 60.0),
    }
    return gazefollow360(**(small | overrides))
