"""Where the heads and the objects of a film's frames come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sightline.gaze_objects import Method
from sightline.geometry.boxes import to_unit
from sightline.media.detectors import choose_detector
from sightline.media.film import Film, FolderFilm, Frame
from sightline.media.filmheads import read_film_heads
from sightline.media.heads import Heads
from sightline.media.objectfiles import ObjectTable
from sightline.media.panorama_heads import PanoramaDetector
from sightline.media.tracker import Tracker
from sightline.object_sources import choose_objects
from sightline.scene import Objects

HeadSource = Callable[[Frame], Heads]
"""The heads of a frame: with identities from a file, without from a detector."""


@dataclass
class People:
    """Where the heads of a film's frames come from.

    tracker: for heads without identities. note: what users should know of this source.
    settings: what it was made with.
    """

    heads: HeadSource
    tracker: Tracker | None = None
    note: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


def people_of(
    film: Film, heads: str | Path | None, detector: str | None = None, *, first: int | None = None
) -> People:
    """The people in a film by a file of heads, or else by a detector.

    first: the number that the file of heads gives to the first frame.
    """
    panorama = film.projection == "equirectangular"
    if heads is None:
        detect = choose_detector(detector)
        find = PanoramaDetector(detect) if panorama else detect
        return People(
            lambda frame: find(frame.image),
            Tracker(),
            getattr(detect, "note", ""),
            {"detector": type(detect).__name__, **_numbers_and_words(detect)},
        )
    pictures = film.paths if isinstance(film, FolderFilm) else ()
    table = read_film_heads(
        heads, first=first, step=1 / (film.rate or 25.0), pictures=pictures, over_seam=panorama
    )
    guessed = first is None and table.first not in (None, 0, 1)
    return People(
        lambda frame: table.of_frame(frame.index, frame.name, frame.time),
        None if table.tracked else Tracker(),
        f"number {table.first} in {heads} is taken for the film's first frame; say another with "
        "--first-frame"
        if guessed
        else "",
        {"file": str(heads), "first": table.first},
    )


@dataclass
class Things:
    """Where the objects of a film's frames come from, and how the one looked at is chosen.

    seen: whether a frame had some so far; None before the first frame.
    """

    objects: Callable[[Frame], Objects] | None = None
    method: Method | None = None
    seen: bool | None = None

    def within(self, frame: Frame) -> Objects | None:
        """The objects of a frame on the unit square, if there is a source of them."""
        if self.objects is None:
            return None
        found, (height, width) = self.objects(frame), frame.image.shape[1:]
        self.seen = bool(self.seen) or len(found) > 0
        return replace(found, boxes=to_unit(found.boxes.float(), (width, height)))


def objects_of(
    film: Film,
    spec: str | Path | None,
    *,
    method: Method | None,
    first: int | None = None,
    device: str = "cpu",
) -> Things:
    """The objects in a film by a file or detector of `choose_objects`; nothing without a `spec`.

    first: the number that a file of objects gives to the first frame.
    """
    if spec is None:
        return Things(method=method)
    if film.projection != "perspective":
        raise ValueError(f"{film.source}: objects are looked at in ordinary films only; give none.")
    source = choose_objects(spec, device=device)
    if isinstance(source, ObjectTable):
        return Things(lambda frame: source.of_frame(frame.index, frame.name, first=first), method)
    return Things(lambda frame: source(Path(frame.name), frame.image), method)


def _numbers_and_words(detector: object) -> dict[str, Any]:
    """What a detector was made with: thresholds, labels, files."""
    settings = {k: str(v) if isinstance(v, Path) else v for k, v in vars(detector).items()}
    return {k: v for k, v in settings.items() if isinstance(v, str | int | float)}
