"""Pictures and depth maps from files to tensors, pictures to files, and finding them in folders."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import Literal, cast

import numpy as np
import torch
from PIL import ExifTags
from torch import Tensor
from torchvision.io import ImageReadMode, decode_jpeg, encode_jpeg, encode_png, read_file

from sightline.media.decoding import ImageError, opened, sixteen_bits, to_rgb
from sightline.media.sources import find_files

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
"""File name endings that folders and patterns are searched for, in small or capital letters."""

LONGEST_JPEG = 65500
"""Pixels: libjpeg's limit; the encoder of torchvision ends the whole process beyond it."""


def read_image(
    path: str | Path, *, upright: bool = True, transparency: Literal["white", "dropped"] = "white"
) -> Tensor:
    """The picture in a file as a tensor (3, H, W) uint8 RGB, upright as its EXIF tag says.

    `upright` off leaves the picture as it is stored, which is what released annotations refer to.
    Grey becomes RGB, transparency is laid over white or `dropped`, as released codes do, 16 bits
    are scaled to 8, and of an animation the first frame is taken. In memory the colours of a pixel
    lie side by side, as decoders give them: copying them apart costs as much as half the decoding
    and makes resizing three times slower. Raises `ImageError`, also for a file that is cut short.
    """
    with opened(path) as picture:
        # torchvision gives the same pixels of a JPEG as Pillow, sooner (bench_reader.py), and lets
        # other threads run; for a PNG it gains little and drops the transparency.
        if picture.format in ("JPEG", "MPO") and picture.mode in ("RGB", "L"):
            pixels = cast(Tensor, decode_jpeg(read_file(str(path)), ImageReadMode.RGB))
        else:
            pixels = torch.from_numpy(np.array(to_rgb(picture, transparency))).permute(2, 0, 1)
        orientation = picture.getexif().get(ExifTags.Base.Orientation, 1) if upright else 1
        return _upright(pixels, orientation)


def read_depth(path: str | Path) -> Tensor:
    """The depth map in a grey 16-bit or 8-bit picture as (1, H, W) float32 in [0, 1].

    Values are divided by 65535 or 255; there is no other scaling. Raises `ImageError`.
    """
    with opened(path) as picture:
        if picture.mode == "L":
            levels, values = 255, np.asarray(picture)
        elif picture.mode.startswith("I"):
            levels, values = 65535, sixteen_bits(picture)
        else:
            raise ImageError(f"{path}: a depth map is grey, with 8 or 16 bits, not {picture.mode}.")
        return torch.from_numpy(values.astype(np.float32) / levels)[None]


def read_depth_of(image: Tensor, path: str | Path) -> Tensor:
    """The depth map of a picture (3, H, W); also raises ValueError if it is of another size."""
    depth = read_depth(path)
    if depth.shape[1:] != image.shape[1:]:
        raise ValueError(
            f"{path} has (height, width) {tuple(depth.shape[1:])}, its picture "
            f"{tuple(image.shape[1:])}; resize the depth map to the picture."
        )
    return depth


def read_size(path: str | Path) -> tuple[int, int]:
    """Width and height of the picture in a file as it is stored, from its header; `ImageError`."""
    with opened(path) as picture:
        return picture.size


def read_xmp(path: str | Path) -> bytes:
    """The XMP metadata in a picture's file, as they are stored; empty if there are none."""
    with opened(path) as picture:
        return picture.info.get("xmp", b"")


def find_images(source: str | Path) -> list[Path]:
    """The pictures that a file, a folder or a glob pattern stands for, as `find_files` finds them.

    Raises FileNotFoundError when there is none.
    """
    path = Path(source)
    if path.is_file():
        return [path]
    if found := find_files(source, SUFFIXES):
        return found
    if not path.is_dir() and not glob.has_magic(str(source)):
        raise FileNotFoundError(f"{source}: there is no such file or folder; check the path.")
    raise FileNotFoundError(f"{source}: no pictures there; looked for {', '.join(SUFFIXES)}.")


def write_image(path: str | Path, image: Tensor) -> None:
    """Write a picture (3, H, W) uint8 RGB as PNG or JPEG (quality 92), by the file name's ending.

    The file appears complete or not at all; one of that name is replaced. Raises ValueError for
    another ending or kind of tensor, and for a JPEG with a side of more than `LONGEST_JPEG`.
    """
    path = Path(path)
    if image.dtype != torch.uint8 or image.ndim != 3 or image.shape[0] != 3:
        raise ValueError(f"{path}: give a uint8 picture (3, H, W), not {tuple(image.shape)}.")
    if path.suffix.lower() == ".png":
        data = encode_png(image.cpu())
    elif path.suffix.lower() in (".jpg", ".jpeg"):
        height, width = image.shape[1:]
        if max(height, width) > LONGEST_JPEG:
            raise ValueError(
                f"{path}: a JPEG has at most {LONGEST_JPEG} pixels a side, this picture is {width} "
                f"x {height}; make it smaller."
            )
        data = encode_jpeg(image.cpu(), quality=92)
    else:
        raise ValueError(f"{path}: pictures are written as .png, .jpg or .jpeg.")
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(cast(Tensor, data).numpy().tobytes())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _upright(pixels: Tensor, orientation: int) -> Tensor:
    """Undo the EXIF orientation 1 to 8: first the transposition, then the mirrorings."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.mT
    if orientation in (2, 3, 6, 7):
        pixels = pixels.flip(-1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels.flip(-2)
    return pixels
