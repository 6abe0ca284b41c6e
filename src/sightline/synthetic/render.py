"""From a world to a `Scene` with picture, depth, head boxes and truth."""

from __future__ import annotations

from itertools import islice

import numpy as np
import torch
from numpy.random import default_rng
from torch import Tensor

from sightline.scene import Clip, Scene, Truth
from sightline.synthetic.bounds import NEAR, extents
from sightline.synthetic.caster import cast
from sightline.synthetic.clips import sample_clip
from sightline.synthetic.difficulty import NORMAL, Difficulty
from sightline.synthetic.lens import developed
from sightline.synthetic.sample import sample_world
from sightline.synthetic.world import World

SIZE = (320, 240)
TRAIN, TEST, MEMORY = range(3)  # streams of pictures that share no room
TRAIN_CLIPS, TEST_CLIPS, MEMORY_CLIPS = range(3, 6)  # and of clips
TRAIN_SHELVES, TEST_SHELVES, MEMORY_SHELVES = range(6, 9)  # and of shelves
TRAIN_AROUND, VAL_AROUND, TEST_AROUND, MEMORY_AROUND = range(9, 13)  # and of panoramas
FPS = 10.0
OUTSIDE_SHARE = 0.25  # of the people in a picture, of gaze shifts in a clip


def render_scenes(count: int, seed: int = 0, size: tuple[int, int] = SIZE) -> list[Scene]:
    """Random scenes in memory, never those that `write_gazefollow` writes with the same seed."""
    return [render(world_of(seed, MEMORY, i, size), f"room-{seed}-{i}") for i in range(count)]


def render_clips(
    count: int,
    seed: int = 0,
    size: tuple[int, int] = SIZE,
    *,
    length: int = 20,
    fps: float = FPS,
) -> list[Clip]:
    """Random clips of `length` scenes, `fps` of them a second, each of the same people in order.

    People who are hidden or have left the picture keep their row, with `Truth.counted` False.
    """
    return [
        [render(world, f"clip-{seed}-{i}-{frame}") for frame, world in enumerate(worlds)]
        for i in range(count)
        for worlds in [clip_of(seed, MEMORY_CLIPS, i, size, length=length, fps=fps)]
    ]


def world_of(
    seed: int,
    stream: int,
    index: int,
    size: tuple[int, int] = SIZE,
    *,
    outside_share: float = OUTSIDE_SHARE,
    difficulty: Difficulty = NORMAL,
) -> World:
    """The world of one picture: a function of the arguments alone."""
    generator = default_rng((seed, stream, index))
    return sample_world(generator, size, outside_share=outside_share, difficulty=difficulty)


def clip_of(
    seed: int,
    stream: int,
    index: int,
    size: tuple[int, int] = SIZE,
    *,
    length: int,
    fps: float = FPS,
    difficulty: Difficulty = NORMAL,
) -> list[World]:
    """The worlds of one clip: a function of the arguments alone; a longer clip begins the same."""
    generator = default_rng((seed, stream, index))
    clip = sample_clip(generator, size, fps=fps, outside_share=OUTSIDE_SHARE, difficulty=difficulty)
    return list(islice(clip, length))


def render(world: World, key: str = "") -> Scene:
    """One picture with depth (inverse, stretched to [0, 1]), head boxes and truth."""
    view = cast([world])[0]
    near = 1 / view.depth
    depth = (near - near.min()) / (near.max() - near.min())
    heads = boxes_of(world, world.people.heads)
    image = developed(view, world.light)
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
    """Projected targets (P, 1, 2), NaN for people who look out of it; the hidden do not count."""
    people = world.people
    pixels, _ = world.camera.project(people.targets)
    points = torch.from_numpy(pixels).float()
    inside = torch.from_numpy(people.inside)
    counted = torch.from_numpy(people.visible)
    return Truth(points.where(inside[:, None], torch.nan)[:, None], inside.float(), counted=counted)
