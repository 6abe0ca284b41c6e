"""Predictions on disk with the truth they are scored against: no network or data to score again.

A folder of safetensors files. Each holds some scenes: all people and objects of all of them as
stacked tensors, and of each scene its key, image size, and how many people and objects it has.
Finished files are never touched again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from sightline.batch import merge_truths
from sightline.gaze import Gaze
from sightline.scene import Objects, Scene, Truth, blank_picture

Pair = tuple[Gaze, Scene]
PackedScenes = tuple[dict[str, Tensor], dict[str, list]]
GAZE = ("heads", "points", "heatmaps", "inside", "directions", "gaze_object")
TRUTH = ("points", "inside", "gaze_object", "counted", "directions")
OBJECTS = ("boxes", "labels", "scores", "ignored")


class ShardWriter:
    """Writes (gaze, scene) pairs into `folder`, a file per `size` scenes; use it in a `with` block.

    A shard appears complete or not at all. `done` holds the keys that earlier runs have written.
    """

    def __init__(self, folder: Path, *, size: int = 256) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.size = folder, size
        self.waiting: list[Pair] = []
        self.done = {key for path in shard_files(folder) for key in _header(path)["keys"]}

    def add(self, pairs: list[Pair]) -> None:
        """Keep pairs, together in one file: a clip is there whole or not at all."""
        self.waiting += pairs
        if len(self.waiting) >= self.size:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        if not self.waiting:
            return
        tensors, header = _pack(self.waiting)
        temporary = self.folder / f"unfinished-{os.getpid()}.part"
        try:
            save_file(tensors, temporary, metadata={"header": json.dumps(header)})
            _name_shard(temporary)
        finally:
            temporary.unlink(missing_ok=True)
        self.done |= set(header["keys"])
        self.waiting = []

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()  # also after an error: what was computed is kept


def shard_files(folder: Path) -> list[Path]:
    """The shards of a folder in order."""
    return sorted(folder.glob("shard-*.safetensors"))


def _name_shard(temporary: Path) -> None:
    """Give a file the number after the last shard, or a later one: another run may write too."""
    numbers = [path.stem.removeprefix("shard-") for path in shard_files(temporary.parent)]
    last = max((int(number) for number in numbers if number.isdecimal()), default=-1)
    for number in count(last + 1):
        with suppress(FileExistsError):
            _move(temporary, temporary.with_name(f"shard-{number:05d}.safetensors"))
            return


def _move(source: Path, target: Path) -> None:
    """Rename a file; FileExistsError rather than replace another."""
    try:
        target.hardlink_to(source)  # a rename would replace, without a word
    except FileExistsError:
        raise
    except OSError:  # a disk without links
        if target.exists():
            raise FileExistsError(target) from None
        source.rename(target)


def read_shards(folder: Path) -> Iterator[Pair]:
    """Every (gaze, scene) pair of a folder; scenes have size and truth but a blank picture.

    What two runs at once wrote twice is given once. Raises FileNotFoundError when there is none.
    """
    seen: set[str] = set()
    if not (paths := shard_files(folder)):
        raise FileNotFoundError(f"no predictions (shard-*.safetensors) in {folder}")
    for path in paths:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in list(file.keys())}
        pairs = list(_unpack(tensors, _header(path)))
        yield from (pair for pair in pairs if not (_counts(pair[1]) and pair[1].key in seen))
        seen |= {scene.key for _, scene in pairs if _counts(scene)}


def _counts(scene: Scene) -> bool:
    """Whether it is more than what fills a clip up, of which the key comes again elsewhere."""
    counted = None if scene.truth is None else scene.truth.counted
    return counted is None or bool(counted.any())


def pack_scenes(scenes: Sequence[Scene]) -> PackedScenes:
    """Scenes without their pictures: all people as stacked tensors, and the rest as plain data.

    Between processes each tensor takes a file handle, of which there may be no more than 1024.
    """
    truths = [scene.truth for scene in scenes if scene.truth is not None]
    assert len(truths) in (0, len(scenes)), "labelled and unlabelled scenes do not mix"
    tensors = {"scene.heads": torch.cat([scene.heads for scene in scenes])}
    if (eyes := _together([scene.eyes for scene in scenes])) is not None:
        tensors["scene.eyes"] = eyes
    if truths:
        truth = merge_truths(truths)
        values = {f"truth.{name}": getattr(truth, name) for name in TRUTH}
        tensors |= {name: value for name, value in values.items() if value is not None}
    objects, counts = _pack_objects("scene", [scene.objects for scene in scenes])
    header = {
        "keys": [scene.key for scene in scenes],
        "sizes": [scene.size for scene in scenes],
        "people": [len(scene) for scene in scenes],
        "projections": [scene.projection for scene in scenes],
        **counts,
    }
    return tensors | objects, header


def unpack_scenes(tensors: dict[str, Tensor], header: dict[str, list]) -> Iterator[Scene]:
    """The packed scenes, with blank pictures of their sizes that take no memory."""
    people = ("scene.heads", "scene.eyes", *(f"truth.{name}" for name in TRUTH))
    split = {name: tensors[name].split(header["people"]) for name in people if name in tensors}
    objects = _unpack_objects("scene", tensors, header)
    for row, (key, size) in enumerate(zip(header["keys"], header["sizes"], strict=True)):
        of = {name: parts[row] for name, parts in split.items()}
        truth = {name: of[f"truth.{name}"] for name in TRUTH if f"truth.{name}" in of}
        yield Scene(
            blank_picture(size),
            of["scene.heads"],
            objects=objects[row],
            truth=Truth(**truth) if truth else None,
            projection=header["projections"][row],
            key=key,
            eyes=of.get("scene.eyes"),
        )


def _together(parts: Sequence[Tensor | None]) -> Tensor | None:
    given = [part for part in parts if part is not None]
    assert len(given) in (0, len(parts)), "scenes with and without a field do not mix"
    return torch.cat(given) if given else None


def _pack_objects(
    of: str, parts: Sequence[Objects | None]
) -> tuple[dict[str, Tensor], dict[str, list]]:
    """The objects of all pictures as stacked tensors, and how many each picture has."""
    given = [objects for objects in parts if objects is not None]
    assert len(given) in (0, len(parts)), "pictures with and without objects do not mix"
    if not given:
        return {}, {}
    tensors = {}
    for name in OBJECTS:
        column = _together([getattr(objects, name) for objects in given])
        if column is not None:
            tensors[f"{of}.objects.{name}"] = column
    classes = list(given[0].classes)
    return tensors, {f"{of}.objects": [len(o) for o in given], f"{of}.classes": classes}


def _unpack_objects(
    of: str, tensors: dict[str, Tensor], header: dict[str, list]
) -> list[Objects | None]:
    if (counts := header.get(f"{of}.objects")) is None:
        return [None] * len(header["keys"])
    names = [name for name in OBJECTS if f"{of}.objects.{name}" in tensors]
    columns = [tensors[f"{of}.objects.{name}"].split(counts) for name in names]
    classes = tuple(header[f"{of}.classes"])
    return [
        Objects(**dict(zip(names, row, strict=True)), classes=classes)
        for row in zip(*columns, strict=True)
    ]


def _header(path: Path) -> dict:
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
    if "header" not in metadata:
        raise ValueError(f"{path} holds no predictions of ours; name a folder that evaluate wrote")
    return json.loads(metadata["header"])


def _pack(pairs: list[Pair]) -> PackedScenes:
    gazes, scenes = zip(*pairs, strict=True)
    columns = {f"gaze.{name}": [getattr(gaze, name) for gaze in gazes] for name in GAZE}
    tensors, header = pack_scenes(scenes)
    tensors |= {name: torch.cat(parts) for name, parts in columns.items() if parts[0] is not None}
    objects, counts = _pack_objects("gaze", [gaze.objects for gaze in gazes])
    gazed = [len(gaze) for gaze in gazes]  # a detector of objects gives gaze of nobody
    header |= {"gazes": gazed, **counts}
    return {name: value.contiguous() for name, value in (tensors | objects).items()}, header


def _unpack(tensors: dict[str, Tensor], header: dict[str, list]) -> Iterator[Pair]:
    given = [name for name in GAZE if f"gaze.{name}" in tensors]
    columns = [tensors[f"gaze.{name}"].split(header["gazes"]) for name in given]
    objects = _unpack_objects("gaze", tensors, header)
    scenes = unpack_scenes(tensors, header)
    for values, found, scene in zip(zip(*columns, strict=True), objects, scenes, strict=True):
        named = dict(zip(given, values, strict=True))
        yield Gaze(**named, objects=found, projection=scene.projection), scene
