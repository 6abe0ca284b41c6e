"""Answers that need no network: what a model must beat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeAlias
from zlib import crc32

import torch
from torch import Tensor

from sightline.gaze import Gaze
from sightline.geometry.boxes import centres, to_unit
from sightline.geometry.panorama import cell_points
from sightline.geometry.sphere import great_circle, to_points, to_rays, wrapped
from sightline.geometry.sphere_boxes import wrap_boxes
from sightline.scene import Scene
from sightline.shards import Pair

STEP = 0.25  # of the picture's width: about how far targets are in GazeFollow


def centre(scene: Scene) -> Tensor:
    """Everybody looks at the middle of the picture: points (P, 2)."""
    return torch.full((len(scene), 2), 0.5)


def facing_side(scene: Scene) -> Tensor:
    """Everybody looks a fixed step to the side that they face, at head height: points (P, 2).

    The side is told by the truth (is the target left or right of the head, in a panorama the
    shorter way round), so this is more than a real system would know; people who look outside get
    no side and the step goes right. Somebody without a head box is taken to be in the middle.
    """
    heads = _head_centres(scene)
    assert scene.truth is not None, "the facing side is read from the truth"
    across = (to_unit(scene.truth.points.nanmean(1), scene.size) - heads)[:, 0]
    panorama = scene.projection == "equirectangular"
    side = torch.where((wrapped(across) if panorama else across) < 0, -STEP, STEP)
    points = heads + torch.stack([side, torch.zeros_like(side)], -1)
    return wrap_boxes(points) if panorama else points.clamp(0, 1)


def straight_across(scene: Scene) -> Tensor:
    """Everybody looks through the camera at what is opposite on the sphere: points (P, 2).

    Somebody without a head box is taken to be in the middle of the picture.
    """
    return to_points(-to_rays(_head_centres(scene)))


def _head_centres(scene: Scene) -> Tensor:
    """Unit-square centres (P, 2) of the heads; the picture's of those who have no box (NaN)."""
    return to_unit(centres(scene.heads), scene.size).nan_to_num(nan=0.5)


def chance(scene: Scene) -> Tensor:
    """Points (P, 2) uniform in the picture or on the sphere, for one key always the same."""
    generator = torch.Generator().manual_seed(crc32(scene.key.encode()))
    if scene.projection == "equirectangular":
        return to_points(torch.randn(len(scene), 3, generator=generator))
    return torch.rand(len(scene), 2, generator=generator)


Answer: TypeAlias = Callable[[Scene], Tensor]
BASELINES: dict[str, Answer] = {"centre": centre, "chance": chance, "facing side": facing_side}
"""For all pictures."""
PANORAMA_BASELINES: dict[str, Answer] = {"straight across": straight_across}
"""For panoramas only."""


def baseline_names(pairs: Iterable[Pair]) -> list[str]:
    """The baselines that make sense for these scenes, judged by the first."""
    panoramas = any(scene.projection == "equirectangular" for _, scene in islice(pairs, 1))
    return [*BASELINES, *(PANORAMA_BASELINES if panoramas else ())]


def predict_baseline(name: str, pairs: Iterable[Pair]) -> Iterator[Pair]:
    """The same scenes with the gaze of a baseline instead of a model's.

    Its heatmap falls with the distance from the point, the best ranking for an AUC that it can
    give; its inside probability is the same for everybody.
    """
    answer = (BASELINES | PANORAMA_BASELINES)[name]
    for _, scene in pairs:
        points, panorama = answer(scene), scene.projection == "equirectangular"
        heatmaps = _falling_around(points) if panorama else _falling(points)
        inside = torch.full((len(scene),), 0.5)
        heads = to_unit(scene.heads, scene.size)
        yield Gaze(heads, points, heatmaps, inside, projection=scene.projection), scene


def _falling(points: Tensor, size: int = 64) -> Tensor:
    """Minus the distance from each point (P, 2): (P, size, size)."""
    return -(cell_points(size, size) - points[:, None, None]).norm(dim=-1)


def _falling_around(points: Tensor, size: int = 64) -> Tensor:
    """Minus the angle from each point (P, 2) of a panorama: (P, size, 2 * size)."""
    cells = to_rays(cell_points(size, 2 * size))
    return -great_circle(cells, to_rays(points)[:, None, None])
