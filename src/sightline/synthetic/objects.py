"""The things that a rendered picture shows: boxes around their visible pixels, their classes."""

from __future__ import annotations

import torch
from torch import Tensor

from sightline.scene import Objects
from sightline.synthetic.caster import View
from sightline.synthetic.things import CLASSES
from sightline.synthetic.world import People, World

FRAME = (640, 480)
PIXELS, SIDE = 60, 3  # a thing counts that has so many pixels of FRAME, so many each way
LEAST = 4  # and so many of its own picture


def objects_of(world: World, view: View, *, around: bool = False) -> tuple[Objects, Tensor]:
    """The things of a room of which enough is seen, heads first, and the owner (K,) of each.

    around: the picture is a panorama, in which boxes over the seam end beyond W.
    """
    labels = torch.full((int(world.solids.owner.max()) + 1,), -1)
    labels[: len(world.labels)] = torch.tensor(world.labels, dtype=torch.long)
    pixels, boxes = pixel_edges(world.solids.owner[view.solid.cpu()], len(labels), around=around)
    owners = ((labels >= 0) & enough(pixels, boxes, world.camera.size)).nonzero()[:, 0]
    found = Objects(boxes[owners], labels[owners], torch.ones(len(owners)), CLASSES)
    return found, owners


def looked_at(people: People, owners: Tensor) -> Tensor:
    """The row (P,) of `owners` (K,) that has each person's target.

    -1 where the target is out of the picture, hidden, or no such thing.
    """
    targets = torch.from_numpy(people.target_owners)
    shown = torch.from_numpy(people.inside & ~people.occluded)
    same = (targets[:, None] == owners) & shown[:, None]
    rows = torch.arange(1, len(owners) + 1)
    return (same * rows).sum(1) - 1


def enough(pixels: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Which of N things can be made out by their `pixels` (N,) and `boxes` (N, 4): (N,)."""
    zoom = torch.tensor(size) / torch.tensor(FRAME)
    sides = (boxes[:, 2:] - boxes[:, :2]) / zoom
    return (pixels >= (PIXELS * zoom.prod()).clamp(min=LEAST)) & (sides >= SIDE).all(1)


def pixel_edges(owner: Tensor, owners: int, *, around: bool = False) -> tuple[Tensor, Tensor]:
    """Pixels (N,) and edges (N, 4) of each owner's part of a picture of `owner` (H, W).

    Of one without a pixel the edges mean nothing.
    """
    height, width = owner.shape
    columns = _occupied(owner, owners, torch.arange(width))
    rows = _occupied(owner, owners, torch.arange(height)[:, None])
    left, right = _arc(columns) if around else _span(columns)
    top, bottom = _span(rows)
    pixels = owner.flatten().bincount(minlength=owners)
    return pixels, torch.stack([left, top, right, bottom], 1).float()


def _occupied(owner: Tensor, owners: int, line: Tensor) -> Tensor:
    """Mask (N, L) of the lines, 0 to L - 1 as in `line`, that show something of each owner."""
    length = line.numel()
    mask = torch.zeros(owners * length, dtype=torch.bool)
    mask[(owner * length + line).flatten()] = True
    return mask.view(owners, length)


def _span(mask: Tensor) -> tuple[Tensor, Tensor]:
    """The first line (N,) in a mask (N, L), and the one after the last."""
    first, last = mask.int().argmax(1), mask.flip(1).int().argmax(1)
    return first, mask.shape[1] - last


def _arc(mask: Tensor) -> tuple[Tensor, Tensor]:
    """The same on a circle of L lines: what is left beside the widest gap; ends may exceed L."""
    length = mask.shape[1]
    index = torch.arange(2 * length)
    places = index.where(mask.repeat(1, 2), 2 * length)
    nearest = places.flip(1).cummin(1).values.flip(1)  # the first place at or after each
    gap = (nearest[:, 1 : length + 1] - index[:length]).where(mask, 0)
    width, last = gap.max(1)
    start = (last + width) % length
    return start, start + length - width + 1
