"""Maps of a scene: one for picture, depth, heads, objects and points alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as pixels

from sightline.geometry.sphere_boxes import wrap_boxes
from sightline.scene import Scene, Truth


def flip(scene: Scene) -> Scene:
    """The scene in a mirror: x becomes W - x for pictures, boxes and points alike."""
    mirror = torch.tensor([[-1.0, 0.0, scene.size[0]], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    turn = torch.eye(3)
    right = 0 if scene.projection == "perspective" else 1  # which axis of the camera's frame
    turn[right, right] = -1.0
    return _resample(scene, mirror, pixels.horizontal_flip, turn)


def yaw(scene: Scene, columns: int) -> Scene:
    """A panorama turned about the vertical: everything moves `columns` pixels to the right.

    What leaves at the right comes back at the left. Raises ValueError for other pictures.
    """
    if scene.projection != "equirectangular":
        raise ValueError(
            f"Scene {scene.key!r} is no panorama and cannot be turned about the vertical; leave "
            'Yaw out, or give the scene projection="equirectangular".'
        )
    shift = torch.tensor([[1.0, 0.0, columns], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    angle = 2 * math.pi * columns / scene.size[0]
    cos, sin = math.cos(angle), math.sin(angle)
    turn = torch.tensor([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    return _resample(scene, shift, lambda image: image.roll(columns, -1), turn)


def crop(scene: Scene, left: int, top: int, width: int, height: int) -> Scene:
    """The part of the scene inside a pixel rectangle, black where that leaves the picture.

    A target that leaves the picture becomes out of frame and keeps its place; it is never moved to
    the border. Heads and objects stay in their lists, wherever they are. Raises ValueError for a
    panorama, whose pixels would no longer be angles.
    """
    refuse_panorama(scene)
    shift = torch.tensor([[1.0, 0.0, -left], [0.0, 1.0, -top], [0.0, 0.0, 1.0]])
    cut = partial(pixels.crop, top=top, left=left, height=height, width=width)
    part = _resample(scene, shift, cut, torch.eye(3))
    if scene.truth is None or part.truth is None:
        return part
    before = _within(scene.truth.points.nanmean(1), scene.size)
    after = _within(part.truth.points.nanmean(1), part.size)
    inside = part.truth.inside.masked_fill(before & ~after, 0.0)
    return replace(part, truth=replace(part.truth, inside=inside))


def refuse_panorama(scene: Scene) -> None:
    """Raise ValueError for a panorama, which must not be cropped."""
    if scene.projection == "equirectangular":
        raise ValueError(
            f"Scene {scene.key!r} is a panorama, and a part of it is none; leave the crop out and "
            "augment panoramas with Yaw."
        )


def refuse_features(scene: Scene) -> None:
    """Raise ValueError for a scene with features of its picture as it was."""
    if scene.features is not None:
        raise ValueError(
            f"Scene {scene.key!r} has features of its picture, which do not change with it; leave "
            "out what changes pictures (`keeping_pictures`), or give the scene no features."
        )


def _resample(
    scene: Scene, matrix: Tensor, picture: Callable[[Tensor], Tensor], turn: Tensor
) -> Scene:
    """Apply a 3x3 map to all coordinates, and the same map as `picture` to image and depth.

    turn: (3, 3) what it does to directions in the camera's frame.
    """
    refuse_features(scene)
    truth, objects = scene.truth, scene.objects
    place = partial(_map_points, matrix=matrix, period=period_of(scene))
    cover = partial(_map_boxes, matrix=matrix, period=period_of(scene))
    return replace(
        scene,
        image=picture(scene.image),
        depth=None if scene.depth is None else picture(scene.depth),
        heads=cover(scene.heads),
        eyes=None if scene.eyes is None else place(scene.eyes),
        truth=truth and _turned(replace(truth, points=place(truth.points)), turn),
        objects=objects and replace(objects, boxes=cover(objects.boxes)),
    )


def _turned(truth: Truth, turn: Tensor) -> Truth:
    lines = truth.directions
    return truth if lines is None else replace(truth, directions=lines @ turn.to(lines).T)


def period_of(scene: Scene) -> int | None:
    """The pixels after which x begins again, in a panorama."""
    return scene.size[0] if scene.projection == "equirectangular" else None


def _map_points(points: Tensor, matrix: Tensor, period: int | None) -> Tensor:
    matrix = matrix.to(points)
    points = points @ matrix[:2, :2].T + matrix[:2, 2]
    return points if period is None else wrap_boxes(points, period)


def _map_boxes(boxes: Tensor, matrix: Tensor, period: int | None) -> Tensor:
    corners = _map_points(boxes.unflatten(-1, (2, 2)), matrix, None)
    boxes = torch.cat([corners.amin(-2), corners.amax(-2)], -1)  # a mirror swaps left and right
    return boxes if period is None else wrap_boxes(boxes, period)


def _within(points: Tensor, size: tuple[int, int]) -> Tensor:
    """Which points (..., 2) lie in a picture of `size` (W, H), its border included; NaN do not."""
    return ((points >= 0) & (points <= points.new_tensor(size))).all(-1)
