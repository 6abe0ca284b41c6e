"""Films as pictures with their times: files, folders of pictures, cameras and streams."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Self

from torch import Tensor

from sightline.media.faults import Faults
from sightline.media.image import SUFFIXES as PICTURES
from sightline.media.image import ImageError, find_images, read_image, read_xmp
from sightline.media.projection import Choice, declared_in, settle_projection
from sightline.media.sources import find_files
from sightline.scene import Projection

# fmt: off
SUFFIXES = (
    ".mp4", ".m4v", ".mov", ".qt", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".m2v", ".ts", ".mts",
    ".m2ts", ".vob", ".wmv", ".asf", ".flv", ".f4v", ".3gp", ".3g2", ".ogv", ".mxf", ".dv",
    ".mjpeg", ".mjpg", ".h264", ".264", ".h265", ".265", ".hevc",
)
# fmt: on
"""File name endings of films, in small or capital letters."""

MICROSECOND = 1e-6
"""Times that differ by less are the same, so that a time read from a table finds its picture."""


class FilmError(ValueError):
    """A source that cannot be read as a film; the message names it and the reason."""


@dataclass
class Frame:
    """One picture of a film."""

    image: Tensor
    """(3, H, W) uint8 RGB, upright; in memory as `read_image` gives it."""
    index: int
    """0-based number of the picture in the film, in order of display."""
    time: float
    """Seconds from the film's first picture, by the media clock."""
    name: str = ""
    """Path of the picture, in folders of pictures."""
    projection: Projection = "perspective"


@dataclass
class Picture:
    """A picture whose place in the film is known, and that is made only if it is wanted."""

    index: int
    time: float
    read: Callable[[], Tensor | None]
    """The pixels as in `Frame.image`; None where they turn out damaged, which `read` notes."""
    name: str = ""


@dataclass(kw_only=True)
class Film(ABC):
    """A film that is open for reading; use it in a `with` block."""

    source: str
    size: tuple[int, int]
    """Width and height of the upright pictures."""
    rate: float | None
    """Mean pictures per second, as far as known."""
    duration: float | None
    """Seconds to the end of the last picture, as far as the source says; None for live sources."""
    frames_expected: int | None
    """How many pictures there should be, as far as the source says; None for live sources."""
    live: bool = False
    declared: str = ""
    """The projection that the metadata name."""
    projection: Projection = "perspective"
    notes: Faults = field(default_factory=Faults)
    resources: ExitStack = field(default_factory=ExitStack)

    @property
    def faults(self) -> list[str]:
        """Sentences on what was damaged in what has been read so far; the last may still grow."""
        return self.notes.sentences()

    def take_as(self, choice: Choice) -> str:
        """Settle the projection of all pictures; returns what users should know of it.

        What is live is a panorama only if that is asked for. Raises as `settle_projection`.
        """
        if self.live and choice == "auto":
            return ""
        self.projection, note = settle_projection(self.source, self.size, choice, self.declared)
        return note

    def frames(
        self,
        *,
        start: float = 0,
        end: float | None = None,
        stride: int = 1,
        fps: float | None = None,
    ) -> Iterator[Frame]:
        """The pictures with start <= time < end, in seconds, in order of display.

        `stride` takes the pictures whose index it divides; `fps` takes the first picture at or
        after each multiple of 1/fps seconds. What is taken does not depend on `start`: reading on
        from a picture's time gives what reading on would have given. A live source is read once.
        """
        check_choice(start, end, stride, fps)
        return self._chosen(start, math.inf if end is None else end, stride, fps)

    def _chosen(self, start: float, end: float, stride: int, fps: float | None) -> Iterator[Frame]:
        slot = -1
        for picture in self._pictures(start):
            if picture.time >= end - MICROSECOND:
                return
            if fps is None:
                taken = picture.index % stride == 0
            else:
                before, slot = slot, math.floor((picture.time + MICROSECOND) * fps)
                taken = slot > before
            if taken and picture.time >= start - MICROSECOND:
                image = picture.read()
                if image is not None:
                    yield Frame(image, picture.index, picture.time, picture.name, self.projection)

    @abstractmethod
    def _pictures(self, start: float) -> Iterator[Picture]:
        """The pictures in order, from the last one before `start` on at the latest."""

    def close(self) -> None:
        """Let go of a live source; files are open only while they are read."""
        self.resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def check_choice(
    start: float = 0, end: float | None = None, stride: int = 1, fps: float | None = None
) -> None:
    """Raise `ValueError` for a choice of pictures that `Film.frames` cannot make."""
    until = math.inf if end is None else end
    if not (0 <= start < until and math.isfinite(start)):  # nor NaN
        raise ValueError(f"start {start} and end {end}: give 0 <= start < end, in seconds.")
    if stride < 1:
        raise ValueError(f"stride {stride}: give 1 for every picture, 2 for every other.")
    if fps is not None and not 0 < fps < math.inf:
        raise ValueError(f"fps {fps}: give the pictures per second to take, more than 0.")
    if stride > 1 and fps is not None:
        raise ValueError("Give stride or fps, not both.")


def open_film(source: str | Path | int, *, rate: float = 25.0) -> Film:
    """Open a film file, a folder of pictures, a camera (`0`, `camera:0`) or a stream's URL.

    `rate` is the pictures per second of a folder, whose files carry no times. Raises `FilmError`
    when there is nothing to see, `FileNotFoundError`, and `ImportError` when a package is missing.
    """
    source = str(source) if isinstance(source, int) else source
    if Path(source).is_dir():
        return FolderFilm.open(Path(source), rate)
    if (number := camera_number(source)) is not None:
        from sightline.media.camera import CameraFilm

        return CameraFilm.open(number)
    require_source(source)
    require_av()
    from sightline.media.container import ContainerFilm

    return ContainerFilm.open(str(source))


def require_source(source: str | Path) -> None:
    """Raise `FileNotFoundError` for a path at which there is nothing."""
    if not (is_url(source) or camera_number(source) is not None or Path(source).exists()):
        raise FileNotFoundError(f"{source}: there is no such file or folder; check the path.")


def is_film(source: str | Path) -> bool:
    """Whether to read a source as a film: a camera, a URL, a film's file; a folder is not.

    A file of unknown ending is opened to see whether there are moving pictures in it.
    """
    path = Path(source)
    if path.is_dir():
        return False
    if is_url(source) or camera_number(source) is not None or path.suffix.lower() in SUFFIXES:
        return True
    if path.suffix.lower() in PICTURES or not path.is_file():
        return False
    try:
        require_av()
        from sightline.media.container import holds_film

        return holds_film(path)
    except ImportError:
        return False


def find_films(source: str | Path) -> list[str]:
    """The films that a source stands for: itself, or those in a folder or of a glob pattern."""
    there = Path(source).is_file()
    if not there and (found := find_files(source, SUFFIXES)):
        return [str(path) for path in found]
    return [str(source)] if is_film(source) else []


def is_url(source: str | Path) -> bool:
    """Whether a source is an address such as rtsp://camera/1, not a path."""
    return isinstance(source, str) and re.match(r"[a-z][a-z0-9+]+://", source) is not None


def camera_number(source: str | Path) -> int | None:
    """3 for `3` or `camera:3`, unless a file has that name."""
    found = re.fullmatch(r"(?:camera:)?(\d+)", str(source))
    return int(found[1]) if found and not Path(source).exists() else None


def require_av() -> Any:
    """PyAV; an `ImportError` that says how to get it when missing."""
    try:
        return import_module("av")
    except ImportError as error:
        raise ImportError("Films need PyAV: run `pip install 'sightline[video]'`.") from error


@dataclass(kw_only=True)
class FolderFilm(Film):
    """The pictures of a folder as a film, 2.jpg before 10.jpg; times are index / rate."""

    paths: list[Path]
    pace: float

    @classmethod
    def open(cls, folder: Path, rate: float) -> Self:
        """Find the pictures; the first that can be read gives the film's size."""
        if not 0 < rate < math.inf:
            raise ValueError(f"rate {rate}: give the pictures per second of {folder}.")
        paths = find_images(folder)
        for path in paths:
            try:
                _, height, width = read_image(path).shape
            except ImageError:
                continue
            return cls(
                source=str(folder),
                size=(width, height),
                declared=declared_in(read_xmp(path)),
                rate=rate,
                duration=len(paths) / rate,
                frames_expected=len(paths),
                paths=paths,
                pace=rate,
            )
        raise FilmError(f"{folder}: none of its {len(paths)} pictures can be read.")

    def _pictures(self, start: float) -> Iterator[Picture]:
        self.notes.begin()
        before = max(0, math.floor(start * self.pace) - 1)
        for index, path in enumerate(self.paths[before:], start=before):
            yield Picture(index, index / self.pace, partial(self._read, path), str(path))

    def _read(self, path: Path) -> Tensor | None:
        try:
            image = read_image(path)
        except ImageError as error:
            return self.notes.tell(f"{error} It is left out.")
        size = image.shape[-1], image.shape[-2]
        if size != self.size:
            return self.notes.tell(
                f"{path}: the picture is {size[0]}x{size[1]}, the film {self.size[0]}x"
                f"{self.size[1]}. It is left out."
            )
        return image
