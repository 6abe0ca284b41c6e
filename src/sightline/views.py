"""Perspective views out of a panorama: one of each person, and one of what the person looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torchvision.utils import make_grid

from sightline.contact_sheet import resized
from sightline.draw import draw_gaze
from sightline.gaze import Gaze
from sightline.geometry.boxes import centres
from sightline.geometry.panorama import view, view_places
from sightline.geometry.sphere import arcs, great_circle, to_rays

FIELD = 65.0  # horizontal angle of view in degrees, about that of a phone
ASIDE = 80.0  # degrees; what is further from the middle of a view is drawn in its direction


@dataclass
class Views:
    """Views (3, h, w) uint8 around a head and around its target; None is what was not given."""

    head: Tensor | None
    target: Tensor | None


def views_of(
    image: Tensor,
    gaze: Gaze,
    *,
    size: tuple[int, int] = (480, 360),
    names: list[str] | None = None,
) -> list[Views]:
    """Of each person in a panorama (3, H, W) uint8 two views of `size` (width, height).

    They are drawn upon as by `draw_gaze`: box, sight line and name in the person's colour, and
    around the target its heatmap. Raises ValueError if the gaze is not of a panorama.
    """
    if gaze.projection != "equirectangular":
        raise ValueError("views_of: this gaze is of an ordinary picture; give one of a panorama.")
    image = _shrunk(image.cpu(), size)
    people = gaze if gaze.tracks is not None else replace(gaze, tracks=torch.arange(len(gaze)))
    return [
        Views(*(_view(image, people[i], centre, size, names and [names[i]]) for centre in (0, 1)))
        for i in range(len(people))
    ]


def views_sheet(views: list[Views]) -> Tensor:
    """A row for each person (3, H, W): the view of the head, then that of the target.

    What was not given is white. Raises ValueError if there are no views.
    """
    both = [one for pair in views for one in (pair.head, pair.target)]
    seen = [one for one in both if one is not None]
    if not seen:
        raise ValueError("views_sheet: no views; give those of at least one person.")
    white = torch.full_like(seen[0], 255)
    return make_grid([white if one is None else one for one in both], 2, padding=4, pad_value=255)


def _shrunk(image: Tensor, size: tuple[int, int]) -> Tensor:
    """A panorama with at most about twice the pixels per degree of a view: sampling aliases."""
    width = round(2 * size[0] / math.tan(math.radians(FIELD / 2)) * math.pi)
    return resized(image, width) if image.shape[2] > width else image


def _view(
    image: Tensor, person: Gaze, centre: int, size: tuple[int, int], names: list[str] | None
) -> Tensor | None:
    """The view around the head (0) or the target (1) of one person."""
    heads = person.heads.cpu().float()
    ends = to_rays(torch.cat([centres(heads), person.points.cpu().float()]))
    if not ends[centre].isfinite().all():
        return None
    middle, other = ends[centre], ends[1 - centre]
    field = _field(size)
    picture = view(image, middle, field, size)
    places = torch.stack([middle, _within(middle, other)])
    head, point = view_places(places, middle, field)[[centre, 1 - centre]]
    seen = replace(
        person,
        heads=_box(heads[0], head, middle, field)[None],
        points=point[None],
        heatmaps=torch.zeros(1, 0, 0),
        directions=None,
        objects=None,
        gaze_object=None,
        projection="perspective",
    )
    if centre == 1 and person.heatmaps.numel():
        small = size[0] // 4, size[1] // 4  # drawing spreads it
        seen.heatmaps = view(person.heatmaps.cpu().float(), middle, field, small)
    return draw_gaze(picture, seen, names=names)


def _field(size: tuple[int, int]) -> tuple[float, float]:
    """Horizontal and vertical angle of view in degrees."""
    half = math.tan(math.radians(FIELD / 2)) * size[1] / size[0]
    return FIELD, math.degrees(2 * math.atan(half))


def _within(middle: Tensor, other: Tensor) -> Tensor:
    """The end (3,) of the sight line, or where it is still in front of the camera."""
    path = arcs(middle, other, 181)
    near = great_circle(middle.expand_as(path), path) <= math.radians(ASIDE)
    return path[near.nonzero()[-1, 0]] if near.any() else other  # NaN is not given


def _box(head: Tensor, place: Tensor, middle: Tensor, field: tuple[float, float]) -> Tensor:
    """Around a head box (4,) of the panorama in the view; the `place` if it is not in front."""
    x, y = (head[i] + torch.linspace(0, 1, 9) * (head[i + 2] - head[i]) for i in (0, 1))
    grid = torch.stack(torch.meshgrid(x, y, indexing="ij"), -1).flatten(0, 1)
    places = view_places(to_rays(grid), middle, field)
    if not places.isfinite().all():
        return place.repeat(2)
    return torch.cat([places.amin(0), places.amax(0)])
