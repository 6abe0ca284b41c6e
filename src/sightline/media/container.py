"""Film files and streams, read by PyAV."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Self

import av
import av.error as errors
import av.logging
import torch
from av.container import InputContainer
from av.packet import Packet
from av.sidedata.sidedata import Type
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, VideoReformatter
from av.video.stream import VideoStream
from torch import Tensor

from sightline.media.clock import Clock
from sightline.media.film import MICROSECOND, Film, FilmError, Picture, is_url

PROJECTIONS = (  # of FFmpeg, in the order of its enumeration
    "equirectangular",
    "a cube map",
    "a part of a panorama",
    "half a panorama",
    "rectilinear",
    "a fisheye picture",
)
PATIENCE = 10.0  # seconds until a stream that sends nothing counts as ended

# torchvision before 0.26, imported above, turns PyAV's log on: closing a film would then deadlock.
av.logging.set_level(None)


@dataclass(kw_only=True)
class ContainerFilm(Film):
    """A film in a file, or a stream from a URL.

    Colours are converted as the film is tagged. Untagged films are taken as players take them:
    BT.709 in HD, else BT.601.
    """

    zero: int | None = None
    """The stamp of the first picture; None in films without stamps."""
    whole: float | None = None
    """The duration, where it is certain to be that of the pictures."""
    reader: Iterator[Picture] | None = None
    """Of a live source, whose first picture has been read."""
    opening: list[str] = field(default_factory=list)
    """Faults that were met on opening."""

    @classmethod
    def open(cls, source: str) -> Self:
        """Read the header and the first picture; raises `FilmError`."""
        film = cls(source=source, size=(0, 0), rate=None, duration=None, frames_expected=None)
        reader = film._read(0)
        first = next(reader, None)
        if first is None:
            raise FilmError(f"{source}: not one picture of the film can be decoded.")
        film.opening = film.faults
        if film.live:
            film.reader = chain([first], reader)
            film.resources.callback(reader.close)
        else:
            reader.close()
        return film

    def _pictures(self, start: float) -> Iterator[Picture]:
        if self.reader is not None:
            return self.reader
        self.notes.begin(self.opening)
        return self._read(start)

    def _read(self, start: float) -> Generator[Picture]:
        """The pictures from the last key frame before `start` on, or earlier."""
        with opened(self.source) as (container, stream):
            rate = stream.average_rate or stream.guessed_rate
            step = 1 / float(rate or 25)
            clock = Clock(stream.time_base or Fraction(1), step, self.notes, self.zero)
            packets = self._packets(container, stream, clock)
            if start > 0 and self.zero is not None:
                packets = skip(packets, clock, start)
            reformatter = VideoReformatter()
            for frame in decoded(packets, stream):
                if clock.floor is not None and frame.pts is not None and frame.pts < clock.floor:
                    continue
                index, time = clock.place(frame.pts)
                if self.size == (0, 0):
                    self._learn(container, stream, frame)
                if frame.is_corrupt:
                    self.notes.note("came damaged", time)
                if upright_size(frame) != self.size:
                    self.notes.note("came in another size and was scaled", time)
                yield Picture(index, time, partial(to_rgb, frame, self.size, reformatter))
            clock.lose()
            self._check_end(clock.end, step)

    def _packets(
        self, container: InputContainer, stream: VideoStream, clock: Clock
    ) -> Iterator[Packet]:
        """The packets, announced to the clock, until the end or until reading fails."""
        try:
            for packet in container.demux(stream):
                if packet.pts is not None and not packet.is_discard:
                    clock.announce(packet)
                yield packet
        except (errors.FFmpegError, OSError) as error:
            self.notes.tell(f"Reading stopped at {clock.end:.3f} s: {reason(error)}.")

    def _learn(self, container: InputContainer, stream: VideoStream, frame: VideoFrame) -> None:
        """Take what the header and the first picture say."""
        self.size, self.zero = upright_size(frame), frame.pts
        self.declared = declared_projection(frame)
        rate = stream.average_rate or stream.guessed_rate
        self.rate = float(rate) if rate else None
        if is_url(self.source) and container.duration is None:
            self.live = True
            return
        begin = (frame.pts or 0) * (stream.time_base or 0)
        if stream.duration is not None and stream.time_base is not None:
            end = ((stream.start_time or 0) + stream.duration) * stream.time_base
            self.duration = self.whole = float(end - begin)
        elif container.duration is not None:
            self.duration = (
                (container.start_time or 0) + container.duration
            ) / av.time_base - begin
            certain = len(container.streams) == 1 and not container.start_time  # Matroska counts
            self.whole = self.duration if certain else None  # from 0, whenever the film begins
        self.frames_expected = stream.frames or None
        if self.duration and self.rate and not stream.frames:
            self.frames_expected = round(self.duration * self.rate)

    def _check_end(self, end: float, step: float) -> None:
        """Compare where the pictures end with the header, and believe the pictures."""
        if self.live:
            self.notes.tell(f"The stream ended at {end:.3f} s.")
            return
        short = self.whole is not None and end < self.whole - max(0.5, 2 * step)
        if short:
            self.notes.tell(
                f"The film breaks off at {end:.3f} s; by its header it lasts {self.whole:.3f} s."
            )
        if self.duration is not None and (short or self.whole is None or end > self.duration):
            self.duration = end or self.duration


@contextmanager
def opened(source: str) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its pictures; neither may be touched later (PyAV would crash)."""
    address, timeout = (source, PATIENCE) if is_url(source) else (f"file:{source}", None)
    if not is_url(source) and not Path(source).stat().st_size:
        raise FilmError(f"{source}: the file is empty.")
    try:
        container = av.open(address, timeout=timeout, metadata_errors="replace")
    except (errors.FFmpegError, OSError) as error:
        raise FilmError(f"{source}: {reason(error)}.") from error
    with container:
        moving = (s for s in container.streams.video if not is_cover(s))
        stream = next(moving, None)
        if stream is None or container.format.name == "tty":  # FFmpeg reads any text as a film
            raise FilmError(f"{source}: there are no moving pictures in it.")
        if stream.codec_context is None:
            raise FilmError(
                f"{source}: this PyAV does not know the film's codec; convert the film."
            )
        stream.thread_type = "SLICE" if is_url(source) else "AUTO"  # AUTO delays live pictures
        yield container, stream


def holds_film(path: Path) -> bool:
    """Whether a file can be opened as a film; a single picture is none."""
    try:
        with opened(str(path)) as (container, _):
            return not container.format.name.endswith("_pipe")
    except FilmError:
        return False


def is_cover(stream: VideoStream) -> bool:
    """Whether this is the cover picture of an audio file."""
    return bool(stream.disposition & Disposition.attached_pic)


def skip(packets: Iterator[Packet], clock: Clock, start: float) -> Iterator[Packet]:
    """The packets from the last key frame before `start` on; those before it are counted.

    All packets are read, as only they tell the number of a picture: a film of 20 minutes takes
    0.2 s. Seeking in transport streams would often miss the key frame besides.
    """
    assert clock.zero is not None
    key, target = clock.zero, clock.zero + clock.ticks(start - MICROSECOND)
    group: list[Packet] = []
    for packet in packets:
        if packet.is_keyframe and packet.pts is not None and packet.pts < target:
            group.clear()
            key = packet.pts
        group.append(packet)
        stamp = packet.pts if packet.dts is None else packet.dts
        if stamp is not None and stamp >= target:
            break
    clock.skip(key)
    yield from chain(group, packets)


def decoded(packets: Iterable[Packet], stream: VideoStream) -> Iterator[VideoFrame]:
    """The pictures in order of display; what cannot be decoded is left out."""
    for packet in chain(packets, [None]):  # None gets the last ones, also where reading failed
        try:
            frames = stream.decode(packet)
        except errors.FFmpegError:
            continue
        yield from frames


def to_rgb(frame: VideoFrame, size: tuple[int, int], reformatter: VideoReformatter) -> Tensor:
    """The picture (3, H, W) uint8, upright, of the film's size."""
    turns = quarter_turns(frame)
    rgb = reformatter.reformat(
        frame,
        *(size[::-1] if turns % 2 else size),
        format="rgb24",
        src_colorspace=Colorspace.ITU709 if is_bt709(frame) else None,
        dst_colorspace=Colorspace.ITU601,  # no matter for RGB, but av 15 wants two
    )
    pixels = torch.from_numpy(rgb.to_ndarray()).permute(2, 0, 1)
    return torch.rot90(pixels, turns, (1, 2)) if turns else pixels


def upright_size(frame: VideoFrame) -> tuple[int, int]:
    """Width and height after turning."""
    width, height = frame.width, frame.height
    return (height, width) if quarter_turns(frame) % 2 else (width, height)


def quarter_turns(frame: VideoFrame) -> int:
    """Quarter turns counter-clockwise that make the picture upright, by the film's metadata."""
    return round(frame.rotation / 90) % 4


def declared_projection(frame: VideoFrame) -> str:
    """What the film's spherical metadata call its projection; "" without."""
    mapping: Any = frame.side_data.get(Type.SPHERICAL)  # pyright: ignore - PyAV's own types are wrong
    if mapping is None:
        return ""
    number = int.from_bytes(bytes(mapping)[:4], sys.byteorder)  # struct AVSphericalMapping
    return PROJECTIONS[number] if number < len(PROJECTIONS) else "a picture of another kind"


def is_bt709(frame: VideoFrame) -> bool:
    """Whether the colours are tagged as BT.709, or untagged in HD."""
    untagged = frame.colorspace == 2
    return frame.colorspace == 1 or (untagged and (frame.width >= 1280 or frame.height > 576))


def reason(error: Exception) -> str:
    """What went wrong, in words."""
    match error:
        case errors.InvalidDataError() | errors.EOFError():
            return "this is no film, or its beginning or end is missing"
        case errors.ExitError() | errors.TimeoutError():
            return f"nothing came for {PATIENCE:g} seconds"
        case errors.FFmpegError() | OSError() if error.strerror:
            return error.strerror.lower()
    return str(error)
