"""GOO (Tomas et al. 2021): a person before shelves, who looks at one of many products."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from sightline.datasets.goo_layout import Pictures, find_annotations, read_annotations
from sightline.datasets.goo_records import GooRecords
from sightline.datasets.report import warn_left_out
from sightline.datasets.splits import Split, held_out_pictures, released_part
from sightline.geometry.boxes import areas
from sightline.goo_classes import GOO_CLASSES
from sightline.scene import Objects, Scene, Truth

FRAME = (640, 480)
"""Width and height that all coordinates refer to, also those of pictures of 1920 x 1080."""


class GOOSynth(Dataset[Scene]):
    """Rendered shelves, a person per sample, from the folder that holds `goosynth` or is it.

    split: "trainval" is the released training part; "val" is about 5 % of its pictures, fixed by a
    checksum of their paths, and "train" is the rest. The published codes pick the epoch on the test
    set: we do not.

    Coordinates are scaled from the released frame of 640 x 480 to the picture. The annotated head
    is in `heads` and, as in the release, the last of `objects`; boxes without an area or wholly
    outside the picture are left out, and a head without an area is a NaN row. An object that
    cannot be seen is no `gaze_object` (-1); the gaze point is given nevertheless. Records that
    break the schema are left out, with a warning, and so are those without gaze. `keys` are the
    paths of the pictures. `data convert` makes files that are read in place of the pickles and,
    several times faster, of the pictures.
    """

    name: ClassVar[str] = "goo-synth"
    with_gaze: ClassVar[bool] = True

    def __init__(self, root: Path, split: Split, *, depth: bool = False) -> None:
        part = released_part("GOO", split)
        if depth:
            raise ValueError("GOO has no depth maps; take a model that reads none.")
        self.file = find_annotations(Path(root), self.name, part)
        self.pictures = Pictures(Path(root), self.name, part)
        records = self._usable(read_annotations(self.file))
        keys = np.array([f"{self.pictures.prefix}/{name}" for name in records.files.tolist()])
        if split in ("train", "val"):
            kept = held_out_pictures(keys) == (split == "val")
            records, keys = records[kept], keys[kept]
        if not len(records):
            raise ValueError(
                f"The split {split!r} of {root} has no records of use; give a larger set, or of "
                "GOO-Real without gaze take goo-real-objects."
            )
        self.records, self.keys = records, _distinct(keys, records.numbers)

    def _usable(self, records: GooRecords) -> GooRecords:
        warn_left_out(records.broken, "records", f"{self.name} FOLDER", stacklevel=4)
        if self.with_gaze and not records.labelled.all():
            count = (~records.labelled).sum()
            warnings.warn(
                f"{self.file.name}: {count} records without gaze are left out. "
                f"`sightline data check {self.name} FOLDER` shows more.",
                stacklevel=3,
            )
            records = records[records.labelled]
        return records

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.keys)

    def __getitem__(self, index: int) -> Scene:
        """A picture with its person and products; `ImageError` names a missing or broken file."""
        return self._scene(index, self.pictures.read(str(self.records.files[index])))

    def outline(self, index: int) -> Scene:
        """The same without pixels: a blank picture of the size that the file's header gives."""
        return self._scene(index, self.pictures.blank(str(self.records.files[index])))

    def path(self, index: int) -> Path:
        """Where the picture of a sample lies."""
        return self.pictures.folder / str(self.records.files[index])

    def _scene(self, index: int, image: Tensor) -> Scene:
        records, size = self.records, (image.shape[2], image.shape[1])
        rows = slice(records.starts[index], records.ends[index])
        boxes = _scaled(records.boxes[rows], size)
        kept = visible(boxes, size)
        labels = torch.from_numpy(records.labels[rows].astype(np.int64))[kept]
        head = boxes[-1:].where(areas(boxes[-1:])[:, None] > 0, torch.nan)
        eyes = _scaled(records.eyes[[index]], size)
        truth = self._truth(index, kept, size) if self.with_gaze else None
        objects = Objects(boxes[kept], labels, torch.ones(len(labels)), GOO_CLASSES)
        key = str(self.keys[index])
        return Scene(image, head, objects=objects, truth=truth, key=key, eyes=eyes)

    def _truth(self, index: int, kept: Tensor, size: tuple[int, int]) -> Truth:
        point = _scaled(self.records.gaze[[index]], size)
        row = int(self.records.gaze_rows[index])
        hidden = self.records.occluded[index] == 1 or row in (-1, len(kept) - 1) or not kept[row]
        chosen = -1 if hidden else int(kept[:row].sum())
        inside = torch.where(point.isnan().any(dim=1), torch.nan, 1.0)
        return Truth(point[:, None], inside, gaze_object=torch.tensor([chosen]))


class GOOReal(GOOSynth):
    """Photographs of shelves, split as GaTector (Wang et al. 2022) does: 3,609 and 904 pictures.

    From the folder that holds `gooreal` or is it; otherwise as `GOOSynth`.
    """

    name = "goo-real"


class GOORealOneShot(GOOSynth):
    """GOO's own split for learning from one example each: 2,451 and 2,156 pictures.

    From the folder that holds `gooreal-oneshot` or is it. There, one pickle has "oneshot" in its
    name and one "test", and the pictures of both are in `images`.
    """

    name = "goo-real-oneshot"


class GOORealObjects(GOOReal):
    """The boxes of the same pictures without truth about gaze, for training detectors.

    Records without gaze are not left out.
    """

    with_gaze = False


def visible(boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """(K,) which boxes have an area and reach into a picture of `size` (W, H)."""
    within = (boxes[:, 2:] > 0) & (boxes[:, :2] < torch.tensor(size))
    return (areas(boxes) > 0) & within.all(dim=1)


def _scaled(frame: np.ndarray, size: tuple[int, int]) -> Tensor:
    """Coordinates (..., 2) or (..., 4) of the released frame as pixels of a picture of `size`."""
    scale = torch.tensor([size[0] / FRAME[0], size[1] / FRAME[1]] * (frame.shape[-1] // 2))
    return torch.from_numpy(frame) * scale


def _distinct(keys: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Keys, with the number of the record where the same picture is in several."""
    _, place, count = np.unique(keys, return_inverse=True, return_counts=True)
    repeated = count[place] > 1
    named = zip(keys.tolist(), numbers.tolist(), repeated.tolist(), strict=True)
    return np.array([f"{key}#{number}" if again else key for key, number, again in named])
