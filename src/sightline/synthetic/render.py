"""From a world to a `Scene` with picture, depth, head boxes and truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np
import torch
from numpy.random import default_rng
from torch import Tensor

from sightline.scene import Clip, Scene, Truth
from sightline.synthetic.bounds import NEAR, extents
from sightline.synthetic.caster import View, cast
from sightline.synthetic.clips import sample_clip
from sightline.synthetic.difficulty import NORMAL, Difficulty
from sightline.synthetic.lens import developed
from sightline.synthetic.objects import looked_at, objects_of
from sightline.synthetic.sample import sample_world
from sightline.synthetic.world import World, tensor

SIZE = (320, 240)
TRAIN, TEST, MEMORY = range(3)  # streams of pictures that share no room
TRAIN_CLIPS, TEST_CLIPS, MEMORY_CLIPS = range(3, 6)  # and of clips
TRAIN_SHELVES, TEST_SHELVES, MEMORY_SHELVES = range(6, 9)  # and of shelves
TRAIN_AROUND, VAL_AROUND, TEST_AROUND, MEMORY_AROUND = range(9, 13)  # and of panoramas
VAL, VAL_CLIPS, VAL_SHELVES = range(13, 16)  # that `endless` sets are validated on
FPS = 10.0
OUTSIDE_SHARE = 0.25  # of the people in a picture, of gaze shifts in a clip


def render_scenes(
    count: int,
    seed: int = 0,
    size: tuple[int, int] = SIZE,
    *,
    difficulty: Difficulty = NORMAL,
) -> list[Scene]:
    """Random scenes in memory, never those that `write_gazefollow` writes with the same seed."""
    return [
        render(world_of(seed, MEMORY, i, size, difficulty=difficulty), f"room-{seed}-{i}")
        for i in range(count)
    ]


def render_clips(
    count: int,
    seed: int = 0,
    size: tuple[int, int] = SIZE,
    *,
    length: int = 20,
    fps: float = FPS,
    difficulty: Difficulty = NORMAL,
) -> list[Clip]:
    """Random clips of `length` scenes, `fps` of them a second, each of the same people in order.

    People who are hidden or have left the picture keep their row, with `Truth.counted` False.
    """
    draw = partial(clip_of, seed, MEMORY_CLIPS, length=length, fps=fps, difficulty=difficulty)
    return [
        [render(world, f"clip-{seed}-{i}-{frame}") for frame, world in enumerate(draw(i, size))]
        for i in range(count)
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
    """One picture with depth (inverse, stretched to [0, 1]), head boxes, objects and truth."""
    return render_all([world], [key])[0]


def render_all(
    worlds: Sequence[World], keys: Sequence[str], device: torch.device | str = "cpu"
) -> list[Scene]:
    """The same of worlds with pictures of one size, rendered together.

    Pictures and depth are rendered on `device` and stay there; the rest is in ordinary memory.
    """
    views = cast(list(worlds), device)
    return [_scene(*each) for each in zip(worlds, views, keys, strict=True)]


def _scene(world: World, view: View, key: str) -> Scene:
    near = 1 / view.depth
    depth = (near - near.min()) / (near.max() - near.min())
    heads = boxes_of(world, world.people.heads)
    image = developed(view, world.light)
    objects, owners = objects_of(world, view)
    return Scene(
        image=image,
        heads=heads,
        depth=depth[None],
        objects=objects,
        truth=replace(truth(world), gaze_object=looked_at(world.people, owners)),
        key=key,
    )


def boxes_of(world: World, owners: np.ndarray) -> Tensor:
    """Picture bounds (P, 4) XYXY of all that each owner has before the camera, also outside it."""
    bounds, depth = extents(world.solids, world.camera)
    mine = (world.solids.owner == torch.from_numpy(owners)[:, None]) & (depth[:, 0] > NEAR)
    mine = mine[..., None]
    low = bounds[:, :2].where(mine, torch.inf).amin(1)
    high = bounds[:, 2:].where(mine, -torch.inf).amax(1)
    return torch.cat([low, high], 1)


def truth(world: World) -> Truth:
    """Targets (P, 1, 2), NaN for those outside, and sight lines; the hidden do not count."""
    people = world.people
    pixels, _ = world.camera.project(people.targets)
    points = torch.from_numpy(pixels).float()
    inside = torch.from_numpy(people.inside)
    counted = torch.from_numpy(people.visible)
    points = points.where(inside[:, None], torch.nan)[:, None]
    return Truth(points, inside.float(), counted=counted, directions=sight_lines(world))


def sight_lines(world: World) -> Tensor:
    """From the eyes to the target: unit vectors (P, 3) in the camera's frame."""
    lines = tensor((world.people.targets - world.people.eyes) @ world.camera.rotation.T)
    return torch.nn.functional.normalize(lines, dim=-1)
