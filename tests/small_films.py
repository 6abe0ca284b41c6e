"""Small films for tests, made with PyAV."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

UNIT = Fraction(1, 1000)


def grey_of(index: int) -> int:
    """The grey that picture `index` of a test film has; neighbours differ clearly."""
    return 20 + index * 37 % 200


def write_film(
    path: Path,
    stamps: Sequence[int] = range(0, 400, 40),
    *,
    size: tuple[int, int] = (64, 48),
    codec: str = "mpeg4",
    **options: str,
) -> Path:
    """Write a film of plain grey pictures at times in milliseconds."""
    width, height = size
    with av.open(str(path), "w") as film:
        stream = film.add_stream(codec, rate=25, options=options, time_base=UNIT)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index, stamp in enumerate(stamps):
            pixels = np.full((height, width, 3), grey_of(index), np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = stamp, UNIT
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


def packets_of(path: Path) -> list[tuple[int, int, int]]:
    """Stamp, position in the file and length of each packet."""
    with av.open(str(path)) as film:
        return [(p.pts, p.pos, p.size) for p in film.demux(video=0) if p.size]


def ruin(path: Path, packets: Sequence[int]) -> list[int]:
    """Overwrite some packets (by their place in the file); gives their stamps."""
    content, places = bytearray(path.read_bytes()), packets_of(path)
    for number in packets:
        _, position, length = places[number]
        content[position : position + length] = bytes(length)
    path.write_bytes(content)
    return [places[number][0] for number in packets]
