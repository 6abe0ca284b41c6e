"""Where solids appear in the picture: exact bounds of projected boxes and ellipsoids."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sightline.synthetic.world import Camera, Solids, tensor

NEAR = 0.02  # metres: nothing closer to the camera counts
# pairs of box corners (rows of cartesian_prod) that differ along one axis
EDGES = torch.tensor([(a, a + d) for d in (1, 2, 4) for a in range(8) if not a & d])


@dataclass(frozen=True)
class Cameras:
    """Cameras of one size as float32 tensors: position (N, 3), rotation (N, 3, 3), focal (N,)."""

    position: Tensor
    rotation: Tensor
    focal: Tensor
    size: tuple[int, int]

    @classmethod
    def of(cls, cameras: list[Camera], device: torch.device | str) -> Cameras:
        """Cameras of one size, one after the other."""
        position, rotation, focal = zip(
            *((camera.position, camera.rotation, camera.focal) for camera in cameras), strict=True
        )
        position, rotation, focal = (tensor(p).to(device) for p in (position, rotation, focal))
        return cls(position, rotation, focal, cameras[0].size)

    def __getitem__(self, which: Tensor) -> Cameras:
        return Cameras(self.position[which], self.rotation[which], self.focal[which], self.size)


def rectangles(solids: Solids, cameras: Cameras) -> Tensor:
    """Half-open pixel rectangles (N, 4) left, top, right, bottom that hold each solid's picture."""
    bounds, depth = extents_of(solids, cameras)
    bounds = torch.where((depth[:, 1] > NEAR)[:, None], bounds, 0.0)
    low, high = (bounds[:, :2] - 0.5).floor(), (bounds[:, 2:] + 0.5).ceil()
    limit = bounds.new_tensor(cameras.size).repeat(2)
    return torch.cat([low, high], 1).clamp(min=0).minimum(limit).long()


def extents(solids: Solids, camera: Camera) -> tuple[Tensor, Tensor]:
    """Picture bounds (N, 4) XYXY and depth ranges (N, 2) of solids; see `extents_of`."""
    return extents_of(solids, Cameras.of([camera], solids.centre.device))


def extents_of(solids: Solids, cameras: Cameras) -> tuple[Tensor, Tensor]:
    """Picture bounds (N, 4) XYXY and depth ranges (N, 2) of solids, each seen by its own camera.

    Bounds hold for solids at least partly in front of the camera, and are exact except for
    ellipsoids partly behind it, which get those of the boxes around them.
    """
    turn = cameras.rotation.mT
    centre = ((solids.centre - cameras.position)[:, None] @ turn)[:, 0]
    spokes = solids.axes @ turn * solids.half[..., None]  # (N, 3, 3) half axes, camera frame
    box, box_depth = _box_extents(centre, spokes)
    ball, ball_depth = _ball_extents(centre, spokes)
    whole = ~solids.box & (ball_depth[:, 0] > NEAR)
    bounds = torch.where(whole[:, None], ball, box) * cameras.focal[:, None]
    middle = bounds.new_tensor(cameras.size).repeat(2) / 2
    return bounds + middle, torch.where(solids.box[:, None], box_depth, ball_depth)


def _box_extents(centre: Tensor, spokes: Tensor) -> tuple[Tensor, Tensor]:
    """Bounds of corners in front of the camera and of edges cut off where they come too near."""
    signs = torch.cartesian_prod(*[centre.new_tensor([-1, 1])] * 3)
    corners = centre[:, None] + signs @ spokes
    start, end = corners[:, EDGES.to(centre.device)].unbind(2)
    step = (NEAR - start[..., 2:]) / (end - start)[..., 2:]
    cuts = start + step * (end - start)
    points = torch.cat([corners, cuts], 1)
    seen = torch.cat([corners[..., 2] > NEAR, (step[..., 0] > 0) & (step[..., 0] < 1)], 1)[
        ..., None
    ]
    flat = points[..., :2] / points[..., 2:]
    low, high = flat.where(seen, torch.inf).amin(1), flat.where(seen, -torch.inf).amax(1)
    depth = corners[..., 2]
    return torch.cat([low, high], 1), torch.stack([depth.amin(1), depth.amax(1)], 1)


def _ball_extents(centre: Tensor, spokes: Tensor) -> tuple[Tensor, Tensor]:
    """The outline of an ellipsoid is a conic, whose bounds follow from its dual."""
    dual = spokes.mT @ spokes - centre[:, :, None] * centre[:, None, :]
    across, last = dual[:, :2, 2], dual[:, 2:, 2]
    root = (across**2 - dual.diagonal(dim1=1, dim2=2)[:, :2] * last).clamp(min=0).sqrt()
    one, other = (across - root) / last, (across + root) / last
    reach = spokes[..., 2].norm(dim=1, keepdim=True)
    depth = centre[:, 2:] + reach * centre.new_tensor([-1, 1])
    return torch.cat([torch.minimum(one, other), torch.maximum(one, other)], 1), depth
