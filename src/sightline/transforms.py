"""Augmentations of a clip: one draw for all its scenes, one map for picture, heads and points.

Torch's global generator is the only source of chance; data loader workers seed it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as pixels

from sightline.geometry.boxes import enlarge
from sightline.geometry.sphere_boxes import wrap_boxes
from sightline.scene import Clip, Scene
from sightline.scene_maps import crop, flip, period_of, refuse_features, refuse_panorama, yaw

Interval = tuple[float, float]
Augmentation: TypeAlias = Callable[[Clip], Clip]


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
        return [
            replace(scene, heads=_placed(enlarge(scene.heads, k), scene, cut=self.clip))
            for scene in clip
        ]


@dataclass(frozen=True)
class CutHeads:
    """Cut all head boxes to the picture, as Gaze-LLE's data are; in a panorama, to its rows."""

    def __call__(self, clip: Clip) -> Clip:
        """The clip with heads inside the picture."""
        return [replace(scene, heads=_placed(scene.heads, scene, cut=True)) for scene in clip]


@dataclass(frozen=True)
class EdgeJitter:
    """Move every edge of every head box by itself, then cut the boxes to the picture.

    Gaze-LLE (Ryan et al. 2025): each moves in or out, uniformly, by up to `share` of the box's
    side. A person keeps the draw over the clip.
    """

    share: float = 0.2
    p: float = 0.5

    def __call__(self, clip: Clip) -> Clip:
        """The clip with other head boxes, or the clip itself."""
        if not _happens(self.p):
            return clip
        draw = self.share * (2 * torch.rand(max(map(len, clip), default=0), 4) - 1)
        return [replace(scene, heads=_moved(scene, draw[: len(scene)])) for scene in clip]


def _moved(scene: Scene, shares: Tensor) -> Tensor:
    sides = (scene.heads[:, 2:] - scene.heads[:, :2]).repeat(1, 2)
    return _placed(scene.heads + shares * sides, scene, cut=True)


def _placed(heads: Tensor, scene: Scene, *, cut: bool) -> Tensor:
    """Changed heads (P, 4) of a scene, if asked cut to the picture (of a panorama, to its rows)."""
    period = period_of(scene)
    if cut:
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
    Gaze-LLE draws the same, up to the rounding to pixels: `CutHeads`, then this with margin 0.
    margin: the share by which the model will enlarge the heads later. Panoramas raise ValueError.
    """

    p: float = 0.5
    margin: float = 0.1
    changes_picture: ClassVar[bool] = True

    def __call__(self, clip: Clip) -> Clip:
        """The clip cropped, or the clip itself; also where nobody has a box or a target."""
        for scene in clip:
            refuse_panorama(scene)  # always, not by chance
            refuse_features(scene)
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
            refuse_features(scene)
        return [flip(scene) for scene in clip] if _happens(self.p) else clip


@dataclass(frozen=True)
class Yaw:
    """Turn panoramas about the vertical by whole columns, uniform over all of them."""

    p: float = 1.0
    changes_picture: ClassVar[bool] = True

    def __call__(self, clip: Clip) -> Clip:
        """The clip turned, or the clip itself."""
        for scene in clip:
            refuse_features(scene)
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
            refuse_features(scene)
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
