"""Films to files: H.264 in MP4 that browsers play, with the time stamps that are given."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from sightline.media.film import FilmError, require_av

av = require_av()  # first, for its message

from sightline.media.container import opened  # noqa: E402

TICK = Fraction(1, 90000)
"""Seconds between the times that a written film can hold."""

MP4 = {"format": "mp4", "options": {"movflags": "faststart"}}  # plays before it is loaded whole
X264 = {"preset": "veryfast", "crf": "23", "bf": "0"}  # no B-frames, so that parts can be joined


class FilmWriter:
    """Writes a film picture by picture; it appears, complete, under its name when it is closed.

    A width or height that is odd is made even by repeating the last column or row, as H.264 needs
    it; nothing is scaled. Colours are BT.709 and tagged so. Leaving the `with` block of a film that
    is not closed removes it. Raises `OSError` when the file cannot be written.
    """

    def __init__(self, path: str | Path, size: tuple[int, int]) -> None:
        """Begin a film of pictures of a size (width, height)."""
        self.path, self.size = Path(path), size
        self._unfinished = unfinished(self.path)
        self._last: int | None = None
        self._held: Any = None  # a packet is held back until the next tells its duration
        try:
            av.codec.Codec("libx264", "w")
        except ValueError as error:
            raise ValueError(
                f"{path}: this PyAV has no libx264 to write H.264 with; the package that "
                "`pip install --force-reinstall av` installs has it."
            ) from error
        with writing(self.path):
            self._unfinished.touch()  # PyAV would find out at the first picture only
            self._container = av.open(f"file:{self._unfinished}", "w", **MP4)
        self._stream = self._container.add_stream("libx264", options=X264)
        self._stream.width, self._stream.height = (side + side % 2 for side in size)
        context = self._stream.codec_context
        context.time_base = TICK
        context.colorspace = context.color_primaries = context.color_trc = 1  # BT.709
        context.color_range = 1  # black is 16, white is 235
        self._reformatter = av.video.reformatter.VideoReformatter()

    def write(self, image: Tensor, time: float) -> None:
        """Add a picture (3, H, W) uint8 RGB, shown from `time` on; seconds that rise."""
        width, height = self.size
        if image.dtype != torch.uint8 or image.shape != (3, height, width):
            raise ValueError(
                f"{self.path}: give uint8 pictures of shape (3, {height}, {width}), "
                f"not {tuple(image.shape)}."
            )
        stamp = self._stamp(time)
        frame = av.VideoFrame.from_numpy_buffer(even(image.cpu()).numpy(), format="rgb24")
        frame = self._reformatter.reformat(
            frame, format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG"
        )
        frame.pts, frame.time_base = stamp, TICK
        with writing(self.path):
            self._mux(self._stream.encode(frame))
        self._last = stamp

    def close(self, end: float) -> None:
        """Finish the film, whose last picture is shown until `end`, and give it its name."""
        if self._last is None:
            raise ValueError(f"{self.path}: a film needs at least one picture.")
        stop = self._stamp(end)
        with writing(self.path):
            self._mux(self._stream.encode(None))
            self._held.duration = stop - self._held.pts
            self._container.mux(self._held)
            self._container.close()
            self._unfinished.replace(self.path)

    def abort(self) -> None:
        """Give the film up and remove what there is of it; after `close`, do nothing."""
        with suppress(av.error.FFmpegError):
            self._container.close()
        self._unfinished.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()

    def _stamp(self, time: float) -> int:
        stamp = round(time / TICK)
        if self._last is not None and stamp <= self._last:
            last = float(self._last * TICK)
            raise ValueError(f"{self.path}: time {time} s comes after {last} s; times must rise.")
        return stamp

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            if self._held is not None:
                self._held.duration = packet.pts - self._held.pts
                self._container.mux(self._held)
            self._held = packet


def join_films(parts: Sequence[tuple[str | Path, float]], path: str | Path) -> None:
    """Join films that `FilmWriter` wrote into one, without encoding them again.

    `parts` are files and the seconds to add to their times, in order; the last picture of a part is
    shown until the next part begins. The joined film appears complete or not at all. Raises
    `FilmError` when a part cannot be read or joined, `OSError` when the film cannot be written.
    """
    path = Path(path)
    try:
        with writing(path):
            unfinished(path).touch()
            with av.open(f"file:{unfinished(path)}", "w", **MP4) as joined:
                stream = None
                for packet in shifted(parts):
                    if stream is None:
                        stream = joined.add_stream_from_template(packet.stream, opaque=True)
                    packet.stream = stream
                    joined.mux(packet)
            unfinished(path).replace(path)
    finally:
        unfinished(path).unlink(missing_ok=True)


def shifted(parts: Sequence[tuple[str | Path, float]]) -> Iterator[Any]:
    """The packets of films one after the other, their times put later."""
    latest, kind = -math.inf, None
    for part, offset in parts:
        with opened(str(part)) as (container, stream):
            coding = stream.time_base, stream.codec_context.extradata
            if kind not in (None, coding):
                raise FilmError(f"{part}: it differs in size or coding from the parts before it.")
            kind = coding
            for packet in container.demux(stream):
                if packet.pts is None:  # the end
                    continue
                assert stream.time_base is not None
                packet.pts = packet.dts = packet.pts + round(offset / stream.time_base)
                if packet.pts <= latest:
                    raise FilmError(f"{part}: it begins before the part in front of it ends.")
                latest = packet.pts
                yield packet


def even(image: Tensor) -> Tensor:
    """The picture as (H, W, 3), each pixel's colours side by side, odd sides made even."""
    pixels = image.permute(1, 2, 0)
    if pixels.shape[0] % 2:
        pixels = torch.cat([pixels, pixels[-1:]])
    if pixels.shape[1] % 2:
        pixels = torch.cat([pixels, pixels[:, -1:]], 1)
    return pixels.contiguous()


def unfinished(path: Path) -> Path:
    """Where a film is until it is complete."""
    return path.with_name(f".{path.name}.unfinished")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell an `OSError` in one sentence that names the file or folder."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.strerror is None:
            raise  # told already
        reason = (error.strerror or str(error)).lower()
        told = OSError(f"{path} cannot be written: {reason}.")
        told.errno = error.errno  # by which a full disk is told from others
        raise told from error
