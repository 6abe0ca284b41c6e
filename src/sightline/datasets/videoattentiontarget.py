"""VideoAttentionTarget (Chong et al., CVPR 2020): one person over time per sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from sightline.datasets.pictures import depth_path
from sightline.datasets.report import warn_left_out
from sightline.datasets.sequences import Sequences
from sightline.datasets.splits import Part, Split, empty_split, held_out_shows, released_part
from sightline.datasets.videoattentiontarget_tracks import (
    find_pickle,
    read_pickled_windows,
    read_tracks,
)
from sightline.datasets.window_pickles import SIZE
from sightline.geometry.boxes import smooth_boxes
from sightline.media.image import read_depth_of, read_image, read_size
from sightline.scene import Clip, Scene, Truth, blank_picture

Picture: TypeAlias = tuple[Tensor, Tensor | None]
"""The image and, where it is read, the depth."""


def read_split(root: Path, split: str, read: Callable[[Part], Sequences]) -> Sequences:
    """The sequences of a split, from what `read` finds in its part "train" or "test".

    Warns of lines that are left out. Raises ValueError for an unknown or empty split.
    """
    found = read(released_part("VideoAttentionTarget", split))
    warn_left_out(found.broken, "lines", f"videoattentiontarget {root}", stacklevel=4)
    if split in ("train", "val"):
        found = found.select(held_out_shows(found.shows) == (split == "val"))
    if not len(found):
        raise empty_split(split, root)
    return found


def read_frame(path: Path, root: Path, *, depth: bool) -> Picture:
    """The picture at `path` as the released code sees it, and its depth if asked for."""
    image = read_image(path, upright=False)
    name = path.relative_to(root / "images").as_posix()
    return image, read_depth_of(image, depth_path(root, name)) if depth else None


class VideoAttentionTargetTracks(Dataset[Clip]):
    """A head track per sample, of any length, from the folder with `images/` and `annotations/`.

    split: "trainval" is the released training part; "val" is about 5 % of its shows, at least one,
    those with the lowest checksums of their names, and "train" is the rest. The published codes
    pick the epoch on the test set: we do not.
    depth: read `depth/SHOW/CLIP/FRAME.png` too.

    Each scene is one person in one frame. Heads are smoothed over the sample (`smooth_boxes`), here
    the track, as Chong et al. do. Unreadable lines are left out, with a warning. A scene's key is
    show/clip/track/picture; `keys` names the samples by their first scenes.
    """

    clip_length: int | None = None

    def __init__(self, root: Path, split: Split, *, depth: bool = False) -> None:
        self.root, self.depth = Path(root), depth
        found = read_split(self.root, split, self._read)
        self.sequences = found  # arrays: worker processes share them until they write
        self.keys = np.array([found.keys(i)[0] for i in range(len(found))])

    def _read(self, part: Part) -> Sequences:
        return read_tracks(self.root, part)

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.sequences)

    def __getitem__(self, index: int) -> Clip:
        """A person over time; `ImageError` names a picture that is missing or broken."""
        index = range(len(self))[index]
        paths = self.paths(index)
        pictures = {p: read_frame(p, self.root, depth=self.depth) for p in dict.fromkeys(paths)}
        return self._clip(index, [pictures[path] for path in paths])

    def outline(self, index: int) -> Clip:
        """The same without pixels: blank pictures of the sizes that the files' headers give."""
        return self._clip(index, [(blank_picture(read_size(p)), None) for p in self.paths(index)])

    def paths(self, index: int) -> list[Path]:
        """Where the pictures of a sample lie, one for each of its scenes."""
        folder = self.root / "images" / str(self.sequences.names[index]).rpartition("/")[0]
        return [folder / name for name in self.sequences.pictures[self.sequences.rows(index)]]

    def _clip(self, index: int, pictures: list[Picture]) -> Clip:
        found, rows = self.sequences, self.sequences.rows(index)
        heads = smooth_boxes(torch.from_numpy(found.heads[rows]))
        gaze, counted = torch.from_numpy(found.gaze[rows]), torch.from_numpy(found.counted[rows])
        inside = (~gaze[:, 0].isnan()).float()
        return [
            Scene(
                image=image,
                heads=heads[i : i + 1],
                depth=depth,
                truth=Truth(gaze[i : i + 1, None], inside[i : i + 1], counted=counted[i : i + 1]),
                key=key,
            )
            for i, ((image, depth), key) in enumerate(zip(pictures, found.keys(index), strict=True))
        ]


class VideoAttentionTarget(VideoAttentionTargetTracks):
    """Five frames of a head track per sample, cut by `sightline.windows`, as PDP reads them.

    Heads are smoothed over the five frames. If the folder holds a file `*train*.pkl` (`*test*.pkl`
    for the test split), its windows are taken instead: a pickled list of (show, clip, flags, table
    of five rows) as the authors of PDP release; in the keys the number of the window in that list
    is in the place of the track.
    """

    clip_length = SIZE

    def _read(self, part: Part) -> Sequences:
        if file := find_pickle(self.root, part):
            return read_pickled_windows(file)
        return read_tracks(self.root, part).cut(SIZE)
