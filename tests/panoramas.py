"""Small panoramas for tests, and metadata that declare them."""

import math
import struct
from pathlib import Path

import torch
from torch import Tensor

from sightline.geometry.panorama import cell_points
from sightline.geometry.sphere import great_circle, to_rays


def with_discs(
    discs: list[tuple[float, float, float, tuple[int, int, int]]], width: int = 512
) -> Tensor:
    """A black panorama with coloured discs: u, v, degrees across, colour."""
    rays = to_rays(cell_points(width // 2, width))
    picture = torch.zeros(3, width // 2, width, dtype=torch.uint8)
    for u, v, degrees, colour in discs:
        seen = great_circle(rays, to_rays(torch.tensor([[[u, v]]]))) < math.radians(degrees / 2)
        picture = torch.where(seen, torch.tensor(colour, dtype=torch.uint8)[:, None, None], picture)
    return picture


def gpano(**properties: object) -> bytes:
    """XMP metadata with these properties of Google's Photo Sphere."""
    given = " ".join(f'GPano:{name}="{value}"' for name, value in properties.items())
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description '
        f'xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" {given}/></rdf:RDF></x:xmpmeta>'
    ).encode()


def declare_spherical(film: Path) -> None:
    """Declare an MP4, whose header is at its end, as a panorama: Google's Spherical Video V1."""
    names = ("Spherical", "Stitched", "StitchingSoftware", "ProjectionType")
    values = ("true", "true", "none", "equirectangular")
    inner = "".join(
        f"<GSpherical:{n}>{v}</GSpherical:{n}>" for n, v in zip(names, values, strict=True)
    )
    text = f'<?xml version="1.0"?><rdf:SphericalVideo>{inner}</rdf:SphericalVideo>'.encode()
    identity = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")
    box = struct.pack(">I", 24 + len(text)) + b"uuid" + identity + text
    content = bytearray(film.read_bytes())
    end = 0
    for name in (b"moov", b"trak"):
        start = content.index(name) - 4
        length = int.from_bytes(content[start : start + 4], "big")
        content[start : start + 4] = struct.pack(">I", length + len(box))
        end = start + length
    content[end:end] = box
    film.write_bytes(content)
