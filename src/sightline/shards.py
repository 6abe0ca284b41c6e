"""Predictions on disk with the truth they are scored against: no network or data to score again.

A folder of safetensors files. Each holds some scenes: all people of all of them as stacked tensors,
and of each scene its key, image size and number of people. Finished files are never touched again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from sightline.batch import merge_truths
from sightline.gaze import Gaze
from sightline.scene import Scene, Truth

Pair = tuple[Gaze, Scene]
PackedScenes = tuple[dict[str, Tensor], dict[str, list]]
GAZE = ("heads", "points", "heatmaps", "inside")
TRUTH = ("points", "inside", "gaze_object", "counted")


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
        path = self.folder / f"shard-{len(shard_files(self.folder)):05d}.safetensors"
        temporary = path.with_suffix(".part")
        tensors, header = _pack(self.waiting)
        save_file(tensors, temporary, metadata={"header": json.dumps(header)})
        temporary.replace(path)
        self.done |= set(header["keys"])
        self.waiting = []

    def __enter__(self) -> ShardWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()  # also after an error: what was computed is kept


def shard_files(folder: Path) -> list[Path]:
    """The shards of a folder in order."""
    return sorted(folder.glob("shard-*.safetensors"))


def read_shards(folder: Path) -> Iterator[Pair]:
    """Every (gaze, scene) pair of a folder; scenes have size and truth but a blank picture.

    Raises FileNotFoundError when there is none.
    """
    if not (paths := shard_files(folder)):
        raise FileNotFoundError(f"no predictions (shard-*.safetensors) in {folder}")
    for path in paths:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in list(file.keys())}
        yield from _unpack(tensors, _header(path))


def pack_scenes(scenes: Sequence[Scene]) -> PackedScenes:
    """Scenes without their pictures: all people as stacked tensors, and the rest as plain data.

    Between processes each tensor takes a file handle, of which there may be no more than 1024.
    """
    truths = [scene.truth for scene in scenes if scene.truth is not None]
    assert len(truths) in (0, len(scenes)), "labelled and unlabelled scenes do not mix"
    tensors = {"scene.heads": torch.cat([scene.heads for scene in scenes])}
    if truths:
        truth = merge_truths(truths)
        values = {f"truth.{name}": getattr(truth, name) for name in TRUTH}
        tensors |= {name: value for name, value in values.items() if value is not None}
    header = {
        "keys": [scene.key for scene in scenes],
        "sizes": [scene.size for scene in scenes],
        "people": [len(scene) for scene in scenes],
    }
    return tensors, header


def unpack_scenes(tensors: dict[str, Tensor], header: dict[str, list]) -> Iterator[Scene]:
    """The packed scenes, with blank pictures of their sizes that take no memory."""
    split = {name: tensor.split(header["people"]) for name, tensor in tensors.items()}
    for row, (key, (width, height)) in enumerate(zip(header["keys"], header["sizes"], strict=True)):
        of = {name: parts[row] for name, parts in split.items()}
        truth = {name: of[f"truth.{name}"] for name in TRUTH if f"truth.{name}" in of}
        blank = torch.zeros(1, 1, 1, dtype=torch.uint8).expand(3, height, width)
        yield Scene(blank, of["scene.heads"], truth=Truth(**truth) if truth else None, key=key)


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
    return {name: tensor.contiguous() for name, tensor in tensors.items()}, header


def _unpack(tensors: dict[str, Tensor], header: dict[str, list]) -> Iterator[Pair]:
    given = [name for name in GAZE if f"gaze.{name}" in tensors]
    columns = [tensors[f"gaze.{name}"].split(header["people"]) for name in given]
    scenes = unpack_scenes(tensors, header)
    for values, scene in zip(zip(*columns, strict=True), scenes, strict=True):
        yield Gaze(**dict(zip(given, values, strict=True))), scene
