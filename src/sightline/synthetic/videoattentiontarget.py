"""Write rendered clips in the layout of the VideoAttentionTarget release, with depth maps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sightline.synthetic.difficulty import NORMAL, Difficulty
from sightline.synthetic.render import FPS, SIZE, TEST_CLIPS, TRAIN_CLIPS, boxes_of, clip_of
from sightline.synthetic.world import World
from sightline.synthetic.writing import claim, run_jobs, tests_of, write_once, write_picture

CLIPS_PER_SHOW = 4
SHOWS = 3  # at least so many for training, or as many as there are clips


class Written(NamedTuple):
    """How many clips, head tracks and annotated heads a data set holds, in one split."""

    clips: int
    tracks: int
    heads: int


class _Place(NamedTuple):
    """A clip, and the show that it is put into."""

    stream: int
    number: int
    show: str

    @property
    def split(self) -> str:
        return "test" if self.stream == TEST_CLIPS else "train"

    @property
    def path(self) -> Path:
        return Path(self.show, f"{self.number:08d}")


def write_videoattentiontarget(  # noqa: PLR0913
    folder: Path,
    *,
    clips: int,
    frames: int,
    seed: int = 0,
    size: tuple[int, int] = SIZE,
    fps: float = FPS,
    workers: int = 1,
    test_share: float = 0.1,
    difficulty: Difficulty = NORMAL,
) -> dict[str, Written]:
    """Write `clips` rendered clips of `frames` pictures of `size` (width, height), by split.

    The same seed gives the same bytes whatever the number of workers; called again after a break,
    it goes on. Raises FileExistsError if `folder` holds anything else, ValueError for a number or a
    share that cannot be.
    """
    if min(clips, frames) < 1 or fps <= 0:
        raise ValueError(f"{clips} clips of {frames} frames, {fps} a second: give more than none.")
    tests = tests_of(clips, test_share)
    asked = {"clips": clips, "frames": frames, "seed": seed, "size": size, "fps": fps}
    asked |= {"test_share": test_share, "difficulty": difficulty.name}
    claim(folder, {"layout": "videoattentiontarget", **asked})
    places = _places(clips - tests, tests)
    draw = partial(clip_of, seed, size=size, length=frames, fps=fps, difficulty=difficulty)
    work = partial(_write_clip, folder, draw)
    tracks = run_jobs(work, places, workers)
    written = {}
    for split in ("train", "test"):
        mine = [t for place, t in zip(places, tracks, strict=True) if place.split == split]
        heads = sum(sum(lengths) for lengths in mine)
        written[split] = Written(len(mine), sum(map(len, mine)), heads)
    return written


def _places(train: int, test: int) -> list[_Place]:
    """Where clips belong: no show is in both splits."""
    crowd = min(CLIPS_PER_SHOW, max(1, train // SHOWS))
    return [
        _Place(stream, number, f"{name}-{number // crowd:04d}")
        for stream, name, count in ((TRAIN_CLIPS, "show", train), (TEST_CLIPS, "test-show", test))
        for number in range(count)
    ]


def _write_clip(folder: Path, draw: Callable[..., list[World]], place: _Place) -> list[int]:
    """Render and save one clip and the tracks of its people; returns the lengths of the tracks."""
    worlds = draw(place.stream, place.number)
    for frame, world in enumerate(worlds):
        name = place.path / f"{frame:08d}.jpg"
        depth = folder / "depth" / name.with_suffix(".png")
        write_picture(world, folder / "images" / name, depth)
    tracks = {k: rows for k, rows in enumerate(_tracks(worlds)) if rows}
    for person, rows in tracks.items():
        path = Path("annotations", place.split) / place.path / f"s{person:02d}.txt"
        write_once(folder / path, "".join(rows).encode())
    return [len(rows) for rows in tracks.values()]


def _tracks(worlds: list[World]) -> list[list[str]]:
    """For each person the rows of the frames in which the head can be seen."""
    tracks: list[list[str]] = [[] for _ in worlds[0].people.heads]
    for frame, world in enumerate(worlds):
        people = world.people
        points = world.camera.project(people.targets)[0]
        points[~people.inside] = -1
        values = np.concatenate([boxes_of(world, people.heads).numpy(), points], 1)
        for person in people.visible.nonzero()[0]:
            cells = ",".join(f"{value:.3f}" for value in values[person])
            tracks[person].append(f"{frame:08d}.jpg,{cells}\n")
    return tracks
