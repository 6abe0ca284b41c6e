"""Augmentations of a clip: one draw for all its scenes, one map for picture, heads and points.

Torch's global generator is the only source of chance; data loader workers seed it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, TypeAlias

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as pixels

from sightline.geometry.boxes import enlarge
from sightline.geometry.sphere_boxes import wrap_boxes
from sightline.scene import Clip, Scene

Interval = tuple[float, float]
Augmentation: TypeAlias = Callable[[Clip], Clip]


def flip(scene: Scene) -> Scene:
    """The scene in a mirror: x becomes W - x for pictures, boxes and points alike."""
    mirror = torch.tensor([[-1.0, 0.0, scene.size[0]], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    return _resample(scene, mirror, pixels.horizontal_flip)


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
    return _resample(scene, shift, lambda image: image.roll(columns, -1))


def crop(scene: Scene, left: int, top: int, width: int, height: int) -> Scene:
    """The part of the scene inside a pixel rectangle, black where that leaves the picture.

    A target that leaves the picture becomes out of frame and keeps its place; it is never moved to
    the border. Heads and objects stay in their lists, wherever they are. Raises ValueError for a
    panorama, whose pixels would no longer be angles.
    """
    _refuse_panorama(scene)
    shift = torch.tensor([[1.0, 0.0, -left], [0.0, 1.0, -top], [0.0, 0.0, 1.0]])
    part = _resample(scene, shift, lambda image: pixels.crop(image, top, left, height, width))
    if scene.truth is None or part.truth is None:
        return part
    before = _within(scene.truth.points.nanmean(1), scene.size)
    after = _within(part.truth.points.nanmean(1), part.size)
    inside = part.truth.inside.masked_fill(before & ~after, 0.0)
    return replace(part, truth=replace(part.truth, inside=inside))


def _refuse_panorama(scene: Scene) -> None:
    if scene.projection == "equirectangular":
        raise ValueError(
            f"Scene {scene.key!r} is a panorama, and a part of it is none; leave the crop out and "
            "augment panoramas with Yaw."
        )


def _refuse_features(scene: Scene) -> None:
    if scene.features is not None:
        raise ValueError(
            f"Scene {scene.key!r} has features of its picture, which do not change with it; leave "
            "out what changes pictures (`keeping_pictures`), or give the scene no features."
        )


def _resample(scene: Scene, matrix: Tensor, picture: Callable[[Tensor], Tensor]) -> Scene:
    """Apply a 3x3 map to all coordinates, and the same map as `picture` to image and depth."""
    _refuse_features(scene)
    truth, objects = scene.truth, scene.objects
    place = partial(_map_points, matrix=matrix, period=_period(scene))
    cover = partial(_map_boxes, matrix=matrix, period=_period(scene))
    return replace(
        scene,
        image=picture(scene.image),
        depth=None if scene.depth is None else picture(scene.depth),
        heads=cover(scene.heads),
        eyes=None if scene.eyes is None else place(scene.eyes),
        truth=truth and replace(truth, points=place(truth.points)),
        objects=objects and replace(objects, boxes=cover(objects.boxes)),
    )


def _period(scene: Scene) -> int | None:
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


def _happens(p: float) -> bool:
    return torch.rand(()).item() < p


def _uniform(low: float, high: float) -> float:
    return torch.empty(()).uniform_(low, high).item()


class Chain:
    """Transforms one after the other."""

    def __init__(self, *transforms: Augmentation) -> None:
        self.transforms = transforms

    def __call__(self, clip: Clip) -> Clip:
        """The clip after all transforms."""
        for transform in self.transforms:
            clip = transform(clip)
        return clip

    def __repr__(self) -> str:
        return f"Chain({', '.join(map(repr, self.transforms))})"


def keeping_pictures(augment: Augmentation | None) -> tuple[Chain, list[Augmentation]]:
    """What of an augmentation leaves pictures as they are, and what changes them.

    Transforms that change pictures say so: `changes_picture = True`.
    """
    links = _links(augment)
    changing = [link for link in links if getattr(link, "changes_picture", False)]
    return Chain(*(link for link in links if link not in changing)), changing


def _links(augment: Augmentation | None) -> list[Augmentation]:
    if isinstance(augment, Chain):
        return [link for part in augment.transforms for link in _links(part)]
    return [] if augment is None else [augment]


@dataclass(frozen=True)
class HeadJitter:
    """Enlarge all head boxes by one share, uniform in 0..`k_max` (0.2 in Chong et al. 2020).

    clip: cut the boxes to the picture, as the published codes do in training on video; in a
    panorama, to its rows.
    """

    k_max: float = 0.1
    p: float = 0.5
    clip: bool = False

    def __call__(self, clip: Clip) -> Clip:
        """The clip with larger heads, or the clip itself."""
        if not _happens(self.p):
            return clip
        k = _uniform(0.0, self.k_max)
        return [replace(scene, heads=self._enlarged(scene, k)) for scene in clip]

    def _enlarged(self, scene: Scene, k: float) -> Tensor:
        heads, period = enlarge(scene.heads, k), _period(scene)
        if self.clip:
            low, high = heads.new_zeros(4), heads.new_tensor(scene.size).repeat(2)
            if period is not None:
                low[0::2], high[0::2] = -torch.inf, torch.inf
            heads = heads.minimum(high).maximum(low)
        return heads if period is None else wrap_boxes(heads, period)


@dataclass(frozen=True)
class GazeSafeCrop:
    """Cut a random rectangle that holds every head and the target of all who look inside.

    Chong et al. 2020, for scenes of one size: each edge is uniform between the smallest rectangle
    that holds them and the picture's border. Where a head reaches outside, so does the rectangle;
    for a target annotated beyond the border it goes up to there. Who looks outside has no say (in
    the release, a video with such frames is always cut from its top left corner).
    margin: the share by which the model will enlarge the heads later. Panoramas raise ValueError.
    """

    p: float = 0.5
    margin: float = 0.1
    changes_picture: ClassVar[bool] = True

    def __call__(self, clip: Clip) -> Clip:
        """The clip cropped, or the clip itself; also where nobody has a box or a target."""
        for scene in clip:
            _refuse_panorama(scene)  # always, not by chance
            _refuse_features(scene)
        if not clip or not _happens(self.p):
            return clip
        kept = torch.cat([self._kept(scene) for scene in clip])
        if not len(kept):
            return clip
        low, high, size = kept.amin(0), kept.amax(0), kept.new_tensor(clip[0].size)
        draw = torch.rand(2, 2)
        # Whole pixels for picture and coordinates alike. The release cuts the picture at rounded
        # positions but moves the coordinates by the float offset: up to half a pixel apart.
        low = torch.where(low >= 0, draw[0] * low, low).floor()
        high = torch.where(high <= size, high + draw[1] * (size - high), high).ceil()
        left, top = low.int().tolist()
        width, height = (high - low).clamp(min=1).int().tolist()
        return [crop(scene, left, top, width, height) for scene in clip]

    def _kept(self, scene: Scene) -> Tensor:
        """Points (M, 2) that must stay: corners of enlarged heads, targets or the border there."""
        points = [enlarge(scene.heads, self.margin).reshape(-1, 2)]
        if scene.truth is not None:
            targets = scene.truth.points[scene.truth.inside == 1].flatten(0, 1)
            points.append(targets.clamp(min=0).minimum(targets.new_tensor(scene.size)))
        kept = torch.cat(points)
        return kept[~kept.isnan().any(-1)]


@dataclass(frozen=True)
class HorizontalFlip:
    """Mirror left and right."""

    p: float = 0.5
    changes_picture: ClassVar[bool] = True

    def __call__(self, clip: Clip) -> Clip:
        """The clip mirrored, or the clip itself."""
        for scene in clip:
            _refuse_features(scene)
        return [flip(scene) for scene in clip] if _happens(self.p) else clip


@dataclass(frozen=True)
class Yaw:
    """Turn panoramas about the vertical by whole columns, uniform over all of them."""

    p: float = 1.0
    changes_picture: ClassVar[bool] = True

    def __call__(self, clip: Clip) -> Clip:
        """The clip turned, or the clip itself."""
        for scene in clip:
            _refuse_features(scene)
        if not _happens(self.p):
            return clip
        turn = _uniform(0.0, 1.0)
        return [yaw(scene, int(turn * scene.size[0])) for scene in clip]


@dataclass(frozen=True)
class ColourJitter:
    """Change brightness, contrast, then saturation of the image by uniform factors.

    The ranges are those of Chong et al. 2020 for GazeFollow; for video saturation starts at 0.5.
    """

    brightness: Interval = (0.5, 1.5)
    contrast: Interval = (0.5, 1.5)
    saturation: Interval = (0.0, 1.5)
    p: float = 0.5
    changes_picture: ClassVar[bool] = True

    def __call__(self, clip: Clip) -> Clip:
        """The clip in other colours, or the clip itself."""
        for scene in clip:
            _refuse_features(scene)
        if not _happens(self.p):
            return clip
        factors = [
            _uniform(*between) for between in (self.brightness, self.contrast, self.saturation)
        ]
        return [replace(scene, image=_recolour(scene.image, *factors)) for scene in clip]


def _recolour(image: Tensor, brightness: float, contrast: float, saturation: float) -> Tensor:
    picture = pixels.to_pil_image(image)  # Pillow needs a quarter of the time that tensors need
    picture = pixels.adjust_brightness(picture, brightness)
    picture = pixels.adjust_contrast(picture, contrast)
    return pixels.pil_to_tensor(pixels.adjust_saturation(picture, saturation))
