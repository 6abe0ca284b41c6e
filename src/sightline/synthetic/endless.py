"""Data sets without a disk: worlds rendered as they are asked for, new ones in every epoch.

A sample is a function of the source, the split and the index alone. The training part begins with
the worlds that the writers put into the training part of a folder with the same seed, and goes on
for ever; the test part is that of the folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import numpy as np
import torch
from torch.utils.data import Dataset

from sightline.geometry.boxes import cut, smooth_boxes
from sightline.scene import Clip, Projection, Scene
from sightline.synthetic import all_around, render, shelves
from sightline.synthetic.all_around import render_panorama, surroundings_of
from sightline.synthetic.annotators import marks
from sightline.synthetic.render import SIZE, clip_of, render_all, world_of
from sightline.synthetic.shelves import Shelf, scene_of, shelf_of
from sightline.synthetic.source import read_source
from sightline.synthetic.world import World
from sightline.workers import one_thread

Device: TypeAlias = torch.device | str
SPLITS = ("train", "val", "test", "trainval")
HELD_OUT = 0.1  # pictures of the validation and of the test, as a share of those of an epoch


class Rendered(Dataset[Any]):
    """One kind of rendered pictures; `source` says what may stand for a folder as `root`.

    split: "train" ("trainval" is the same) has new pictures in every epoch: the sample at `index`
    plus the epoch times the number of samples. "val" and "test" have a tenth as many as an epoch,
    always the same. depth: give depth too.
    """

    kind: ClassVar[str]
    usual: ClassVar[tuple[int, int]] = SIZE
    streams: ClassVar[tuple[int, int, int]]
    """Of training, validation and test."""
    with_depth: ClassVar[bool] = True
    first: ClassVar[str] = ""
    """What the key of a sample's first scene adds to the name of the sample."""

    def __init__(self, root: Path | str, split: str, *, depth: bool = False) -> None:
        source = read_source(str(root))
        if split not in SPLITS:
            known = ", ".join(SPLITS)
            raise ValueError(f"Rendered data has no split {split!r}; known are {known}.")
        if depth and not self.with_depth:
            raise ValueError(f"Rendered {self.kind} have no depth; take a model that reads none.")
        self.split = "train" if split == "trainval" else split
        self.endless, self.depth = self.split == "train", depth
        self.seed, self.stream = source.seed, self.streams[SPLITS.index(self.split)]
        self.asked = {"size": source.size or self.usual, "difficulty": source.difficulty}
        self.length = source.images
        if not self.endless:
            self.length = max(1, round(HELD_OUT * source.images))

    def __len__(self) -> int:
        """The number of samples, for training those of one epoch."""
        return self.length

    def __getitem__(self, index: int) -> Scene | Clip:
        """A sample; for training `index` has no end."""
        if index < 0 or (index >= len(self) and not self.endless):
            raise IndexError(f"there is no sample {index} among {len(self)}")
        with one_thread():
            return self.show([index], [self.draw(index)])[0]

    def __iter__(self) -> Iterator[Scene | Clip]:
        """The samples, for training those of the first epoch."""
        return map(self.__getitem__, range(len(self)))

    @property
    def keys(self) -> np.ndarray:
        """Names of the samples, for training of those of the first epoch."""
        return np.array([self.name(index) + self.first for index in range(len(self))])

    def name(self, index: int) -> str:
        """Of a sample; other sources have other names."""
        (width, height), difficulty = self.asked["size"], self.asked["difficulty"].name
        of = f"rendered-{self.kind}/{self.seed}-{width}x{height}-{difficulty}"
        return f"{of}/{self.split}/{index:08d}"

    def draw(self, index: int) -> Any:
        """The world of a sample, for `show`."""
        raise NotImplementedError

    def show(
        self, indices: Sequence[int], drawn: Sequence[Any], device: Device = "cpu"
    ) -> list[Any]:
        """The samples at `indices`, of which `draw` has made the worlds, rendered together.

        Pictures and depth stay on `device`; the rest is in ordinary memory.
        """
        raise NotImplementedError

    def _rendered(
        self, worlds: Sequence[World], keys: Sequence[str], device: Device
    ) -> list[Scene]:
        scenes = render_all(worlds, keys, device)
        return scenes if self.depth else [replace(scene, depth=None) for scene in scenes]


class RenderedRooms(Rendered):
    """Pictures of rooms for GazeFollow, each with all its people.

    In the test split all of them look inside and have ten annotators, as in the release.
    """

    kind = "rooms"
    streams = (render.TRAIN, render.VAL, render.TEST)
    outside_share = render.OUTSIDE_SHARE

    def draw(self, index: int) -> World:
        """The room of a sample."""
        share = 0.0 if self.split == "test" else self.outside_share
        return world_of(self.seed, self.stream, index, outside_share=share, **self.asked)

    def show(
        self, indices: Sequence[int], drawn: Sequence[World], device: Device = "cpu"
    ) -> list[Scene]:
        """Pictures of the rooms."""
        scenes = self._rendered(drawn, [self.name(index) for index in indices], device)
        if self.split == "test":
            scenes = list(map(self._annotated, indices, drawn, scenes))
        return scenes

    def _annotated(self, index: int, world: World, scene: Scene) -> Scene:
        size = np.array(world.camera.size)
        targets = world.camera.project(world.people.targets)[0] / size
        points = torch.from_numpy(marks(targets, self.seed, self.stream, index) * size).float()
        assert scene.truth is not None
        return replace(scene, truth=replace(scene.truth, points=points))


class RenderedRoomsInside(RenderedRooms):
    """The same with people who all look inside, also in training."""

    kind = "rooms-inside"
    outside_share = 0.0


class RenderedClips(Rendered):
    """Five frames of a clip for VideoAttentionTarget, of all who can be seen throughout.

    Heads are smoothed over the frames, as those that are read.
    """

    kind = "clips"
    streams = (render.TRAIN_CLIPS, render.VAL_CLIPS, render.TEST_CLIPS)
    first = "/00000000"
    clip_length = 5

    def draw(self, index: int) -> list[World]:
        """The first frames of a clip, in a row, throughout which somebody can be seen."""
        frames = self.clip_length
        worlds: list[World] = []
        while not worlds or not _seen(worlds[-frames:]).any():
            length = len(worlds) + frames
            worlds = clip_of(self.seed, self.stream, index, length=length, **self.asked)
        return worlds[-frames:]

    def show(
        self, indices: Sequence[int], drawn: Sequence[list[World]], device: Device = "cpu"
    ) -> list[Clip]:
        """Clips of these frames; their rows are the same people in the same order."""
        keys = [f"{self.name(i)}/{k:08d}" for i in indices for k in range(self.clip_length)]
        worlds = [world for clip in drawn for world in clip]
        scenes = iter(self._rendered(worlds, keys, device))
        clips = [[_only(next(scenes), _seen(clip)) for _ in clip] for clip in drawn]
        return [_smooth(clip) for clip in clips]


class RenderedTracks(RenderedClips):
    """Twenty frames of a clip, for models that see whole tracks."""

    kind = "tracks"
    clip_length = 20


class RenderedFrames(RenderedClips):
    """One frame of a clip with all who can be seen, their heads cut to the picture."""

    kind = "frames"
    clip_length = 1
    first = ""

    def show(
        self, indices: Sequence[int], drawn: Sequence[list[World]], device: Device = "cpu"
    ) -> list[Any]:
        """Pictures of the frames."""
        clips = super().show(indices, drawn, device)
        scenes = [replace(scene, heads=cut(scene.heads, scene.size)) for (scene,) in clips]
        return [replace(s, key=self.name(i)) for i, s in zip(indices, scenes, strict=True)]


class RenderedShelves(Rendered):
    """Shelves for GOO, with exact edges of all products; the test has shoppers of its own."""

    kind = "shelves"
    usual = shelves.SIZE
    streams = (render.TRAIN_SHELVES, render.VAL_SHELVES, render.TEST_SHELVES)
    with_depth = False

    def draw(self, index: int) -> Shelf:
        """The shelf of a sample."""
        humans = shelves.TEST_HUMANS if self.split == "test" else shelves.TRAIN_HUMANS
        return shelf_of(self.seed, self.stream, index, humans=humans, **self.asked)

    def show(
        self, indices: Sequence[int], drawn: Sequence[Shelf], device: Device = "cpu"
    ) -> list[Scene]:
        """Pictures of the shelves."""
        return [scene_of(s, self.name(i), device) for i, s in zip(indices, drawn, strict=True)]


class RenderedPanoramas(Rendered):
    """Panoramas for GazeFollow360, each with all its people."""

    kind = "panoramas"
    usual = all_around.SIZE
    streams = (render.TRAIN_AROUND, render.VAL_AROUND, render.TEST_AROUND)
    with_depth = False
    projection: Projection = "equirectangular"

    def __init__(self, root: Path | str, split: str, *, depth: bool = False) -> None:
        super().__init__(root, split, depth=depth)
        self.draw(0)  # complains about the size

    def draw(self, index: int) -> World:
        """What is around the camera."""
        return surroundings_of(self.seed, self.stream, index, **self.asked)

    def show(
        self, indices: Sequence[int], drawn: Sequence[World], device: Device = "cpu"
    ) -> list[Scene]:
        """Pictures of it."""
        return [
            render_panorama(w, self.name(i), device) for i, w in zip(indices, drawn, strict=True)
        ]


def _seen(worlds: list[World]) -> np.ndarray:
    """Which people (P,) the camera sees in all the worlds of a clip."""
    return np.all([world.people.visible for world in worlds], 0)


def _only(scene: Scene, people: np.ndarray) -> Scene:
    """The scene with some of its people (P,)."""
    rows, truth = torch.from_numpy(people), scene.truth
    assert truth is not None
    told = {f.name: getattr(truth, f.name) for f in fields(truth)}
    chosen = {name: value[rows] for name, value in told.items() if value is not None}
    return replace(scene, heads=scene.heads[rows], truth=replace(truth, **chosen))


def _smooth(clip: Clip) -> Clip:
    heads = torch.stack([scene.heads for scene in clip], 1)
    smooth = torch.stack([smooth_boxes(track) for track in heads], 1)
    return [replace(scene, heads=boxes) for scene, boxes in zip(clip, smooth, strict=True)]
