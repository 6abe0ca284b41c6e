"""Which solids the rays of cameras hit: every (solid, pixel) pair of the pictures at once.

Each solid is tried only on the pixels of its screen rectangle; all pairs are intersected together
and a minimum over packed (depth, solid) keys keeps the nearest. No loop over solids or pixels.
Coordinates come first, (3, n), so that each of them is one contiguous run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from sightline.synthetic.bounds import Cameras, rectangles
from sightline.synthetic.world import Camera, Solids, join, tensor

CHUNK = 1 << 15  # so many pairs or rays at once suit a processor's caches
CHUNK_ELSEWHERE = 1 << 22  # and so many keep a graphics card busy
SUBPIXELS = ((-0.35, 0.2), (-0.2, 0.35))  # x and y; beside a pixel's centre
SAMPLES = len(SUBPIXELS[0])
NOTHING = 0x7F800000 << 32  # the key of a ray that hits nothing: an infinite depth


class Stage:
    """The solids before several cameras of one size side by side, ready for their rays.

    Rays start at the camera and advance one metre of depth per unit, so that t is the depth. In the
    frame of a solid (a unit ball or cube) a ray is origin + t * matrix @ (x, y, 1): the columns of
    `rays` (12, N).
    """

    def __init__(self, solids: list[Solids], cameras: list[Camera], device: torch.device | str):
        counts = torch.tensor([len(some) for some in solids], device=device)
        self.first = counts.cumsum(0) - counts
        self.view = torch.arange(len(solids), device=device).repeat_interleave(counts)
        self.solids = join(*solids).to(device)
        eyes = Cameras.of(cameras, device)[self.view]
        self.rays = _rays(self.solids, eyes)
        corners, box = rectangles(self.solids, eyes), self.solids.box
        self.lines = [_lines(corners, self.view, which, eyes.size) for which in (box, ~box)]
        self.chunk = CHUNK if box.device.type == "cpu" else CHUNK_ELSEWHERE
        (width, height), count = eyes.size, len(cameras)
        x = torch.arange(width, device=device).repeat(count * height)
        y = torch.arange(height, device=device).repeat_interleave(width).repeat(count)
        self.centres = torch.stack([x, y]) + 0.5

    def nearest(
        self, xy: Tensor, pixels: Tensor | None = None, *, inner: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Depth (R,) and solid (R,) that rays through `xy` (2, R) hit first.

        The rays are one per pixel in order, or those of `finer` in the listed `pixels`.
        Where nothing is hit the depth is infinite. `inner` gives the depth halfway through the
        solid instead, and solids around the camera do not count.
        """
        keys = torch.full((xy.shape[1],), NOTHING, device=xy.device)
        entry = _middle if inner else _entry
        slot = None if pixels is None else self._slots(pixels)
        for hits, lines in zip((hit_boxes, hit_balls), self.lines, strict=True):
            for solid, ray in _pairs(lines, self.chunk):
                if slot is not None:
                    solid, ray = _again(solid, slot.index_select(0, ray), xy.shape[1] // SAMPLES)
                rows = self.rays.index_select(1, solid)
                t = hits(*local_rays(xy.index_select(1, ray), rows), entry)
                packed = t.view(torch.int32).long() << 32 | solid  # positive floats sort alike
                keys.scatter_reduce_(0, ray, packed, "amin")
        return (keys >> 32).int().view(torch.float32), keys & 0xFFFFFFFF

    def finer(self, pixels: Tensor) -> Tensor:
        """`SUBPIXELS` (2, S n) of each of the listed `pixels` (n,), in rounds."""
        moves = tensor(SUBPIXELS).to(pixels.device)[..., None]
        return (self.centres.index_select(1, pixels)[:, None] + moves).flatten(1)

    def _slots(self, pixels: Tensor) -> Tensor:
        """Of each pixel its place in the list `pixels` (n,), or -1."""
        slots = torch.full((self.centres.shape[1],), -1, device=pixels.device)
        return slots.index_copy_(0, pixels, torch.arange(len(pixels), device=pixels.device))


def _again(solid: Tensor, slot: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The pairs of those pixels that have a slot, for each round of `count` rays."""
    kept = (slot >= 0).nonzero()[:, 0]
    rounds = torch.arange(SAMPLES, device=slot.device)[:, None] * count
    return solid[kept].repeat(SAMPLES), (slot[kept] + rounds).flatten()


def rough(image: Tensor, contrast: float) -> Tensor:
    """Pixels (n,) of pictures (C, B, H, W) that differ more than that from a neighbour."""
    across = (image[..., 1:] - image[..., :-1]).abs().amax(0) > contrast
    down = (image[..., 1:, :] - image[..., :-1, :]).abs().amax(0) > contrast
    marked = torch.zeros(image.shape[1:], dtype=torch.bool, device=image.device)
    marked[..., 1:] |= across
    marked[..., :-1] |= across
    marked[..., 1:, :] |= down
    marked[..., :-1, :] |= down
    return marked.flatten().nonzero()[:, 0]


def local_rays(xy: Tensor, rays: Tensor) -> tuple[Tensor, Tensor]:
    """Origins and directions (3, n) of rays in the frames of their solids."""
    origin, right, down, ahead = rays.view(4, 3, -1)
    return origin, right * xy[0] + down * xy[1] + ahead


def _rays(solids: Solids, eyes: Cameras) -> Tensor:
    """Of each solid its camera in its own frame, and the matrix from pixels to directions there."""
    inverse = solids.axes / solids.half[..., None]
    origin = inverse @ (eyes.position - solids.centre)[..., None]
    right, down, ahead = (inverse @ eyes.rotation.mT / eyes.focal[:, None, None]).unbind(-1)
    cx, cy = eyes.size[0] / 2, eyes.size[1] / 2
    ahead = ahead * eyes.focal[:, None] - cx * right - cy * down
    return torch.cat([origin[..., 0], right, down, ahead], 1).T.contiguous()


class _Lines(NamedTuple):
    """Rows of pixels in the rectangles of solids: (L,) solid, first pixel, number of pixels."""

    solid: Tensor
    start: Tensor
    run: Tensor


def _lines(corners: Tensor, view: Tensor, which: Tensor, size: tuple[int, int]) -> _Lines:
    """The rows of the rectangles `corners` (N, 4) of solids in a mask."""
    solid = which.nonzero()[:, 0]
    left, top, right, bottom = corners[solid].T
    line, y = _runs(top, bottom - top)
    start = (view[solid][line] * size[1] + y) * size[0] + left[line]
    return _Lines(solid[line], start, (right - left)[line])


def _pairs(lines: _Lines, chunk: int) -> Iterator[tuple[Tensor, Tensor]]:
    """All pairs of a solid and a pixel of its lines, about as many of them at once as `chunk`."""
    counts = (lines.run.cumsum(0) // chunk).bincount().tolist()
    for solid, start, run in zip(*(column.split(counts) for column in lines), strict=True):
        if len(solid) > 0:
            line, pixel = _runs(start, run)
            yield solid.index_select(0, line), pixel


def _runs(start: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers counted up from each `start` (K,), and of which run each number is."""
    run = torch.arange(len(start), device=start.device).repeat_interleave(length)
    offset = start - length.cumsum(0) + length
    return run, torch.arange(len(run), device=start.device) + offset.index_select(0, run)


Entry = Callable[[Tensor, Tensor, Tensor], Tensor]
"""A ray length (n,) from those to the near and the far side, and whether the solid is hit."""


def _entry(near: Tensor, far: Tensor, hit: Tensor) -> Tensor:
    """The near side, from within the far side; infinite when missed."""
    t = torch.where(near > 0, near, far)
    return t.where(hit & (t > 0), torch.inf)


def _middle(near: Tensor, far: Tensor, hit: Tensor) -> Tensor:
    """Halfway through; infinite when missed and from within."""
    return ((near + far) / 2).where(hit & (near > 0), torch.inf)


def hit_balls(origin: Tensor, direction: Tensor, entry: Entry = _entry) -> Tensor:
    """Ray length (n,) to the unit ball: its far side from within, infinite when missed."""
    square = (direction * direction).sum(0)
    middle = -(origin * direction).sum(0) / square
    closest = origin + middle * direction  # b * b - a * c would cancel for small, far balls
    room = 1 - (closest * closest).sum(0)
    half = (room.clamp(min=0) / square).sqrt()
    return entry(middle - half, middle + half, room > 0)


def hit_boxes(origin: Tensor, direction: Tensor, entry: Entry = _entry) -> Tensor:
    """Ray length (n,) to the cube from -1 to 1: its far side from within, infinite when missed."""
    one, other = (-1 - origin) / direction, (1 - origin) / direction
    near, far = torch.minimum(one, other).amax(0), torch.maximum(one, other).amin(0)
    return entry(near, far, near < far)
