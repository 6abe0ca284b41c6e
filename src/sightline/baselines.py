"""Answers that need no network: what a model must beat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor

from sightline.gaze import Gaze
from sightline.geometry.boxes import centres, to_unit
from sightline.scene import Scene
from sightline.shards import Pair

STEP = 0.25  # of the picture's width: about how far targets are in GazeFollow


def centre(scene: Scene) -> Tensor:
    """Everybody looks at the middle of the picture: points (P, 2)."""
    return torch.full((len(scene), 2), 0.5)


def facing_side(scene: Scene) -> Tensor:
    """Everybody looks a fixed step to the side that they face, at head height: points (P, 2).

    The side is told by the truth (is the target left or right of the head), so this is more than a
    real system would know; people who look outside get no side and the step goes right.
    """
    heads = to_unit(centres(scene.heads), scene.size)
    assert scene.truth is not None, "the facing side is read from the truth"
    targets = to_unit(scene.truth.points.nanmean(1), scene.size)
    side = torch.where(targets[:, 0] < heads[:, 0], -STEP, STEP)
    return (heads + torch.stack([side, torch.zeros_like(side)], -1)).clamp(0, 1)


BASELINES: dict[str, Callable[[Scene], Tensor]] = {"centre": centre, "facing side": facing_side}


def predict_baseline(name: str, pairs: Iterable[Pair]) -> Iterator[Pair]:
    """The same scenes with the gaze of a baseline instead of a model's.

    Its heatmap falls with the distance from the point, the best ranking for an AUC that it can
    give; its inside probability is the same for everybody.
    """
    for _, scene in pairs:
        points = BASELINES[name](scene)
        heads = to_unit(scene.heads, scene.size)
        yield Gaze(heads, points, _falling(points), torch.full((len(scene),), 0.5)), scene


def _falling(points: Tensor, size: int = 64) -> Tensor:
    """Minus the distance from each point (P, 2): (P, size, size)."""
    middles = (torch.arange(size) + 0.5) / size
    y, x = torch.meshgrid(middles, middles, indexing="ij")
    return -(torch.stack([x, y], -1) - points[:, None, None]).norm(dim=-1)
