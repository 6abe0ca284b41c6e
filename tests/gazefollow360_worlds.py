"""Small folders of GazeFollow360 that tests write to disk."""

from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import savemat

FILES = {"train": "train_data.mat", "val": "vali_data.mat", "test": "test_data.mat"}
BOX, GAZE = [[30, 20], [40, 32]], [0.25, 0.5]


def write_index(
    root: Path,
    split: str,
    paths: list[str],
    boxes: list | None = None,
    targets: list | None = None,
    **changes: object,
) -> Path:
    """The index of a split; `changes` replace or add fields, and None leaves one out."""
    fields = {
        "path": np.array(paths, str),  # written as a matrix of characters, padded with blanks
        "face_box": np.array(boxes or [BOX] * len(paths), float),
        "gaze": np.array(targets or [GAZE] * len(paths), float),
    } | changes
    file = root / "train_vali_test_data" / FILES[split]
    file.parent.mkdir(parents=True, exist_ok=True)
    savemat(file, {name: value for name, value in fields.items() if value is not None})
    return file


def write_panorama(root: Path, path: str, size: tuple[int, int] = (96, 48), seed: int = 0) -> Path:
    """A picture of noise."""
    file = root / "all the videos" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file)
    return file


def write_tiny_gazefollow360(
    root: Path, *, train: int = 6, val: int = 2, test: int = 2, seed: int = 0
) -> Path:
    """All three splits, a picture of one person per row; heads and targets are anywhere."""
    random = np.random.default_rng(seed)
    for split, count in (("train", train), ("val", val), ("test", test)):
        paths = [f"{split} film/{number}.jpg" for number in range(count)]
        low = random.uniform((0, 8), (76, 26), (count, 2))
        boxes = np.stack([low, low + random.uniform(8, 16, (count, 2))], 1)
        write_index(root, split, paths, boxes.tolist(), random.uniform(0, 1, (count, 2)).tolist())
        for path in paths:
            write_panorama(root, path, seed=int(random.integers(1 << 30)))
    return root
