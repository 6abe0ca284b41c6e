"""Where the annotations and pictures of GOO lie, as released and as `data convert` writes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from sightline.datasets.goo_pickles import read_goo_pickle
from sightline.datasets.goo_records import GooRecords, read_records
from sightline.datasets.picture_store import PictureStore
from sightline.datasets.splits import PARTS, Part
from sightline.media.image import read_image, read_size
from sightline.scene import blank_picture


@dataclass(frozen=True)
class Layout:
    """A release: its folder, and in it the pickles of the two parts and their pictures.

    train, test: patterns of which exactly one file must be there. `{part}` in `pictures` stands
    for train or test. published: pictures of the two parts.
    """

    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    pictures: str
    published: tuple[int, int]


LAYOUTS = {
    "goo-synth": Layout(
        "goosynth",
        train=("picklefile/goosynth_train_v2_no_segm.pkl",),
        test=("picklefile/goosynth_test_v2_no_segm.pkl",),
        pictures="{part}/images",
        published=(172_800, 19_200),
    ),
    "goo-real": Layout(
        "gooreal",
        train=("train.pickle",),
        test=("test.pickle",),
        pictures="{part}_data",
        published=(3_609, 904),
    ),
    # The names of GOO's own files are not known to us; they are told apart by a word in them.
    "goo-real-oneshot": Layout(
        "gooreal-oneshot",
        train=("*oneshot*.pickle", "*oneshot*.pkl"),
        test=("*test*.pickle", "*test*.pkl"),
        pictures="images",
        published=(2_451, 2_156),
    ),
}


def part_folder(root: Path, name: str) -> Path:
    """The folder of a release: `root`, or the folder of that release in it."""
    inner = root / LAYOUTS[name].folder
    return inner if inner.is_dir() else root


def converted(folder: Path, name: str, part: Part) -> Path:
    """The file of ours that stands for the pickle of a part."""
    return folder / f"{name}-{part}.safetensors"


def stored_pictures(folder: Path, name: str, part: Part) -> Path:
    """The file of ours that stands for the folder of pictures of a part."""
    return folder / f"{name}-{part}.pictures"


def find_annotations(root: Path, name: str, part: Part) -> Path:
    """The converted file of a part, or its pickle; says what was looked for when there is none."""
    folder, layout = part_folder(root, name), LAYOUTS[name]
    if (file := converted(folder, name, part)).exists():
        return file
    patterns = layout.train if part == "train" else layout.test
    found = sorted({file for pattern in patterns for file in folder.glob(pattern)})
    looked_for = ", ".join((file.name, *patterns))
    if not found:
        raise FileNotFoundError(
            f"{folder} has no annotations of {name} for {part} (looked for {looked_for}); give the "
            f"folder that holds them, or that holds {layout.folder}."
        )
    if len(found) > 1:
        names = ", ".join(file.name for file in found)
        raise ValueError(f"{folder}: {names} may all be {name} for {part}; keep one of them there.")
    return found[0]


def find_parts(root: Path, name: str) -> tuple[dict[Part, Path], list[str]]:
    """The annotations of the parts that are there, and a sentence about each that is not.

    Raises FileNotFoundError when none is.
    """
    found, missing = {}, []
    for part in PARTS:
        try:
            found[part] = find_annotations(root, name, part)
        except FileNotFoundError as error:
            missing.append(error)
    if not found:
        raise missing[0]
    return found, [str(error) for error in missing]


def read_annotations(file: Path) -> GooRecords:
    """The records of a pickle, or of the file of ours that stands for one."""
    return read_records(file) if file.suffix == ".safetensors" else read_goo_pickle(file)


class Pictures:
    """The pictures of a part by the names in its records: stored ones where they are there."""

    def __init__(self, root: Path, name: str, part: Part) -> None:
        folder = part_folder(root, name)
        self.prefix = LAYOUTS[name].pictures.format(part=part)
        self.folder = folder / self.prefix
        store = stored_pictures(folder, name, part)
        self.store = PictureStore(store) if store.exists() else None

    def read(self, name: str) -> Tensor:
        """The picture (3, H, W) as the released code sees it; `ImageError`."""
        if self.store is not None:
            return self.store[name]
        return read_image(self.folder / name, upright=False, transparency="dropped")

    def blank(self, name: str) -> Tensor:
        """A picture of the same size without pixels; takes no memory. `ImageError`."""
        return blank_picture(self.size(name))

    def size(self, name: str) -> tuple[int, int]:
        """Width and height; `ImageError`."""
        if self.store is not None:
            return self.store.size(name)
        return read_size(self.folder / name)
