"""Feature maps of pictures on disk: a frozen encoder makes them once, a decoder reads them often.

A folder of three files. `origin.json` says what made the maps. `features.bin` holds them in rows of
one size, and each line of `pictures.jsonl` is the picture of a row: its path in the dataset's
folder and the bytes of its file. A row counts once its line is whole, and is never touched again.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from filelock import FileLock
from torch import Tensor
from torch.utils.data import Dataset

from sightline.provenance import write_json
from sightline.scene import Clip, Scene, as_clip


@dataclass(frozen=True)
class Origin:
    """What made feature maps.

    encoder: how it is built, in words. weights: the SHA-256 of its tensors. preprocess: what
    pictures went through before it. shape: (D, h, w) of a map.
    """

    encoder: str
    weights: str
    preprocess: str
    precision: Literal["float32", "bfloat16"]
    shape: tuple[int, ...]


class FeatureStore:
    """The feature maps in a folder: `store[name]` is that of the picture of this name.

    Raises ValueError when the folder holds maps of another origin.
    """

    def __init__(self, folder: Path, origin: Origin) -> None:
        self.folder, self.origin = folder, origin
        self.data, self.index = folder / "features.bin", folder / "pictures.jsonl"
        _claim(folder / "origin.json", origin)
        self._read_index()

    @cached_property
    def row_bytes(self) -> int:
        """Of one map."""
        return math.prod(self.origin.shape) * self._dtype.itemsize

    @property
    def _dtype(self) -> torch.dtype:
        return getattr(torch, self.origin.precision)

    def __getitem__(self, name: str) -> Tensor:
        """The map (D, h, w) of a picture; KeyError for one that was never encoded."""
        row, _ = self.rows[name]
        # Opened at each call: processes share no position. A mapped file of hundreds of gigabytes
        # would count as memory of every process that reads here and there in it.
        values = np.fromfile(self.data, np.uint8, self.row_bytes, offset=row * self.row_bytes)
        return torch.from_numpy(values).view(self._dtype).view(self.origin.shape)

    def missing(self, pictures: dict[str, int]) -> set[str]:
        """Which pictures, given by name and bytes of their file, have no map yet.

        Raises ValueError for one whose file had another length when it was encoded.
        """
        for name in pictures.keys() & self.rows.keys():
            _, before = self.rows[name]
            if before != pictures[name]:
                raise ValueError(
                    f"{self.folder} holds features of other pictures: {name} had {before} bytes "
                    f"there and has {pictures[name]} now; name another folder with --features"
                )
        return pictures.keys() - self.rows.keys()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other process adds maps, and keep others from it."""
        with FileLock(self.folder / ".lock"):
            self._read_index()
            yield

    def add(self, pictures: dict[str, int], features: Tensor) -> None:
        """Store the maps (N, D, h, w) of pictures, given by name and bytes of their file."""
        values = features.to(self._dtype).cpu().contiguous()
        assert values.shape == (len(pictures), *self.origin.shape)
        lines = "".join(json.dumps(pair) + "\n" for pair in pictures.items()).encode()
        _write(self.data, len(self.rows) * self.row_bytes, values.view(torch.uint8).numpy().data)
        _write(self.index, self.index_end, lines)  # from now on the rows count
        rows = enumerate(pictures.items(), len(self.rows))
        self.rows |= {name: (row, size) for row, (name, size) in rows}
        self.index_end += len(lines)

    def _read_index(self) -> None:
        """Find the row and the bytes of the file of each picture."""
        text = self.index.read_bytes() if self.index.exists() else b""
        self.index_end = text.rfind(b"\n") + 1  # beyond is what a killed process left
        pairs = map(json.loads, text[: self.index_end].splitlines())
        self.rows = {name: (row, size) for row, (name, size) in enumerate(pairs)}
        stored = self.data.stat().st_size if self.data.exists() else 0
        if stored < len(self.rows) * self.row_bytes:
            raise ValueError(
                f"{self.data} is shorter than {self.index.name} says; remove {self.folder}, or "
                "name another folder with --features"
            )


def _write(file: Path, start: int, content: bytes | memoryview) -> None:
    """Put `content` at the end of a file that counts up to `start`; on the disk when it returns."""
    file.touch()
    with file.open("r+b") as stream:
        stream.seek(start)
        stream.write(content)
        stream.truncate()
        stream.flush()
        os.fsync(stream.fileno())


def _claim(record: Path, origin: Origin) -> None:
    """Write down the origin of a new folder; ValueError if the folder has another."""
    wanted = asdict(origin) | {"shape": list(origin.shape)}
    if not record.exists():
        write_json(record, wanted)
        return
    found = json.loads(record.read_text(encoding="utf-8"))
    other = [name for name, value in wanted.items() if found.get(name) != value]
    if other:
        raise ValueError(
            f"{record.parent} holds features of another {' and '.join(other)} (origin.json says "
            "which); name another folder with --features"
        )


class FeatureScenes(Dataset[Any]):
    """A labelled dataset with stored features in the place of its pictures, which are blank."""

    def __init__(self, dataset: Any, root: Path, store: FeatureStore) -> None:
        self.dataset, self.root, self.store = dataset, root, store
        self.clip_length = getattr(dataset, "clip_length", 1)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Scene | Clip:
        """The sample, with features in every scene."""
        sample = self.dataset.outline(index)
        names = picture_names(self.dataset, self.root, index)
        clip = [
            replace(scene, features=self.store[name])
            for scene, name in zip(as_clip(sample), names, strict=True)
        ]
        return clip[0] if isinstance(sample, Scene) else clip


def picture_names(dataset: Any, root: Path, index: int) -> list[str]:
    """Of each scene of a sample its picture's name: the path in the dataset's folder.

    Equal pictures have equal names, also in another dataset that reads the same folder.
    """
    return [Path(os.path.relpath(path, root)).as_posix() for path in dataset.paths(index)]
