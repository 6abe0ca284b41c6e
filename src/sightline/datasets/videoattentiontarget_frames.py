"""VideoAttentionTarget frame by frame, each picture with everybody in it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from sightline.datasets.groups import by_name, rows_of
from sightline.datasets.sequences import Sequences
from sightline.datasets.splits import Split
from sightline.datasets.videoattentiontarget import read_frame, read_split
from sightline.datasets.videoattentiontarget_tracks import read_tracks
from sightline.geometry.boxes import cut, smooth_boxes
from sightline.media.image import read_size
from sightline.scene import Scene, Truth, blank_picture


class VideoAttentionTargetFrames(Dataset[Scene]):
    """An annotated frame per sample with all heads in it, as Gaze-LLE (Ryan et al. 2025) reads it.

    split, depth, left out lines: as of `VideoAttentionTargetTracks`. Heads are smoothed over their
    tracks and cut to the picture. `keys` name the samples show/clip/picture, in this order; people
    are in the order of their track files.
    """

    every = 1
    """One in so many frames of each clip is taken, the first one among them."""

    def __init__(self, root: Path, split: Split, *, depth: bool = False) -> None:
        self.root, self.depth = Path(root), depth
        found = read_split(self.root, split, partial(read_tracks, self.root))
        clips = np.repeat(found.clips, found.lengths)
        # Arrays, not lists of objects: worker processes share them until they write.
        frames = np.char.add(np.char.add(clips, "/"), found.pictures)
        keys, rows, ends = by_name(frames)
        people = np.diff(ends, prepend=0)
        kept = _place_in_clip(keys) % self.every == 0
        self.keys, self.ends = keys[kept], people[kept].cumsum()
        rows = rows[np.repeat(kept, people)]
        self.heads = _smooth(found)[rows]
        self.gaze = torch.from_numpy(found.gaze)[rows]

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.keys)

    def __getitem__(self, index: int) -> Scene:
        """A frame with its people; `ImageError` names a picture that is missing or broken."""
        index = range(len(self))[index]
        (path,) = self.paths(index)
        return self._scene(index, *read_frame(path, self.root, depth=self.depth))

    def outline(self, index: int) -> Scene:
        """The same without pixels: a blank picture of the size that the file's header gives."""
        (path,) = self.paths(index)
        return self._scene(index, blank_picture(read_size(path)), None)

    def paths(self, index: int) -> list[Path]:
        """Where the pictures of a sample lie: its one."""
        return [self.root / "images" / str(self.keys[index])]

    def _scene(self, index: int, image: Tensor, depth: Tensor | None) -> Scene:
        people = rows_of(self.ends, index)
        heads, gaze = self.heads[people], self.gaze[people]
        return Scene(
            image=image,
            heads=cut(heads, (image.shape[2], image.shape[1])),
            depth=depth,
            truth=Truth(gaze[:, None], (~gaze[:, 0].isnan()).float()),
            key=str(self.keys[index]),
        )


class VideoAttentionTargetEverySixth(VideoAttentionTargetFrames):
    """Every sixth frame of each clip: neighbours are nearly alike, and Gaze-LLE trains on these."""

    every = 6


def _smooth(found: Sequences) -> Tensor:
    """Heads (R, 4) as moving averages over their tracks, gaps between frames ignored."""
    heads = torch.from_numpy(found.heads)
    return torch.cat([smooth_boxes(track) for track in heads.split(found.lengths.tolist())])


def _place_in_clip(keys: np.ndarray) -> np.ndarray:
    """The number of each frame (F,) in its clip, of sorted keys show/clip/picture."""
    clips = np.array([key.rpartition("/")[0] for key in keys.tolist()])
    _, first, clip = np.unique(clips, return_index=True, return_inverse=True)
    return np.arange(len(keys)) - first[clip]
