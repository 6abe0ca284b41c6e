"""Write rendered pictures in the layout of the "extended" GazeFollow release, with depth maps."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from sightline.synthetic.annotators import ANNOTATORS, marks
from sightline.synthetic.difficulty import NORMAL, Difficulty
from sightline.synthetic.render import OUTSIDE_SHARE, SIZE, TEST, TRAIN, boxes_of, world_of
from sightline.synthetic.world import World
from sightline.synthetic.writing import claim, run_jobs, tests_of, write_once, write_picture

SOURCE = "synthetic"


class Written(NamedTuple):
    """How many pictures and people a data set holds, by split."""

    train_images: int
    train_people: int
    test_images: int
    test_people: int


def write_gazefollow(
    folder: Path,
    *,
    images: int,
    seed: int = 0,
    size: tuple[int, int] = SIZE,
    workers: int = 1,
    test_share: float = 0.1,
    difficulty: Difficulty = NORMAL,
) -> Written:
    """Write `images` rendered pictures of `size` (width, height) to an empty or new `folder`.

    The same seed gives the same bytes whatever the number of workers; called again after a break,
    it goes on. In the test split everybody looks into the picture, as in the release. Raises
    FileExistsError if `folder` holds anything else, ValueError for a share that is not from 0 to 1.
    """
    tests = tests_of(images, test_share)
    asked = {"images": images, "seed": seed, "size": size, "test_share": test_share}
    claim(folder, {"layout": "gazefollow", **asked, "difficulty": difficulty.name})
    jobs = [(TRAIN, i) for i in range(images - tests)] + [(TEST, i) for i in range(tests)]
    people = []
    rows = run_jobs(partial(_write_picture, folder, seed, size, difficulty), jobs, workers)
    for split, name in ((TRAIN, "train"), (TEST, "test")):
        mine = [r for job, r in zip(jobs, rows, strict=True) if job[0] == split]
        text = "".join(f"{row}\n" for row in chain.from_iterable(mine))
        write_once(folder / f"{name}_annotations_release.txt", text.encode())
        people.append(sum(len(r) for r in mine))
    return Written(images - tests, people[0], tests, people[1] // ANNOTATORS)


def picture_path(split: int, index: int) -> Path:
    """Where a picture lies below the data set's folder."""
    return Path("test2" if split == TEST else "train", f"{index // 1000:08d}", f"{index:08d}.jpg")


def _write_picture(
    folder: Path, seed: int, size: tuple[int, int], difficulty: Difficulty, job: tuple[int, int]
) -> list[str]:
    """Render and save one picture and its depth; returns its annotation rows."""
    split, index = job
    share = 0.0 if split == TEST else OUTSIDE_SHARE
    world = world_of(seed, *job, size, outside_share=share, difficulty=difficulty)
    path = picture_path(split, index)
    write_picture(world, folder / path, folder / "depth" / path.with_suffix(".png"))
    return _rows(world, seed, job, path)


def _rows(world: World, seed: int, job: tuple[int, int], path: Path) -> list[str]:
    """Annotation rows: one per person for training, one per annotator for the test."""
    people, size = world.people, np.array(world.camera.size)
    columns = np.concatenate(
        [_body_boxes(world, size), world.camera.project(people.eyes)[0] / size], 1
    )
    points = world.camera.project(people.targets)[0] / size
    points[~people.inside] = -1
    inside = [f"{int(inside)}," for inside in people.inside]
    if job[0] == TEST:
        clicks, inside = marks(points, seed, *job), [""] * len(people)
    else:
        clicks = points[:, None]
    heads = boxes_of(world, people.heads).tolist()
    persons = zip(columns, clicks, heads, inside, strict=True)
    cells = (
        f"{_join(own)},{_join(point)},{_join(head, 3)},{flag}{SOURCE},{path.name}"
        for own, mine, head, flag in persons
        for point in mine
    )
    return [f"{path.as_posix()},{number},{rest}" for number, rest in enumerate(cells)]


def _body_boxes(world: World, size: np.ndarray) -> np.ndarray:
    """Body boxes x, y, width, height (P, 4), cut to the picture of `size`, as fractions of it."""
    heads, bodies = (boxes_of(world, o) for o in (world.people.heads, world.people.bodies))
    low = torch.minimum(heads[:, :2], bodies[:, :2]).numpy() / size
    high = torch.maximum(heads[:, 2:], bodies[:, 2:]).numpy() / size
    low, high = low.clip(0, 1), high.clip(0, 1)
    return np.concatenate([low, high - low], 1)


def _join(values: Iterable[float], digits: int = 9) -> str:
    return ",".join(f"{value:.{digits}f}" for value in values)
