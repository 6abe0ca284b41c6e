"""How fast worlds are rendered: pictures a second, and milliseconds of each step.

A picture is sampled, rendered and written to a temporary folder as the writers of data sets do:
rooms as JPEG with a PNG of their depth, shelves and panoramas in memory. The pictures a second are
those of `--workers` processes by the wall clock, the milliseconds those of one process without
writing. Every other room or so throws shadows, as drawn.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
from timing import Row, best_of, headline, parser, report

from sightline.synthetic.all_around import surroundings_of
from sightline.synthetic.caster import View, cast
from sightline.synthetic.lens import developed
from sightline.synthetic.panorama import cast_panorama
from sightline.synthetic.render import MEMORY, MEMORY_AROUND, MEMORY_SHELVES, world_of
from sightline.synthetic.shelves import shelf_of
from sightline.synthetic.world import World
from sightline.synthetic.writing import encode, write_once, write_picture
from sightline.workers import begin_worker

SEED = 0


class Kind(NamedTuple):
    """A kind of picture: its world by number, how it is cast, and how many are timed."""

    world: Callable[[int], World]
    cast: Callable[[World], View]
    pictures: int
    depth: bool


def kinds(pictures: int) -> dict[str, Kind]:
    def room(size: tuple[int, int], index: int) -> World:
        return world_of(SEED, MEMORY, index, size)

    def shelf(index: int) -> World:
        return shelf_of(SEED, MEMORY_SHELVES, index).world

    def around(index: int) -> World:
        return surroundings_of(SEED, MEMORY_AROUND, index)

    return {
        "room 224x224": Kind(partial(room, (224, 224)), alone, 4 * pictures, True),
        "room 640x480": Kind(partial(room, (640, 480)), alone, pictures, True),
        "shelf 640x480": Kind(shelf, alone, pictures, False),
        "panorama 1024x512": Kind(around, cast_panorama, pictures, False),
    }


def alone(world: World) -> View:
    return cast([world])[0]


def write(folder: Path, name: str, index: int) -> None:
    """One picture as the writers of data sets make it."""
    kind = kinds(1)[name]
    world, picture = kind.world(index), folder / name / f"{index}.jpg"
    if kind.depth:
        return write_picture(world, picture, picture.with_suffix(".png"))
    pixels = developed(kind.cast(world), world.light, around=name.startswith("panorama"))
    return write_once(picture, encode(pixels.movedim(0, -1).numpy(), "jpeg", quality=92))


def per_second(name: str, count: int, pool: ProcessPoolExecutor) -> float:
    """Pictures a second that the processes of a pool write, after a few to warm up."""
    with TemporaryDirectory() as folder:
        work = partial(write, Path(folder), name)
        list(pool.map(work, range(count, count + 4)))
        start = time.perf_counter()
        list(pool.map(work, range(count), chunksize=2))
        return count / (time.perf_counter() - start)


def steps(kind: Kind, count: int) -> dict[str, float]:
    """Milliseconds a picture of sampling, casting and developing."""
    worlds = [kind.world(i) for i in range(count)]
    views = [kind.cast(world) for world in worlds]
    seconds = best_of(
        {
            "sample": lambda: [kind.world(i) for i in range(count)],
            "cast": lambda: [kind.cast(world) for world in worlds],
            "develop": lambda: [developed(v, w.light) for v, w in zip(views, worlds, strict=True)],
        },
        repeats=2,
    )
    return {f"{step}, ms": 1000 * s / count for step, s in seconds.items()} | {
        "solids": sum(len(world.solids) for world in worlds) / count
    }


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--workers", type=int, default=2, metavar="N", help="processes")
    options.add_argument("--pictures", type=int, default=24, metavar="N", help="large ones each")
    chosen = options.parse_args()
    torch.set_num_threads(chosen.threads)
    rows: list[Row] = []
    with ProcessPoolExecutor(chosen.workers, get_context("spawn"), begin_worker) as pool:
        for name, kind in kinds(chosen.pictures).items():
            speed = per_second(name, kind.pictures, pool)
            row: Row = {"picture": name, "pictures/s": speed, **steps(kind, 8)}
            rows.append(row)
    report("rendering", rows, chosen.json)
    for row in rows:
        what = f"rendering: {row['picture']}, {chosen.workers} processes"
        headline(chosen.json, what, float(row["pictures/s"]), "pictures/s")


if __name__ == "__main__":
    main()
