"""Scenes made ready for one model: tensors over all people of several images."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

from sightline.geometry.boxes import to_unit
from sightline.scene import Objects, Scene, Truth


@dataclass
class Batch:
    """People of several images, ready for one model. Coordinates are fractions of the image.

    images: (B, 3, H, W) normalised as the model wants; (B, 3, 0, 0) if it reads something else.
    heads: (N, 4) XYXY; a NaN row is a person without a box.
    image_of: (N,) the image each person is in; sorted.
    crops: (N, 3, h, w) head crops.
    depth: (B, 1, H, W).
    truth: over all people, unit square.
    objects: per image, unit square.
    panoramas: (3, H, W) uint8, each of its own size, or (B, 3, H, W) in a traced graph; regions are
    cut from them in forward.
    clip_length: images are flat; temporal models unflatten by this.
    eyes: (N, 2) the point between the eyes; NaN where unknown.
    features: (B, D, h, w) what a frozen encoder made of the images, if that is known already.
    """

    images: Tensor
    heads: Tensor
    image_of: Tensor
    crops: Tensor | None = None
    depth: Tensor | None = None
    truth: Truth | None = None
    objects: list[Objects] | None = None
    panoramas: list[Tensor] | Tensor | None = None
    clip_length: int = 1
    eyes: Tensor | None = None
    features: Tensor | None = None

    def __len__(self) -> int:
        """The number of people."""
        return len(self.heads)

    def sequences(self) -> Tensor:
        """Rows (S, clip_length) of each of S people in the frames of their clip.

        Raises ValueError when the frames of a clip do not hold the same number of people.
        """
        images = torch.arange(self.images.shape[0], device=self.image_of.device)
        counts = (self.image_of == images[:, None]).sum(1)
        per_clip = counts.view(-1, self.clip_length)
        if not torch.compiler.is_exporting() and (per_clip != per_clip[:, :1]).any():
            raise ValueError(
                "the frames of a clip hold different numbers of people; a clip is of the same "
                "people in the same order."
            )
        frame, clip = self.image_of % self.clip_length, self.image_of // self.clip_length
        first = counts.cumsum(0) - counts
        people = self.image_of.shape[0]
        person = torch.arange(people, device=counts.device) - first[self.image_of]
        place = (clip * people + person) * self.clip_length + frame
        return place.argsort().view(-1, self.clip_length)

    def split(self, images: int) -> list[Batch]:
        """The same in parts of at most `images` images each, in order."""
        if len(self.images) <= images:
            return [self]
        return [self._part(i, i + images) for i in range(0, len(self.images), images)]

    def _part(self, start: int, end: int) -> Batch:
        ends = self.image_of.new_tensor((start, end))
        first, last = torch.searchsorted(self.image_of, ends).tolist()
        rows = dict.fromkeys(
            ("images", "depth", "objects", "panoramas", "features"), slice(start, end)
        )
        rows |= dict.fromkeys(("heads", "crops", "eyes", "image_of"), slice(first, last))
        given = {name: row for name, row in rows.items() if getattr(self, name) is not None}
        part = replace(self, **{name: getattr(self, name)[row] for name, row in given.items()})
        part.image_of = part.image_of - start
        part.truth = _map_tensors(self.truth, lambda t: t[first:last])
        return part

    def to(self, device: torch.device | str, non_blocking: bool = False) -> Batch:
        """The same batch on another device."""
        return _map_tensors(self, lambda t: t.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> Batch:
        """The same batch in page-locked memory (the data loader calls this)."""
        return _map_tensors(self, torch.Tensor.pin_memory)


def _map_tensors(value: Any, function: Any) -> Any:
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, list):
        return [_map_tensors(v, function) for v in value]
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{f.name: _map_tensors(getattr(value, f.name), function) for f in fields(value)}
        )
    return value


def merge_truths(truths: list[Truth]) -> Truth:
    """Truth over all people of several scenes; fewer annotators are padded with NaN.

    Coordinates are taken as they are: scale them first.
    """
    annotators = max((t.points.shape[1] for t in truths), default=0)
    points = [
        torch.nn.functional.pad(
            t.points, (0, 0, 0, annotators - t.points.shape[1]), value=torch.nan
        )
        for t in truths
    ]
    return Truth(
        points=torch.cat(points),
        inside=torch.cat([t.inside for t in truths]),
        gaze_object=_merge([t.gaze_object for t in truths], [t.inside for t in truths], -1),
        counted=_merge([t.counted for t in truths], [t.inside for t in truths], True),
        directions=_merge([t.directions for t in truths], [t.inside for t in truths], torch.nan),
    )


def counted_rows(truth: Truth) -> Tensor:
    """Rows of the people who enter the loss: `inside` is known and `counted` is not False."""
    known = ~truth.inside.isnan()
    return (known if truth.counted is None else known & truth.counted).nonzero()[:, 0]


def _merge(values: list[Tensor | None], like: list[Tensor], default: float) -> Tensor | None:
    given = [v for v in values if v is not None]
    if not given:
        return None
    row, dtype = given[0].shape[1:], given[0].dtype
    return torch.cat(
        [
            v if v is not None else torch.full((len(n), *row), default, dtype=dtype)
            for v, n in zip(values, like, strict=True)
        ]
    )


def gather_eyes(scenes: list[Scene]) -> Tensor | None:
    """Eyes (N, 2) on the unit square of all people; NaN where unknown, None if no scene has any."""
    if all(scene.eyes is None for scene in scenes):
        return None
    return torch.cat(
        [
            torch.full((len(scene), 2), torch.nan)
            if scene.eyes is None
            else to_unit(scene.eyes.float(), scene.size)
            for scene in scenes
        ]
    )


def gather_objects(scenes: list[Scene]) -> list[Objects] | None:
    """The objects of each scene on the unit square; None unless every scene has them."""
    units = [
        replace(scene.objects, boxes=to_unit(scene.objects.boxes.float(), scene.size))
        for scene in scenes
        if scene.objects is not None
    ]
    return units if len(units) == len(scenes) else None


def gather_people(scenes: list[Scene]) -> tuple[Tensor, Tensor, Truth | None]:
    """Heads (N, 4) and truth on the unit square and the scene index (N,) of all people of `scenes`.

    The truth is None unless every scene is labelled.
    """
    heads = torch.cat([to_unit(scene.heads.float(), scene.size) for scene in scenes])
    counts = torch.tensor([len(scene) for scene in scenes])
    image_of = torch.arange(len(scenes)).repeat_interleave(counts)
    truths = [
        replace(scene.truth, points=to_unit(scene.truth.points.float(), scene.size))
        for scene in scenes
        if scene.truth is not None
    ]
    return heads, image_of, merge_truths(truths) if len(truths) == len(scenes) else None
