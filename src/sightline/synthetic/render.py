"""From a world to a `Scene` with picture, depth, head boxes and truth."""

from __future__ import annotations

import numpy as np
import torch
from numpy.random import default_rng
from torch import Tensor

from sightline.scene import Scene, Truth
from sightline.synthetic.bounds import NEAR, extents
from sightline.synthetic.caster import cast
from sightline.synthetic.sample import sample_world
from sightline.synthetic.world import World

SIZE = (320, 240)
TRAIN, TEST, MEMORY = range(3)  # streams of pictures that share no room


def render_scenes(count: int, seed: int = 0, size: tuple[int, int] = SIZE) -> list[Scene]:
    """Random scenes in memory, never those that `write_gazefollow` writes with the same seed."""
    return [render(world_of(seed, MEMORY, i, size), f"room-{seed}-{i}") for i in range(count)]


def world_of(
    seed: int,
    stream: int,
    index: int,
    size: tuple[int, int] = SIZE,
    *,
    outside_share: float = 0.25,
) -> World:
    """The world of one picture: a function of the arguments alone."""
    return sample_world(default_rng((seed, stream, index)), size, outside_share=outside_share)


def render(world: World, key: str = "") -> Scene:
    """One picture with depth (inverse, stretched to [0, 1]), head boxes and truth."""
    view = cast([world])[0]
    generator = torch.Generator().manual_seed(world.light.noise_seed)
    noise = torch.randn(view.image.shape, generator=generator) * world.light.noise
    image = ((view.image + noise).clamp(0, 1) * 255).round().byte()
    near = 1 / view.depth
    depth = (near - near.min()) / (near.max() - near.min())
    heads = boxes_of(world, world.people.heads)
    return Scene(image=image, heads=heads, depth=depth[None], truth=truth(world), key=key)


def boxes_of(world: World, owners: np.ndarray) -> Tensor:
    """Picture bounds (P, 4) XYXY of all that each owner has before the camera, also outside it."""
    bounds, depth = extents(world.solids, world.camera)
    mine = (world.solids.owner == torch.from_numpy(owners)[:, None]) & (depth[:, 0] > NEAR)
    mine = mine[..., None]
    low = bounds[:, :2].where(mine, torch.inf).amin(1)
    high = bounds[:, 2:].where(mine, -torch.inf).amax(1)
    return torch.cat([low, high], 1)


def truth(world: World) -> Truth:
    """Projected targets (P, 1, 2), NaN for people who look out of the picture."""
    people = world.people
    pixels, _ = world.camera.project(people.targets)
    points = torch.from_numpy(pixels).float()
    inside = torch.from_numpy(people.inside)
    return Truth(points.where(inside[:, None], torch.nan)[:, None], inside.float())
