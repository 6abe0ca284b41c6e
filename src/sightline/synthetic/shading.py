"""The colours of what rays hit: paint under a lamp, daylight, and light from everywhere."""

from __future__ import annotations

import torch
from torch import Tensor

from sightline.synthetic.shadows import LIFT, Shadows
from sightline.synthetic.stage import Stage, local_rays
from sightline.synthetic.textures import textured
from sightline.synthetic.world import World, tensor


class Shading:
    """All that a ray needs to know of each solid to be coloured, as columns (37, N)."""

    def __init__(self, stage: Stage, worlds: list[World], shadows: Shadows) -> None:
        self.stage, self.shadows = stage, shadows
        solids, view = stage.solids, stage.view
        lamp, colour, ambient, sun, daylight = (
            tensor([getattr(w.light, name) for w in worlds]).to(view.device)[view]
            for name in ("lamp", "colour", "ambient", "sun", "daylight")
        )
        lamp = solids.axes @ (lamp - solids.centre)[..., None]
        sun = solids.axes @ sun[..., None]
        dark = 1 - solids.glow[:, None]
        ambient = solids.glow[:, None] + dark * ambient
        places = (solids.half, lamp, sun)
        lights = (solids.colours, ambient, dark * colour, dark * daylight)
        rest = torch.cat([p.flatten(1) for p in (*places, *lights, solids.frequency[:, None])], 1)
        self.rows = torch.cat([stage.rays, rest.T]).contiguous()
        self.axes = solids.axes.mT.flatten(1).T.contiguous()
        self.maps = torch.tensor([shadows.row(world) for world in worlds], device=view.device)[view]

    def colours(self, xy: Tensor, depth: Tensor, solid: Tensor) -> Tensor:
        """Colours (3, R) of what rays through `xy` (2, R) hit: texture, Lambert, ambient."""
        chunk = self.stage.chunk
        parts = zip(xy.split(chunk, 1), depth.split(chunk), solid.split(chunk), strict=True)
        return torch.cat([self._colours(*part) for part in parts], 1)

    def _colours(self, xy: Tensor, depth: Tensor, solid: Tensor) -> Tensor:
        rows = self.rows.index_select(1, solid)  # many times faster than [:, solid]
        origin, direction = local_rays(xy, rows[:12])
        half, lamp, sun, first, second, ambient, lit, day = rows[12:36].view(8, 3, -1)
        local = origin + depth * direction
        place = local * half

        face = local.abs() == local.abs().amax(0)
        box = self.stage.solids.box.index_select(0, solid)
        out = torch.where(box, local.sign() * face, local) / half
        inward = (out * direction * half).sum(0) > 0  # a room is seen from within
        out = out * (torch.where(inward, -1.0, 1.0) * (out * out).sum(0).rsqrt())

        ray = lamp - place
        away = (ray * ray).sum(0).sqrt()
        lit = lit * ((out * ray).sum(0) / away).clamp(min=0)
        if self.shadows.rows:
            lit = lit * self._shared(ray - out * (LIFT * away), solid)
        light = ambient + lit + day * (out * sun).sum(0).clamp(min=0)
        share = textured(_surface(local, place, face, rows[36]), self._textures(solid))
        return ((first + (second - first) * share) * light).clamp(0, 1)

    def _textures(self, solid: Tensor) -> Tensor:
        return self.stage.solids.texture.index_select(0, solid)

    def _shared(self, ray: Tensor, solid: Tensor) -> Tensor:
        """The share (n,) of the lamp's light, for rays (3, n) to it in the frames of solids."""
        axes = self.axes.index_select(1, solid).view(3, 3, -1)
        return self.shadows.lit(-(axes * ray).sum(1), self.maps.index_select(0, solid))


def _surface(local: Tensor, place: Tensor, face: Tensor, frequency: Tensor) -> Tensor:
    """Where on its solid a ray arrives, as `textured` takes it."""
    cells = place * frequency + 0.37
    across, across_cells = (torch.where(face[0], c[1], c[0]) for c in (local, cells))
    up, up_cells = (torch.where(face[2], c[1], c[2]) for c in (local, cells))
    return torch.cat([cells, torch.stack([across_cells, up_cells, across, up, frequency])])
