"""Write rendered shelves in the layout of GOO-Synth, or of GOO-Real as GaTector uses it.

What is written follows the release: coordinates are pixels of a 640x480 frame whatever the
picture's size; a box names its first and its last visible pixel (so its width is one less than in
the edge convention); the last box is the head.
"""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch

from sightline.goo_classes import HEAD
from sightline.synthetic.difficulty import NORMAL, Difficulty
from sightline.synthetic.render import TEST_SHELVES, TRAIN_SHELVES
from sightline.synthetic.shelves import (
    SIZE,
    TEST_HUMANS,
    TRAIN_HUMANS,
    Picture,
    Shelf,
    photograph,
    shelf_of,
)
from sightline.synthetic.writing import claim, encode, run_jobs, tests_of, write_once

Layout = Literal["goo-synth", "goo-real"]
Record = dict[str, Any]  # of one picture, in the file's own words
PROTOCOL = 3  # as released
PARTS = "unfinished"  # below the data set's folder: records of pictures, until all are there


class Split(NamedTuple):
    """Where the pictures and the records of a split are, its shoppers and its random stream."""

    images: str
    records: str
    humans: tuple[int, ...]
    stream: int


SPLITS: dict[Layout, tuple[Split, Split]] = {  # training, test
    "goo-synth": (
        Split(
            "goosynth/train/images",
            "goosynth/picklefile/goosynth_train_v2_no_segm.pkl",
            TRAIN_HUMANS,
            TRAIN_SHELVES,
        ),
        Split(
            "goosynth/test/images",
            "goosynth/picklefile/goosynth_test_v2_no_segm.pkl",
            TEST_HUMANS,
            TEST_SHELVES,
        ),
    ),
    "goo-real": (
        Split("gooreal/train_data", "gooreal/train.pickle", TRAIN_HUMANS, TRAIN_SHELVES),
        Split("gooreal/test_data", "gooreal/test.pickle", TEST_HUMANS, TEST_SHELVES),
    ),
}


class Job(NamedTuple):
    """A picture: 0 for training or 1 for the test, which of these, and the number in its name."""

    split: int
    draw: int
    number: int


def write_goo(
    folder: Path,
    *,
    images: int,
    seed: int = 0,
    size: tuple[int, int] = SIZE,
    workers: int = 1,
    test_share: float = 0.1,
    layout: Layout = "goo-synth",
    difficulty: Difficulty = NORMAL,
) -> tuple[int, int]:
    """Write `images` shelves of `size` (width, height) to an empty or new `folder`.

    Returns how many are for training and for the test. The same seed gives the same bytes whatever
    the number of workers; called again after a break, it goes on. Raises FileExistsError if
    `folder` holds anything else, ValueError for a share that is not from 0 to 1.
    """
    tests = tests_of(images, test_share)
    asked = {"images": images, "seed": seed, "size": size, "test_share": test_share}
    claim(folder, {"layout": layout, **asked, "difficulty": difficulty.name})
    counts = (images - tests, tests)
    first = images - tests if layout == "goo-real" else 0  # GOO-Real counts on in its test part
    jobs = [Job(0, i, i) for i in range(counts[0])] + [Job(1, i, first + i) for i in range(tests)]
    draw = partial(shelf_of, seed, size=size, difficulty=difficulty)
    run_jobs(partial(_write_picture, folder, layout, draw), jobs, workers)
    for index, split in enumerate(SPLITS[layout]):
        path = folder / split.records
        if not path.exists():
            parts = [_part(folder, job) for job in jobs if job.split == index]
            records = [_with_arrays(json.loads(part.read_bytes())) for part in parts]
            write_once(path, pickle.dumps(records, protocol=PROTOCOL))
    shutil.rmtree(folder / PARTS, ignore_errors=True)
    return counts


def _part(folder: Path, job: Job) -> Path:
    return folder / PARTS / f"{job.split}-{job.draw}.json"


def _write_picture(folder: Path, layout: Layout, draw: Callable[..., Shelf], job: Job) -> None:
    """Render and save one picture and its record, unless both are there."""
    split = SPLITS[layout][job.split]
    path, part = folder / split.images / f"{job.number}.png", _part(folder, job)
    if path.exists() and (part.exists() or (folder / split.records).exists()):
        return
    shelf = draw(split.stream, job.draw, humans=split.humans)
    picture = photograph(shelf)
    record = record_of(shelf, picture, path.name)
    if layout == "goo-real":
        record = _as_real(record)
    write_once(part, json.dumps(record).encode())
    write_once(path, encode(picture.image.movedim(0, -1).numpy(), "png", compress_level=1))


def record_of(shelf: Shelf, picture: Picture, filename: str) -> Record:
    """What GOO-Synth says of a picture, as plain data; `ann` holds lists in place of arrays."""
    world, setting, row = shelf.world, shelf.setting, picture.gaze_object
    pitch, yaw, roll = shelf.angles
    scale = torch.tensor(SIZE) / torch.tensor(world.camera.size)
    edges = (picture.boxes.view(-1, 2, 2) * scale).round()
    edges[:, 1] -= 1  # the last pixel, not its far edge
    eyes, target = (
        np.floor(world.camera.project(points[0])[0] * scale.numpy()).astype(int).tolist()
        for points in (world.people.eyes, world.people.targets)
    )
    gazed = shelf.facings[int(picture.facings[row])] if row >= 0 else None
    return {
        "filename": filename,
        "width": world.camera.size[0],
        "height": world.camera.size[1],
        "ann": {"bboxes": edges.flatten(1).tolist(), "labels": picture.labels.tolist()},
        "envparams": {
            "cab": setting.cabinet,
            "hum": setting.human,
            "light": setting.light,
            "cam": setting.camera,
            "env": setting.background,
        },
        "gaze_item": gazed.label if gazed else -1,
        "gazeIdx": row,
        "gaze_cx": target[0],
        "gaze_cy": target[1],
        "hx": eyes[0],
        "hy": eyes[1],
        "pitch": pitch,
        "yaw": yaw,
        "roll": roll,
        "segm_gazeIdx": gazed.item if gazed else 0,
        "occluded": int(gazed is None),
    }


def _as_real(record: Record) -> Record:
    """The same as GOO-Real says it: the head has the label -1, and less is known."""
    labels = [-1 if label == HEAD else label for label in record["ann"]["labels"]]
    unknown = ("envparams", "pitch", "yaw", "roll", "segm_gazeIdx")
    known = {key: value for key, value in record.items() if key not in unknown}
    return known | {"ann": record["ann"] | {"labels": labels}}


def _with_arrays(record: Record) -> Record:
    ann = record["ann"]
    boxes, labels = np.array(ann["bboxes"], np.float64), np.array(ann["labels"], np.int32)
    return record | {"ann": {"bboxes": boxes, "labels": labels}}
