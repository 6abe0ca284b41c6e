"""Write rendered panoramas in the released layout of GazeFollow360.

A head box over the picture's seam cannot be told in the release; here it ends beyond the picture's
width.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sightline.synthetic.all_around import SIZE, render_panorama, surroundings_of
from sightline.synthetic.difficulty import NORMAL, Difficulty
from sightline.synthetic.panorama import boxes_around
from sightline.synthetic.render import TEST_AROUND, TRAIN_AROUND, VAL_AROUND
from sightline.synthetic.world import World
from sightline.synthetic.writing import claim, run_jobs, write_jpeg, write_once

SPLITS = {"train": TRAIN_AROUND, "vali": VAL_AROUND, "test": TEST_AROUND}
PICTURES = "all the videos"
HEADER = 116  # bytes of a MATLAB file that describe it
DESCRIPTION = b"MATLAB 5.0 MAT-file, rendered panoramas".ljust(HEADER)


class Row(NamedTuple):
    """One person: the picture, the head box [[x0, y0], [x1, y1]] in pixels, the target (u, v)."""

    path: str
    face_box: np.ndarray
    gaze: np.ndarray


class Written(NamedTuple):
    """How many pictures and people a split holds."""

    images: int
    people: int


def write_gazefollow360(
    folder: Path,
    *,
    images: int,
    seed: int = 0,
    size: tuple[int, int] = SIZE,
    workers: int = 1,
    test_share: float = 0.1,
    difficulty: Difficulty = NORMAL,
) -> dict[str, Written]:
    """Write `images` panoramas of `size` (width, height) to an empty or new `folder`.

    Of them `test_share` are the test, as many the validation; an empty split has no file. The same
    seed gives the same bytes whatever the number of workers; called again after a break, it goes
    on. Raises FileExistsError if `folder` holds anything else, ValueError for a number, a
    size or a share that cannot be.
    """
    if images < 1:
        raise ValueError(f"{images} panoramas cannot be written; give how many, at least 1.")
    tests = round(images * test_share)
    if tests < 0 or 2 * tests > images:
        raise ValueError(f"test_share is {test_share}; give a number from 0 to 0.5.")
    surroundings_of(seed, TRAIN_AROUND, 0, size)  # complains about the size before a file is made
    asked = {"images": images, "seed": seed, "size": size, "test_share": test_share}
    claim(folder, {"layout": "gazefollow360", **asked, "difficulty": difficulty.name})
    counts = {"train": images - 2 * tests, "vali": tests, "test": tests}
    jobs = [(split, i) for split, count in counts.items() for i in range(count)]
    draw = partial(surroundings_of, seed, size=size, difficulty=difficulty)
    people = run_jobs(partial(_write_picture, folder, draw), jobs, workers)
    written = {}
    for split, count in counts.items():
        mine = [rows for job, rows in zip(jobs, people, strict=True) if job[0] == split]
        rows = list(chain.from_iterable(mine))
        if rows:
            write_once(folder / "train_vali_test_data" / f"{split}_data.mat", _matlab(rows))
        written[split] = Written(count, len(rows))
    return written


def _write_picture(folder: Path, draw: Callable[..., World], job: tuple[str, int]) -> list[Row]:
    """Render and save one picture, unless it is there; returns its people."""
    split, index = job
    world = draw(SPLITS[split], index)
    path = Path(split, f"{index:06d}.jpg")
    picture = folder / PICTURES / path
    if not picture.exists():
        write_jpeg(picture, render_panorama(world).image)
    return _rows(world, path.as_posix())


def _rows(world: World, path: str) -> list[Row]:
    people, camera = world.people, world.camera
    boxes = boxes_around(world, people.heads).double().numpy().reshape(-1, 2, 2)
    gazes = camera.project(people.targets)[0] / camera.size
    return [Row(path, box, gaze) for box, gaze in zip(boxes, gazes, strict=True)]


def _matlab(rows: list[Row]) -> bytes:
    """The index file of one split, without the time at which it was made."""
    from scipy.io import savemat  # an extra

    arrays = {
        "path": np.array([row.path for row in rows], str),
        "face_box": np.array([row.face_box for row in rows]),
        "gaze": np.array([row.gaze for row in rows]),
    }
    buffer = BytesIO()
    savemat(buffer, arrays)
    return DESCRIPTION + buffer.getvalue()[HEADER:]
