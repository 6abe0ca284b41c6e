"""Soft shadows: what a lamp sees, as depth maps on a cube around it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from sightline.synthetic.cube import cube_cameras, cube_places
from sightline.synthetic.stage import Stage, rough
from sightline.synthetic.world import ROOM, Solids, World, tensor

SIDE = 96  # pixels of a face: some 4 cm at a distance of 2 m, and shadows are as soft as two
BORDER = 2.0  # pixels beyond the cube's edge, so that a look-up stays on its face
SHARP = 64.0  # places 1 / SHARP metres behind what stops the light are fully in shadow
LIFT = 1.2 * 2 / SIDE  # places are judged so far above the surface, as a share of their distance


class Shadows:
    """Maps of the lamps that throw shadows, (2, K 6 SIDE SIDE); the last one hides nothing.

    Of each pixel the depth of what stops the light, and the share of the pixel that it covers;
    in `first` (K 6 SIDE SIDE) the least of these depths in it and its eight neighbours.
    """

    def __init__(self, worlds: list[World], device: torch.device | str) -> None:
        lamps = {_key(w): w for w in worlds if w.light.shadows}  # views of one world share it
        maps = [_map(world, device) for world in lamps.values()]
        self.maps = torch.cat([*maps, _nothing(device)], 1)
        self.first = _least(self.maps[0].view(-1, SIDE, SIDE)).flatten()
        self.rows = {key: row for row, key in enumerate(lamps)}

    def row(self, world: World) -> int:
        """Which of the maps is that of a world."""
        return self.rows.get(_key(world), len(self.rows))

    def lit(self, rays: Tensor, row: Tensor) -> Tensor:
        """The share (n,) of a lamp's light at places given by `rays` (3, n) from it.

        What the nine pixels around it let pass, weighed by a quadratic spline.
        """
        face, xy, depth = cube_places(rays, SIDE, BORDER)
        x, y = xy.long()
        pixel = ((row * 6 + face) * SIDE + y) * SIDE + x
        which = (self.first.index_select(0, pixel) < depth).nonzero()[:, 0]  # not in full light
        parts = xy.index_select(1, which), depth[which], pixel[which]
        return torch.ones_like(depth).index_copy(0, which, 1 - self._dark(*parts))

    def _dark(self, xy: Tensor, depth: Tensor, pixel: Tensor) -> Tensor:
        """The share (n,) of the light that is stopped, for places at `xy` on a `pixel` (n,)."""
        off = xy - xy.floor() - 0.5
        weights = (0.5 * (0.5 - off) ** 2, 0.75 - off * off, 0.5 * (0.5 + off) ** 2)
        dark = torch.zeros_like(depth)
        for down in range(3):
            for right in range(3):
                near = pixel + ((down - 1) * SIDE + right - 1)
                stop, cover = self.maps.index_select(1, near)
                weight = weights[down][1] * weights[right][0]
                dark += ((depth - stop) * SHARP).clamp(0, 1) * cover * weight
        return dark


def _key(world: World) -> tuple[int, int]:
    """Who throws the shadows, and in which light."""
    return id(world.solids), id(world.light)


def _map(world: World, device: torch.device | str) -> Tensor:
    """What stops the light of a lamp, as depth and share of the pixel (2, 6 SIDE SIDE).

    The depth is that halfway through a solid, and not where it begins, lest it shade itself.
    """
    lamp = world.light.lamp
    solids = world.solids[(world.solids.owner != ROOM) & ~_around(world.solids, tensor(lamp))]
    if len(solids) == 0:
        return _nothing(device)
    stage = Stage([solids] * 6, cube_cameras(lamp, np.eye(3), SIDE, BORDER), device)
    depth, _ = stage.nearest(stage.centres, inner=True)
    cover = depth.isfinite().float()
    edge = rough(cover.view(1, 6, SIDE, SIDE), 0.5)
    fine, _ = stage.nearest(stage.finer(edge), edge, inner=True)
    samples = torch.cat([fine.view(-1, len(edge)), depth[edge][None]])
    cover[edge] = samples.isfinite().float().mean(0)
    depth[edge] = samples.amin(0)
    return torch.stack([depth, cover])


def _least(depth: Tensor) -> Tensor:
    """The least of each value in maps (K, SIDE, SIDE) and its eight neighbours, but the border."""
    wide = torch.minimum(depth[..., 2:], torch.minimum(depth[..., 1:-1], depth[..., :-2]))
    least = torch.minimum(wide[:, 2:], torch.minimum(wide[:, 1:-1], wide[:, :-2]))
    return pad(least, (1, 1, 1, 1), value=torch.inf)


def _nothing(device: torch.device | str) -> Tensor:
    """The map of a lamp whose light nothing stops."""
    free = torch.zeros(2, 6 * SIDE * SIDE, device=device)
    free[0] = torch.inf
    return free


def _around(solids: Solids, point: Tensor) -> Tensor:
    """Which solids (N,) hold a point (3,), as the room does."""
    local = ((solids.axes @ (point - solids.centre)[..., None])[..., 0] / solids.half).abs()
    return torch.where(solids.box, local.amax(1), local.norm(dim=1)) < 1
