"""Lines of panoramas: arcs of great circles, painted over the seam and on at the other side."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sightline.geometry.sphere import arcs, to_points, to_rays, wrapped
from sightline.strokes import Layers, Point, Shape, blend

CORNERS = 512  # of an arc; in a panorama 4096 wide its chords miss it by a pixel at the very worst


def arc_path(start: Point, end: Point, size: tuple[int, int]) -> Tensor:
    """Pixels (CORNERS, 2) on the shorter great-circle arc, of a panorama of `size` (width, height).

    x goes on beyond the seam, so that neighbours on the path are neighbours in numbers too.
    """
    ends = torch.tensor([start, end], dtype=torch.float64) / torch.tensor(size)
    head, target = to_rays(ends)
    points = to_points(arcs(head, target, CORNERS))
    u = ends[0, 0] + torch.cat([torch.zeros(1), wrapped(points[:, 0].diff()).cumsum(0)])
    return torch.stack([u * size[0], points[:, 1] * size[1]], -1)


def around(place: Point, width: int, reach: float) -> Shape:
    """How far places are from one of a panorama `width` wide, the shorter way round, in `reach`."""
    return lambda x, y: torch.hypot(wrapped((x - place[0]) / width) * width, y - place[1]) / reach


@dataclass(frozen=True)
class Strokes:
    """Straight strokes that make up a path; `starts` and `ends` are (S, 2), the radii (S,)."""

    starts: Tensor
    ends: Tensor
    start_radii: Tensor
    end_radii: Tensor


def strokes_of(path: Tensor, radius: float, *, short: float, dash: float = 0.0) -> Strokes:
    """A path (K, 2) without its last `short` pixels, tapered and dashed as `strokes.line` is."""
    steps = path.diff(dim=0).norm(dim=-1)
    along = torch.cat([torch.zeros(1), steps.cumsum(0)])
    length = max(0.0, along[-1].item() - short)
    piece = dash or 4 * radius
    begin = torch.arange(0, length, piece + 2.25 * dash, dtype=path.dtype)
    finish = (begin + piece).clamp(max=length)

    def at(places: Tensor) -> Tensor:
        after = torch.searchsorted(along, places).clamp(1, len(path) - 1)
        share = (places - along[after - 1]) / steps[after - 1].clamp(min=1e-9)
        return path[after - 1].lerp(path[after], share[:, None])

    radii = [radius * (0.5 + 0.5 * places / length) for places in (begin, finish)]
    return Strokes(at(begin), at(finish), *radii)


def paint_strokes(
    picture: Tensor,
    strokes: Strokes,
    layers: Layers,
    opacity: float = 1.0,
    fade: Shape | None = None,
) -> None:
    """Blend the union of strokes in place, as `strokes.paint` does a shape; columns wrap around."""
    _, height, width = picture.shape
    reach = layers[0][0] + 0.5
    margin = reach + max(strokes.start_radii.max().item(), strokes.end_radii.max().item())
    span = (strokes.ends - strokes.starts).abs().max().item()
    low = (torch.minimum(strokes.starts, strokes.ends) - margin).floor()
    square = torch.arange(math.ceil(span + 2 * margin) + 1)
    y, x = (low.flip(-1)[:, :, None] + square).unbind(1)
    distance = _distances(strokes, x[:, None, :] + 0.5, y[:, :, None] + 0.5)
    inside = (y >= 0) & (y < height)
    near = (distance < reach) & inside[:, :, None]
    index = y.long()[:, :, None] * width + (x.long() % width)[:, None, :]
    pixels, which = index[near].unique(return_inverse=True)
    nearest = torch.full(pixels.shape, reach, dtype=distance.dtype)
    nearest = nearest.scatter_reduce(0, which, distance[near], "amin").float()
    blend(picture, pixels % width, pixels // width, nearest, layers, opacity, fade)


def _distances(strokes: Strokes, x: Tensor, y: Tensor) -> Tensor:
    """Of places, a grid for each stroke, from the border of that stroke, negative inside."""
    start, way = strokes.starts[..., None, None], (strokes.ends - strokes.starts)[..., None, None]
    dx, dy = x - start[:, 0], y - start[:, 1]
    square = (way * way).sum(1).clamp(min=1e-12)
    share = ((dx * way[:, 0] + dy * way[:, 1]) / square).clamp(0, 1)
    first, last = strokes.start_radii[:, None, None], strokes.end_radii[:, None, None]
    away = torch.hypot(dx - share * way[:, 0], dy - share * way[:, 1])
    return away - first.lerp(last, share)
