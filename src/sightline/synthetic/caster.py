"""Ray casting in batched tensor code: every (solid, pixel) pair of the pictures at once.

Each solid is tried only on the pixels of its screen rectangle; all pairs are intersected together
and a minimum over packed (depth, solid) keys keeps the nearest. No loop over solids or pixels.
Coordinates come first, (3, n), so that each of them is one contiguous run.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sightline.synthetic.bounds import rectangles
from sightline.synthetic.textures import textured
from sightline.synthetic.world import Solids, World, tensor

CONTRAST = 0.08  # pixels that differ more from a neighbour are sampled again
CHUNK = 1 << 14  # so many pairs or rays at once stay in a processor's cache
SUBPIXELS = torch.tensor([[-0.125, 0.375, -0.375, 0.125], [-0.375, -0.125, 0.125, 0.375]])


@dataclass(frozen=True)
class View:
    """One rendered picture.

    image: (3, H, W) in [0, 1]; depth: (H, W) metres along the optical axis; solid: (H, W) the row
    of the solid that each pixel's centre shows.
    """

    image: Tensor
    depth: Tensor
    solid: Tensor


def cast(worlds: list[World]) -> list[View]:
    """Render worlds with pictures of one size.

    Cameras must be inside a closed room, so that every ray hits something.
    """
    width, height = worlds[0].camera.size
    stage = _Stage(worlds)
    depth, solid = stage.nearest(stage.centres)
    image = stage.shade(stage.centres, depth, solid)
    image = _smooth(stage, image.view(3, -1, height, width))
    depths, solids = depth.view(-1, height, width), solid.view(-1, height, width)
    solids = solids - stage.first[:, None, None]
    return [View(*view) for view in zip(image.unbind(1), depths, solids, strict=True)]


class _Stage:
    """The solids of several worlds side by side, ready for the rays of their cameras.

    Rays start at the camera and advance one metre of depth per unit, so that t is the depth. In the
    frame of a solid (a unit ball or cube) a ray is origin + t * matrix @ (x, y, 1).
    """

    def __init__(self, worlds: list[World]) -> None:
        width, height = worlds[0].camera.size
        counts = torch.tensor([len(world.solids) for world in worlds])
        self.first = counts.cumsum(0) - counts
        world = torch.arange(len(worlds)).repeat_interleave(counts)
        corners = torch.cat([rectangles(w.solids, w.camera) for w in worlds])
        box = torch.cat([w.solids.box for w in worlds])
        self.pairs = [_pairs(corners, world, which, (width, height)) for which in (box, ~box)]
        self.rows = torch.cat([_rows(w) for w in worlds], 1)
        self.box = box
        self.texture = torch.cat([w.solids.texture for w in worlds])
        x = (torch.arange(width) + 0.5).repeat(len(worlds) * height)
        y = (torch.arange(height) + 0.5).repeat_interleave(width).repeat(len(worlds))
        self.centres = torch.stack([x, y])

    def nearest(self, xy: Tensor, pixels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Depth (R,) and solid (R,) that rays through `xy` (2, R) hit first.

        The rays are one per pixel in order, or `R / len(pixels)` rounds over the listed `pixels`.
        """
        keys = torch.full((xy.shape[1],), torch.iinfo(torch.int64).max)
        for intersect, (solid, pixel) in zip((_hit_boxes, _hit_balls), self.pairs, strict=True):
            solid, ray = (solid, pixel) if pixels is None else self._again(solid, pixel, pixels, xy)
            for some, rays in zip(solid.split(CHUNK), ray.split(CHUNK), strict=True):
                rows = self.rows[:12].index_select(1, some)
                t = intersect(*self._local(xy.index_select(1, rays), rows))
                packed = t.view(torch.int32).long() << 32 | some  # positive floats sort alike
                keys.scatter_reduce_(0, rays, packed, "amin")
        return (keys >> 32).int().view(torch.float32), keys & 0xFFFFFFFF

    def _again(self, solid: Tensor, pixel: Tensor, pixels: Tensor, xy: Tensor) -> tuple:
        """The pairs that concern listed `pixels` (n,), for each round of rays through them."""
        slot = torch.full((self.centres.shape[1],), -1)
        slot[pixels] = torch.arange(len(pixels))
        slots = slot.index_select(0, pixel)
        kept = (slots >= 0).nonzero()[:, 0]
        rounds = torch.arange(0, xy.shape[1], len(pixels))[:, None]
        return solid[kept].repeat(len(rounds)), (slots[kept] + rounds).flatten()

    @staticmethod
    def _local(xy: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Origins and directions (3, n) of rays in the frames of their solids."""
        origin, right, down, ahead = rows.view(4, 3, -1)
        return origin, right * xy[0] + down * xy[1] + ahead

    def shade(self, xy: Tensor, depth: Tensor, solid: Tensor) -> Tensor:
        """Colours (3, R) of what rays through `xy` (2, R) hit: texture, Lambert, ambient."""
        parts = zip(xy.split(CHUNK, 1), depth.split(CHUNK), solid.split(CHUNK), strict=True)
        return torch.cat([self._shade(*part) for part in parts], 1)

    def _shade(self, xy: Tensor, depth: Tensor, solid: Tensor) -> Tensor:
        rows = self.rows.index_select(1, solid)  # many times faster than [:, solid]
        origin, direction = self._local(xy, rows[:12])
        half, lamp, first, second, ambient, lit = rows[12:30].view(6, 3, -1)
        local = origin + depth * direction
        place = local * half

        face = local.abs() == local.abs().amax(0)
        out = torch.where(self.box.index_select(0, solid), local.sign() * face, local) / half
        inward = (out * direction * half).sum(0) > 0  # a room is seen from within
        ray = lamp - place
        squares = (out * out).sum(0) * (ray * ray).sum(0)
        cosine = (out * ray).sum(0) * torch.where(inward, -1.0, 1.0) * squares.rsqrt()

        cells = place * rows[30] + 0.37
        flat = [torch.where(face[0], c[1], c[0]) for c in (cells, local)]
        steep = [torch.where(face[2], c[1], c[2]) for c in (cells, local)]
        surface = torch.cat([cells, torch.stack([flat[0], steep[0], flat[1], steep[1], rows[30]])])
        share = textured(surface, self.texture.index_select(0, solid))
        colour = first + (second - first) * share
        return (colour * (ambient + lit * cosine.clamp(min=0))).clamp(0, 1)


def _rows(world: World) -> Tensor:
    """Everything that a ray needs of each solid, as columns: (31, N)."""
    solids, camera, light = world.solids, world.camera, world.light
    position, rotation = tensor(camera.position), tensor(camera.rotation)
    inverse = solids.axes / solids.half[..., None]
    origin = inverse @ (position - solids.centre)[..., None]
    cx, cy = camera.size[0] / 2, camera.size[1] / 2
    pixel = tensor([[1, 0, -cx], [0, 1, -cy], [0, 0, camera.focal]]) / camera.focal
    matrix = (inverse @ rotation.T @ pixel).mT  # columns of it one after the other
    lamp = solids.axes @ (tensor(light.lamp) - solids.centre)[..., None]
    glow = solids.glow[:, None]
    ambient = glow + (1 - glow) * tensor(light.ambient)
    lit = (1 - glow) * tensor(light.colour)
    frequency = solids.frequency[:, None]
    parts = (origin, matrix, solids.half, lamp, solids.colours, ambient, lit, frequency)
    return torch.cat([part.flatten(1) for part in parts], 1).T.contiguous()


def _pairs(
    corners: Tensor, world: Tensor, which: Tensor, size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """All (solid, pixel) pairs with the pixel in the solid's rectangle, for solids in a mask."""
    solid = which.nonzero()[:, 0]
    left, top, right, bottom = corners[solid].T
    height = bottom - top
    line = torch.arange(len(solid)).repeat_interleave(height)
    y = torch.arange(len(line)) - (height.cumsum(0) - height - top)[line]
    start = (world[solid][line] * size[1] + y) * size[0] + left[line]
    run = (right - left)[line]
    pixel_line = torch.arange(len(line)).repeat_interleave(run)
    pixel = torch.arange(len(pixel_line)) + (start - run.cumsum(0) + run).index_select(
        0, pixel_line
    )
    return solid[line].index_select(0, pixel_line), pixel


def _hit_balls(origin: Tensor, direction: Tensor) -> Tensor:
    """Ray length (n,) to the unit ball: its far side from within, infinite when missed."""
    square = (direction * direction).sum(0)
    middle = -(origin * direction).sum(0) / square
    closest = origin + middle * direction  # b * b - a * c would cancel for small, far balls
    room = 1 - (closest * closest).sum(0)
    half = (room.clamp(min=0) / square).sqrt()
    return _entry(middle - half, middle + half, room > 0)


def _hit_boxes(origin: Tensor, direction: Tensor) -> Tensor:
    """Ray length (n,) to the cube from -1 to 1: its far side from within, infinite when missed."""
    one, other = (-1 - origin) / direction, (1 - origin) / direction
    near, far = torch.minimum(one, other).amax(0), torch.maximum(one, other).amin(0)
    return _entry(near, far, near < far)


def _entry(near: Tensor, far: Tensor, hit: Tensor) -> Tensor:
    t = torch.where(near > 0, near, far)
    return t.where(hit & (t > 0), torch.inf)


def _smooth(stage: _Stage, image: Tensor) -> Tensor:
    """Replace pixels of `image` (3, B, H, W) at strong edges by the mean of four finer samples."""
    across = (image[..., 1:] - image[..., :-1]).abs().amax(0) > CONTRAST
    down = (image[..., 1:, :] - image[..., :-1, :]).abs().amax(0) > CONTRAST
    rough = torch.zeros(image.shape[1:], dtype=torch.bool)
    rough[..., 1:] |= across
    rough[..., :-1] |= across
    rough[..., 1:, :] |= down
    rough[..., :-1, :] |= down
    pixels = rough.flatten().nonzero()[:, 0]
    if len(pixels) == 0:
        return image
    xy = (stage.centres.index_select(1, pixels)[:, None] + SUBPIXELS[..., None]).flatten(1)
    depth, solid = stage.nearest(xy, pixels)
    fine = stage.shade(xy, depth, solid).view(3, len(SUBPIXELS[0]), -1).mean(1)
    flat = image.flatten(1).index_copy(1, pixels, fine)
    return flat.view_as(image)


def blocked(solids: Solids, starts: Tensor, ends: Tensor, ignored: Tensor) -> Tensor:
    """Whether something lies between points `starts` and `ends` (K, 3); (K,) bool.

    Solids of the owners in a row of `ignored` (K, I) do not hide that segment's end.
    """
    return (_lengths(solids, starts, ends - starts, ignored) < 0.999).any(1)


def struck(
    solids: Solids, starts: Tensor, directions: Tensor, ignored: Tensor
) -> tuple[Tensor, Tensor]:
    """How far rays (K, 3) get, in lengths of `directions`, and whose solid stops them; (K,) each.

    Solids of the owners in a row of `ignored` (K, I) do not stop that ray.
    """
    t, solid = _lengths(solids, starts, directions, ignored).min(1)
    return t, solids.owner[solid]


def _lengths(solids: Solids, starts: Tensor, directions: Tensor, ignored: Tensor) -> Tensor:
    """Lengths (K, N) of rays to solids, infinite for those missed or ignored."""
    inverse = solids.axes / solids.half[..., None]
    origin = torch.einsum("nij,knj->ikn", inverse, starts[:, None] - solids.centre)
    direction = torch.einsum("nij,kj->ikn", inverse, directions)
    t = torch.where(solids.box, _hit_boxes(origin, direction), _hit_balls(origin, direction))
    return t.where((solids.owner != ignored[..., None]).all(1), torch.inf)
