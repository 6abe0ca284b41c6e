"""Pictures by Pillow alone, for what runs without torch; `media.image` builds on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")  # Pillow's others start programs (EPS)


class ImageError(ValueError):
    """A file that cannot be read as a picture; the message names the file and the reason."""


def read_array(path: str | Path) -> np.ndarray:
    """The picture in a file as an array (H, W, 3) uint8 RGB: the pixels of `image.read_image`."""
    with opened(path) as picture:
        return np.array(to_rgb(ImageOps.exif_transpose(picture), "white"))


@contextmanager
def opened(path: str | Path) -> Iterator[Image.Image]:
    """The file opened by Pillow; whatever goes wrong meanwhile is told in one `ImageError`."""
    try:
        with Image.open(path, formats=FORMATS) as picture:
            yield picture
    except ImageError:
        raise
    except Exception as error:  # on damaged files Pillow's decoders raise nearly everything
        raise ImageError(f"{path}: {_reason(error, Path(path))}.") from error


def _reason(error: Exception, path: Path) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case IsADirectoryError():
            return "this is a folder; give a picture"
        case PermissionError():
            return "there is no permission to read it"
        case Image.DecompressionBombError():
            return "it has more pixels than Pillow's limit PIL.Image.MAX_IMAGE_PIXELS allows"
        case Image.UnidentifiedImageError() if path.stat().st_size == 0:
            return "the file is empty"
        case Image.UnidentifiedImageError():
            return f"this is no picture, or not one of {', '.join(FORMATS)}"
    return "the picture is damaged or cut short"


def to_rgb(picture: Image.Image, transparency: str) -> Image.Image:
    """Grey made RGB, 16 bits scaled to 8, transparency laid over "white" or "dropped"."""
    if picture.mode.startswith("I"):
        grey = (sixteen_bits(picture) + 128) // 257  # rounded; Pillow's own conversion clips
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    if picture.mode == "F":
        raise ImageError(f"{_name(picture)}: floating-point pixels; save it with 8 or 16 bits.")
    if transparency == "dropped" or not picture.has_transparency_data:
        return picture.convert("RGB")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")


def sixteen_bits(picture: Image.Image) -> np.ndarray:
    """The values of an integer grey picture (H, W) int32; Pillow may give 16 bits in 32."""
    values = np.asarray(picture).astype(np.int32)
    if values.min() < 0 or values.max() > 65535:
        raise ImageError(f"{_name(picture)}: 32-bit pixels; save it with 8 or 16 bits.")
    return values


def _name(picture: Image.Image) -> str:
    return getattr(picture, "filename", "the picture")
