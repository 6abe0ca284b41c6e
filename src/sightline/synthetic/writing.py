"""What the writers of data sets share: a folder that can be gone on with, pictures, processes."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image
from torch import Tensor

from sightline.provenance import versions
from sightline.synthetic.render import render
from sightline.synthetic.world import World
from sightline.workers import begin_worker, one_thread

RECORD = "synthetic.json"
QUALITY = 92

Job = TypeVar("Job")
Result = TypeVar("Result")


def claim(folder: Path, record: dict[str, Any]) -> None:
    """Take a new or empty folder, or the one that was taken for the same `record` before.

    Raises FileExistsError if `folder` holds anything else, and ValueError for a `record` of no
    picture, or of pictures without a pixel.
    """
    for name in ("images", "clips", "frames", "size"):
        if np.min(record.get(name, 1)) < 1:
            raise ValueError(f"{name} = {record[name]}: there is nothing to render; give more")
    record = record | {"sightline": versions().get("sightline")}
    text = json.dumps(record, indent=1) + "\n"
    path = folder / RECORD
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise FileExistsError(
            f"{folder} exists and is not an empty folder, nor one that the same command has begun "
            "to fill; name a new folder to write to."
        )
    write_once(path, text.encode())


def tests_of(images: int, share: float) -> int:
    """How many are for the test, at least one of two or more: a few are no set without.

    Raises ValueError for a share that is not from 0 to 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"test_share is {share}; give a number from 0 to 1.")
    return max(round(images * share), min(1, images - 1))


def write_once(path: Path, data: bytes) -> None:
    """Make a file in one move, unless it is there."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_bytes(data)
    unfinished.replace(path)


def write_picture(world: World, picture: Path, depth: Path) -> None:
    """Render a world to a JPEG and a 16-bit PNG of its depth, unless both are there."""
    if picture.exists() and depth.exists():
        return
    scene = render(world)
    assert scene.depth is not None
    levels = (scene.depth[0] * 65535).round().numpy().astype(np.uint16)
    write_once(depth, encode(levels, "png", compress_level=1))
    write_jpeg(picture, scene.image)


def write_jpeg(path: Path, image: Tensor) -> None:
    """Make a JPEG of a picture (3, H, W) in one move, unless it is there."""
    write_once(path, encode(image.movedim(0, -1).numpy(), "jpeg", quality=QUALITY))


def encode(pixels: np.ndarray, kind: str, **options: int) -> bytes:
    """A picture (H, W) or (H, W, 3) as the bytes of a file of this `kind`, "png" or "jpeg"."""
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def run_jobs(work: Callable[[Job], Result], jobs: list[Job], workers: int) -> list[Result]:
    """Results in the order of `jobs`, with one thread each."""
    if workers > 1:
        some = min(16, max(1, len(jobs) // (4 * workers)))
        with ProcessPoolExecutor(workers, get_context("spawn"), begin_worker) as pool:
            return list(pool.map(work, jobs, chunksize=some))
    with one_thread():
        return [work(job) for job in jobs]
