"""How a picture or film shows the world: asked for, declared by its metadata, or told by its shape.

Panoramas are declared in XMP by Google's Photo Sphere properties (GPano), which most cameras and
stitching programs write.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, TypeAlias

from sightline.media.image import read_xmp
from sightline.scene import Projection

Choice: TypeAlias = Literal["auto", "perspective", "equirectangular"]

LEAST_WIDTH = 512  # pixels: what is smaller is no usable panorama
MOST_XMP = 1 << 20  # bytes: the properties stand at the beginning
PROPERTY = re.compile(rb"(?<!/)GPano:(\w{1,40})\s{0,9}(?:=\s{0,9}[\"']|>)([^\"'<>]{0,40})[\"'<]")
"""A property as an attribute or as an element; nothing is parsed that could expand."""


class ProjectionError(ValueError):
    """A picture that is neither an ordinary one nor a whole panorama."""


def picture_projection(
    path: str | Path, size: tuple[int, int], choice: Choice = "auto"
) -> tuple[Projection, str]:
    """The projection of the picture in a file, and what users should know of the choice.

    size: width and height of the upright picture. Raises as `settle_projection`.
    """
    declared = declared_in(read_xmp(path)) if choice == "auto" else ""
    return settle_projection(path, size, choice, declared)


def declared_in(xmp: bytes) -> str:
    """What XMP metadata call the picture: "equirectangular", or another name; "" for nothing."""
    found = PROPERTY.findall(xmp[:MOST_XMP])
    given = {name.decode(): value.decode("utf-8", "replace").strip() for name, value in found}
    viewer = given.get("UsePanoramaViewer", "").lower() == "true"
    name = given.get("ProjectionType", "equirectangular" if viewer else "").lower()
    for side in ("Width", "Height"):
        part, whole = given.get(f"CroppedAreaImage{side}Pixels"), given.get(f"FullPano{side}Pixels")
        if name == "equirectangular" and None not in (part, whole) and part != whole:
            return "a part of a panorama"
    return name


def settle_projection(
    source: str | Path, size: tuple[int, int], choice: Choice, declared: str
) -> tuple[Projection, str]:
    """The projection by the user's `choice`, what is `declared`, and the shape, in this order.

    Raises ProjectionError for what is declared and neither of the two.
    """
    if choice != "auto":
        return choice, ""
    if declared not in ("", "equirectangular", "rectilinear"):
        raise ProjectionError(
            f"{source}: its metadata call it {declared}, and only whole equirectangular panoramas "
            "are read; convert it, or take it as an ordinary one with --projection perspective."
        )
    width, height = size
    if declared == "equirectangular":
        reason = "its metadata say so"
    elif not declared and width == 2 * height and width >= LEAST_WIDTH:
        reason = "it is exactly twice as wide as high"
    else:
        return "perspective", ""
    return "equirectangular", (
        f"{source}: taken for a panorama because {reason}; say --projection perspective if it is "
        "none."
    )
