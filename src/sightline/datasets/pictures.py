"""Pictures of the released layouts: where their depth maps lie, and whether they fit the heads."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np

from sightline.datasets.report import Report
from sightline.media.image import ImageError, read_size


def inner_path(name: object) -> str:
    """A picture's name as annotations give it, with slashes; ValueError if it leads elsewhere."""
    if not isinstance(name, str) or not name.strip() or "\n" in name:
        raise ValueError(f"filename is {name!r:.40}, not the name of a picture")
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in str(path).partition("/")[0]:
        raise ValueError(f"filename is {name!r:.40}, which is outside the folder of pictures")
    return str(path)


def depth_path(root: Path, path: str) -> Path:
    """Where the depth map of a picture lies: `depth/`, with the last three letters `png`."""
    return root / "depth" / (path[:-3] + "png")


def check_pictures(
    report: Report,
    part: str,
    *,
    root: Path,
    folder: str = "",
    pictures: list[str],
    heads: np.ndarray,
    places: list[str],
) -> np.ndarray:
    """Compare the header of every picture with the heads in it; the pixels are not decoded.

    pictures: of each of R heads, below `folder` of the dataset's `root`. heads: (R, 4) pixels.
    places: of each head, the file and the line. Gives the width and height (R, 2) of the picture of
    each head, NaN where it cannot be read.
    """
    paths, first, picture = np.unique(pictures, return_index=True, return_inverse=True)
    sizes = np.full((len(paths), 2), np.nan)
    for i, path in enumerate(paths.tolist()):
        try:
            sizes[i] = read_size(root / folder / path)
        except ImageError as error:
            report.problems.append(f"{places[first[i]]}: {error}")
    size, low, high = sizes[picture], heads[:, :2], heads[:, 2:]
    apart = ((high <= 0) | (low >= size)).any(axis=1)
    report.problems += [
        f"{places[i]}: the head box lies outside the picture" for i in np.flatnonzero(apart)
    ]
    report.count(f"{part} pictures", len(paths))
    report.count(f"{part} pictures missing or unreadable", np.isnan(sizes[:, 0]).sum())
    report.count(f"{part} pictures with depth", sum(depth_path(root, p).exists() for p in paths))
    beyond = ((low < 0) | (high > size)).any(axis=1)
    report.count(f"{part} heads reaching outside the picture", beyond.sum())
    return size
