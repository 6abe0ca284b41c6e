"""Panoramas of a world: six square pictures of a cube around the camera, put together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from sightline.geometry.panorama import cell_points
from sightline.geometry.sphere import to_points, to_rays, wrapped
from sightline.synthetic.caster import View, cast
from sightline.synthetic.cube import cube_cameras, cube_places
from sightline.synthetic.world import Camera, World, tensor

BORDER = 1.0  # pixels of a face beyond the cube's edge: bilinear samples stay on their own face
ROUND = 400  # points on an ellipsoid that bound its picture: within a hundredth of its size


@dataclass(frozen=True)
class Surround(Camera):
    """A camera for panoramas; `rotation` (3, 3) rows are the axes of `sphere` in the world.

    focal: pixels per radian; size: (width, height) in pixels. Depths are distances.
    """

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (..., 2) and distances (...) of points (..., 3)."""
        rays = (points - self.position) @ self.rotation.T
        pixels = to_points(torch.from_numpy(rays)).numpy() * self.size
        return pixels, np.linalg.norm(rays, axis=-1)

    def unproject(self, pixels: np.ndarray, depth: np.ndarray | float = 1.0) -> np.ndarray:
        """Points (..., 3) at pixels (..., 2) and distances (...)."""
        rays = to_rays(torch.from_numpy(pixels / np.array(self.size))).numpy()
        return rays * np.asarray(depth)[..., None] @ self.rotation + self.position

    def contains(self, points: np.ndarray, margin: float = 0.0) -> np.ndarray:  # noqa: ARG002
        """Whether points (..., 3) fall into the picture: all do."""
        return np.ones(points.shape[:-1], bool)

    def faces(self) -> list[Camera]:
        """Six cameras that together see everything, about as finely as the panorama."""
        return cube_cameras(self.position, self.rotation, round(self.size[0] / 3), BORDER)

    def towards(self, point: np.ndarray) -> Camera:
        """A camera at the same place that looks at a point (3,)."""
        line = point - self.position
        forward = line / np.linalg.norm(line)
        right = np.cross(forward, (0, 0, 1))
        right /= np.linalg.norm(right)
        rows = np.array((right, np.cross(forward, right), forward))
        return Camera(self.position, rows, float(self.size[0]), self.size)


def cast_panorama(world: World, device: torch.device | str = "cpu") -> View:
    """Render a world whose camera is a `Surround`, on `device`; depths are distances from it."""
    camera = world.camera
    assert isinstance(camera, Surround)
    faces = camera.faces()
    views = cast([replace(world, camera=face) for face in faces], device)
    places, cells, stretch = _cube_lookup(camera.size, faces[0].size[0], device)
    image = torch.cat([view.image for view in views], 1)[None]
    sampled = grid_sample(image, places, mode="bilinear", align_corners=False)[0]
    depth = torch.stack([view.depth for view in views]).flatten()[cells] * stretch
    solid = torch.stack([view.solid for view in views]).flatten()[cells]
    return View(sampled, depth, solid)


@lru_cache(maxsize=2)
def _cube_lookup(
    size: tuple[int, int], side: int, device: torch.device | str
) -> tuple[Tensor, Tensor, Tensor]:
    """Where a panorama's pixels are on six faces of `side` pixels, one below the other.

    Places (1, H, W, 2) as `grid_sample` wants them, the pixel (H, W) that holds each of them, and
    the distance (H, W) of what is at depth 1 there.
    """
    rays = to_rays(cell_points(size[1], size[0]).double()).movedim(-1, 0)
    face, xy, ahead = cube_places(rays.flatten(1), side, BORDER)
    x, y = xy[0], xy[1] + face * side
    places = torch.stack([x / side, y / (6 * side)], -1).float() * 2 - 1
    cells, stretch = y.long() * side + x.long(), (1 / ahead).float()
    shape = rays.shape[1:]
    places = places.view(1, *shape, 2).to(device)
    return places, cells.view(shape).to(device), stretch.view(shape).to(device)


def boxes_around(world: World, owners: np.ndarray) -> Tensor:
    """Bounds (P, 4) XYXY in a panorama of the ellipsoids of each owner, x_min in [0, W).

    What lies across the seam ends beyond W.
    """
    solids, size = world.solids, tensor(world.camera.size)
    points = solids.centre[:, None] + (_round() * solids.half[:, None]) @ solids.axes
    pixels, _ = world.camera.project(points.double().numpy())
    u, v = (torch.from_numpy(pixels).float() / size).unbind(-1)  # (N, ROUND) each
    mine = solids.owner == torch.from_numpy(owners)[:, None]
    first = u[mine.int().argmax(1), 0]  # some point of each owner
    across, mine = wrapped(u - first[:, None, None]), mine[..., None]
    left, right = _range(across, mine)
    top, bottom = _range(v.expand_as(across), mine)
    start = torch.remainder(first + left, 1)
    return torch.stack([start, top, start + right - left, bottom], 1) * size.repeat(2)


def _range(values: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
    """Lowest and highest (P,) of the `values` (P, N, K) in a mask."""
    low, high = values.where(which, torch.inf), values.where(which, -torch.inf)
    return low.amin((1, 2)), high.amax((1, 2))


def _round() -> Tensor:
    """Points (ROUND, 3) evenly on the unit sphere, on a spiral in steps of the golden angle."""
    step = torch.arange(ROUND)
    z = 1 - (2 * step + 1) / ROUND
    turn, level = step * (np.pi * (3 - 5**0.5)), (1 - z * z).sqrt()
    return torch.stack([level * turn.cos(), level * turn.sin(), z], 1)
