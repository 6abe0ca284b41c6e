"""Models of ordinary pictures on panoramas: they see perspective views around each head.

A baseline: nobody is seen to look at what is more than about 90 degrees of yaw away.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, normalize

from sightline.batch import Batch, gather_people
from sightline.gaze import Gaze
from sightline.geometry.boxes import centres, to_pixels
from sightline.geometry.panorama import cell_points, place_rays, view, view_places
from sightline.geometry.sphere import to_points, to_rays
from sightline.geometry.view_boxes import to_view_boxes
from sightline.models.base import GazeModel, split_by_image
from sightline.models.preprocess import check_heads
from sightline.scene import Projection, Scene

FIELD = (105.0, 105.0)
TURNS = (0.0, -35 / 360, 35 / 360)
"""How far to the right of the head the middles of its views are; the first has it in the middle."""
LARGEST = 768  # pixels a view is wide: cutting views takes most of the time
HEATMAP = (64, 128)


def fitted(model: GazeModel, projection: Projection) -> GazeModel:
    """The model for pictures of this projection: itself, or `OnViews` of it for panoramas.

    Raises ValueError where it can read them in no way.
    """
    if projection in model.projections:
        return model
    if projection == "equirectangular":
        return OnViews(model)
    raise ValueError(
        "this model reads panoramas, and the picture is an ordinary one; take another model, or "
        "say --projection equirectangular if it is a panorama"
    )


@dataclass(kw_only=True)
class ViewsBatch(Batch):
    """People of panoramas, and the V perspective views that a model sees of each of them.

    views: the model's own batch, each person's views one after the other.
    view_rays: (N, V, 3) unit vectors to the views' centres.
    """

    views: Batch
    view_rays: Tensor


@dataclass(frozen=True)
class HeadViews:
    """Panoramas to what a model for ordinary pictures, with its `preprocess`, reads of them."""

    preprocess: Callable[[list[Scene]], Batch]

    def __call__(self, scenes: list[Scene]) -> ViewsBatch:
        """Cut each person's views; raises as `check_heads`, for a head out of the picture too."""
        for scene in scenes:
            check_heads(scene)
        heads, image_of, truth = gather_people(scenes)
        middle = centres(heads)[:, None].expand(-1, len(TURNS), -1)
        rays = to_rays(middle + middle.new_tensor([[turn, 0.0] for turn in TURNS]))
        flat = rays.flatten(0, 1)
        boxes = to_view_boxes(heads.repeat_interleave(len(TURNS), 0), flat, FIELD)
        pictures = [scenes[i].image for i in image_of.repeat_interleave(len(TURNS)).tolist()]
        seen = [cut_view(*one) for one in zip(pictures, flat, boxes, strict=True)]
        return ViewsBatch(
            images=heads.new_zeros(len(scenes), 3, 0, 0),
            heads=heads,
            image_of=image_of,
            truth=truth,
            views=self.preprocess(seen or [NOBODY]),
            view_rays=rays,
        )


NOBODY = Scene(torch.zeros(3, 8, 8, dtype=torch.uint8), torch.zeros(0, 4))
"""Seen where nobody is in the panoramas: a preprocess takes at least one scene."""


def cut_view(panorama: Tensor, centre: Tensor, box: Tensor) -> Scene:
    """The view around a unit vector (3,), with one head in a box (4,) in fractions of the view."""
    reach = 2 * math.tan(math.radians(FIELD[0] / 2))
    side = min(LARGEST, max(8, round(reach * panorama.shape[2] / (2 * math.pi))))
    return Scene(view(panorama, centre, FIELD, (side, side)), to_pixels(box[None], (side, side)))


class OnViews(GazeModel):
    """A model for ordinary pictures that reads panoramas.

    Of each person's views the one counts in which the target is most surely `inside` or, if the
    model does not tell, the one with the head in the middle. Raises ValueError for a model that
    needs more than a picture.
    """

    projections = ("equirectangular",)

    def __init__(self, model: GazeModel) -> None:
        super().__init__()
        if model.clip_length != 1 or model.uses_depth:
            needs = "depth maps" if model.uses_depth else "several frames together"
            raise ValueError(
                f"this model reads {needs}, which it cannot in panoramas; take one for single "
                "pictures such as pdp-small"
            )
        self.model, self.config = model, model.config
        self.preprocess = HeadViews(model.preprocess)
        self.precision, self.tells_gaze = model.precision, model.tells_gaze

    def forward(self, batch: ViewsBatch) -> Any:
        """What the model makes of the views."""
        return self.model(batch.views)

    def decode(self, output: Any, batch: Batch) -> list[Gaze]:
        """The answer in each person's best view, carried over to the panorama."""
        assert isinstance(batch, ViewsBatch)
        views = self.model.decode(output, batch.views)
        rays = batch.view_rays.float().cpu()
        points = _by_person([gaze.points for gaze in views], len(TURNS))
        heatmaps = _by_person([gaze.heatmaps for gaze in views], len(TURNS))
        best = torch.zeros(len(batch), dtype=torch.int64)
        if views[0].inside is not None:
            inside = [gaze.inside for gaze in views if gaze.inside is not None]
            best = _by_person(inside, len(TURNS)).argmax(1)
        rows = torch.arange(len(batch))
        targets = normalize(place_rays(points[rows, best], rays[rows, best], FIELD), dim=-1)
        heads = to_rays(centres(batch.heads.float().cpu()))
        return split_by_image(
            batch,
            projection="equirectangular",
            points=to_points(targets),
            heatmaps=paste_heatmaps(heatmaps[rows, best], rays[rows, best]),
            directions=normalize(targets - heads, dim=-1),
        )


def _by_person(columns: list[Tensor], views: int) -> Tensor:
    """Values (N, views, ...) of one person's views, each (1, ...), one after the other."""
    joined = torch.cat(columns)
    return joined.unflatten(0, (len(joined) // views, views))


def paste_heatmaps(heatmaps: Tensor, views: Tensor) -> Tensor:
    """Heatmaps (N, h, w) of views around unit vectors (N, 3), on the panorama (N, 64, 128).

    Cells that are not in the view get the lowest value in it.
    """
    rays = to_rays(cell_points(*HEATMAP).to(views))
    places = view_places(rays, views[:, None, None], FIELD)
    seen = ((places >= 0) & (places <= 1)).all(-1)
    grid = (places * 2 - 1).nan_to_num(2.0)
    sampled = grid_sample(
        heatmaps[:, None].float(), grid, padding_mode="border", align_corners=False
    )[:, 0]
    return torch.where(seen, sampled, heatmaps.float().amin((1, 2))[:, None, None])
