"""GazeFollow360 (Li et al. 2021): people in panoramas and what they look at."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from torch.utils.data import Dataset

from sightline.datasets.gazefollow360_index import FILES, read_rows
from sightline.datasets.groups import by_name, rows_of
from sightline.datasets.pictures import depth_path
from sightline.datasets.report import warn_left_out
from sightline.datasets.splits import empty_split, require_split
from sightline.geometry.boxes import to_pixels
from sightline.media.image import ImageError, read_depth_of, read_image
from sightline.scene import Projection, Scene, Truth

PICTURES = "all the videos"


class GazeFollow360(Dataset[Scene]):
    """A panorama with all its annotated people per sample, from the folder of the released files.

    split: "train", "val" (the files call it vali) or "test".
    depth: read `depth/<picture>.png` too.

    Heads are the released boxes with sorted corners, not enlarged and in fractions of pixels where
    the files have them. Everybody's target is in the picture. Rows that cannot be right are left
    out with a warning. `keys` names the samples: the picture's path.
    """

    projection: Projection = "equirectangular"

    def __init__(
        self, root: Path, split: Literal["train", "val", "test"], *, depth: bool = False
    ) -> None:
        require_split("GazeFollow360", split, FILES)
        self.root, self.depth, self.index = Path(root), depth, FILES[split]
        rows = read_rows(self.root, split)
        warn_left_out(rows.broken, "rows", f"gazefollow360 {self.root}")
        if not len(rows):
            raise empty_split(split, self.root)
        # Arrays, not lists of objects: worker processes share them until they write.
        self.keys, order, self.ends = by_name(rows.paths)
        rows = rows[order]
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
        people = rows_of(self.ends, index)
        try:
            image = read_image(self.root / PICTURES / key, upright=False)  # as released
        except ImageError as error:
            raise ImageError(f"{self.index}: row {self.numbers[people[0]]}: {error}") from error
        points = to_pixels(self.points[people], (image.shape[2], image.shape[1]))
        return Scene(
            image=image,
            heads=self.heads[people],
            depth=read_depth_of(image, depth_path(self.root, key)) if self.depth else None,
            truth=Truth(points[:, None], torch.ones(len(people))),
            projection=self.projection,
            key=key,
        )
