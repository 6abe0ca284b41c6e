"""Soft shadows: what a lamp sees, as depth maps on a cube around it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from sightline.synthetic.cube import cube_cameras, cube_places
from sightline.synthetic.stage import Stage
from sightline.synthetic.world import Solids, World, tensor

SIDE = 96  # pixels of a face: some 4 cm at a distance of 2 m, and shadows are as soft as two
BORDER = 2.0  # pixels beyond the cube's edge, so that a look-up stays on its face
LIFT = 1.2 * 2 / SIDE  # places are judged so far above the surface, as a share of their distance


class Shadows:
    """Depth maps of the lamps that throw shadows, (K, 6 SIDE SIDE); the last row hides nothing."""

    def __init__(self, worlds: list[World], device: torch.device | str) -> None:
        lamps = {id(w.solids): w for w in worlds if w.light.shadows}  # views of one world share it
        maps = [_depths(world, device) for world in lamps.values()]
        nothing = torch.full((6 * SIDE * SIDE,), torch.inf, device=device)
        self.maps = torch.cat([*maps, nothing])
        self.rows = {key: row for row, key in enumerate(lamps)}

    def row(self, world: World) -> int:
        """Which of the maps is that of a world."""
        return self.rows.get(id(world.solids), len(self.rows))

    def lit(self, rays: Tensor, row: Tensor) -> Tensor:
        """The share (n,) of a lamp's light at places given by `rays` (3, n) from it.

        The mean over nine pixels, weighed by a quadratic spline, of which see nothing before it.
        """
        face, xy, depth = cube_places(rays, SIDE, BORDER)
        cell = xy.floor()
        off = xy - cell - 0.5
        weights = (0.5 * (0.5 - off) ** 2, 0.75 - off * off, 0.5 * (0.5 + off) ** 2)
        corner = ((row * 6 + face) * SIDE + cell[1].long() - 1) * SIDE + cell[0].long() - 1
        share = torch.zeros_like(depth)
        for down in range(3):
            for right in range(3):
                seen = self.maps.index_select(0, corner + (down * SIDE + right)) > depth
                share += seen * (weights[down][1] * weights[right][0])
        return share


def _depths(world: World, device: torch.device | str) -> Tensor:
    """Depths (6 SIDE SIDE,) halfway through the solids around a lamp.

    Halfway, and not where they begin, lest they shade themselves.
    """
    cameras = cube_cameras(world.light.lamp, np.eye(3), SIDE, BORDER)
    solids = world.solids[~_around(world.solids, tensor(world.light.lamp))]
    stage = Stage([solids] * 6, cameras, device)
    return stage.nearest(stage.centres, inner=True)[0]


def _around(solids: Solids, point: Tensor) -> Tensor:
    """Which solids (N,) hold a point (3,), as the room does."""
    local = ((solids.axes @ (point - solids.centre)[..., None])[..., 0] / solids.half).abs()
    return torch.where(solids.box, local.amax(1), local.norm(dim=1)) < 1
