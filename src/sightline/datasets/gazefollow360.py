"""GazeFollow360 (Li et al. 2021): people in panoramas and what they look at."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch.utils.data import Dataset

from sightline.datasets.gazefollow360_index import FILES, read_rows
from sightline.datasets.pictures import depth_path
from sightline.geometry.boxes import to_pixels
from sightline.media.image import ImageError, read_depth_of, read_image
from sightline.scene import Scene, Truth

PICTURES = "all the videos"


class GazeFollow360(Dataset[Scene]):
    """A panorama with all its annotated people per sample, from the folder of the released files.

    split: "train", "val" (the files call it vali) or "test".
    depth: read `depth/<picture>.png` too.

    Heads are the released boxes with sorted corners, not enlarged and in fractions of pixels where
    the files have them. Everybody's target is in the picture. Rows that cannot be right are left
    out with a warning. `keys` names the samples: the picture's path.
    """

    def __init__(
        self, root: Path, split: Literal["train", "val", "test"], *, depth: bool = False
    ) -> None:
        if split not in FILES:
            raise ValueError(
                f"GazeFollow360 has no split {split!r}; known are {', '.join(FILES)}."
            )
        self.root, self.depth, self.index = Path(root), depth, FILES[split]
        rows = read_rows(self.root, split)
        if rows.broken:
            warnings.warn(
                f"{len(rows.broken)} rows are left out; the first: {rows.broken[0]}. "
                f"`sightline data check gazefollow360 {self.root}` shows more.",
                stacklevel=2,
            )
        if not len(rows):
            raise ValueError(f"The split {split!r} of {self.root} is empty; give a larger set.")
        # Arrays, not lists of objects: worker processes share them until they write.
        self.keys, picture, people = np.unique(rows.paths, return_inverse=True, return_counts=True)
        rows = rows[np.argsort(picture, kind="stable")]
        self.ends = people.cumsum()
        self.numbers = rows.numbers
        self.heads = torch.from_numpy(rows.heads)
        self.points = torch.from_numpy(rows.gaze)

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.keys)

    def __getitem__(self, index: int) -> Scene:
        """A panorama with its people, in the order of the file.

        `ImageError` names a picture that is missing or broken and the row that asks for it.
        """
        key = str(self.keys[index])
        start = int(self.ends[index - 1]) if index else 0
        people = list(range(start, int(self.ends[index])))  # copies; a view takes everybody along
        try:
            # as the released code sees it
            image = read_image(self.root / PICTURES / key, upright=False)
        except ImageError as error:
            raise ImageError(f"{self.index}: row {self.numbers[start]}: {error}") from error
        points = to_pixels(self.points[people], (image.shape[2], image.shape[1]))
        return Scene(
            image=image,
            heads=self.heads[people],
            depth=read_depth_of(image, depth_path(self.root, key)) if self.depth else None,
            truth=Truth(points[:, None], torch.ones(len(people))),
            projection="equirectangular",
            key=key,
        )
