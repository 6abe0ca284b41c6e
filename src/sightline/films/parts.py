"""The parts of a film's results: what is finished stays finished, whatever happens next.

A part is some hundred frames: their records (.jsonl), their drawings as a film of their own (.mp4),
heads for the sheet of people (.jpg), and last the note (.json) that says that the part is whole.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sightline.draw import draw_gaze
from sightline.films.album import COLUMNS, ROWS, SIDE, Album
from sightline.films.identities import Identities
from sightline.films.record import Record
from sightline.films.seen import Seen
from sightline.media.film import Frame
from sightline.media.film_writer import FilmWriter
from sightline.media.image import read_image, write_image


@dataclass
class Part:
    """The note about a finished part.

    frames: how many. start, newest: when the first and the last of them are shown; end: until when
    the last one is shown; in seconds of the film. last: the film ends with the part.
    memory: the tracker at its end. names: of the tracks whose heads came with one.
    tracks, times: who is in each cell of the strip, and when.
    identities: those it was drawn with; None if it was not drawn.
    faults: what was wrong with frames so far.
    """

    number: int
    frames: int
    start: float
    newest: float
    end: float
    last: bool
    memory: dict[str, Any] | None
    names: dict[str, str]
    tracks: list[int]
    times: list[float]
    size: tuple[int, int]
    identities: dict[str, Any] | None
    faults: list[str]

    def keep(self, folder: Path) -> None:
        """Write the note, all at once."""
        note = _file(folder, self.number, "json")
        temporary = note.with_suffix(".json.part")
        temporary.write_text(json.dumps(asdict(self)), encoding="utf-8")
        temporary.replace(note)

    def records(self, folder: Path) -> Iterator[Record]:
        """What was kept of each frame, in order."""
        with _file(folder, self.number, "jsonl").open(encoding="utf-8") as lines:
            yield from map(Record.from_json, lines)

    def film(self, folder: Path) -> Path:
        """Its drawings."""
        return _file(folder, self.number, "mp4")

    def heads(self, folder: Path) -> tuple[Tensor, ...]:
        """The cells (3, SIDE, SIDE) of the strip."""
        return read_image(_file(folder, self.number, "jpg")).split(SIDE, -1)


def read_parts(folder: Path) -> list[Part]:
    """The finished parts from the first one on; a gap ends them."""
    parts = []
    while (note := _file(folder, len(parts), "json")).exists():
        content = json.loads(note.read_text(encoding="utf-8"))
        parts.append(Part(**content | {"size": tuple(content["size"])}))
    return parts


def _file(folder: Path, number: int, kind: str) -> Path:
    return folder / f"{number:05d}.{kind}"


@dataclass
class Drawn:
    """A frame ready to be kept: its record, and the picture with the gaze drawn on it if wanted."""

    seen: Seen
    record: Record
    picture: Tensor | None


def draw_seen(seen: Iterable[Seen], identities: Identities, *, video: bool) -> Iterator[Drawn]:
    """Make frames ready to be kept."""
    for one in seen:
        record = Record.of(one)
        image = one.frame.image
        picture = draw_record(image, record.corrected(identities)) if video else None
        yield Drawn(one, record, picture)


class PartWriter:
    """Writes the frames of one part as they come."""

    def __init__(self, folder: Path, number: int, identities: Identities) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.number, self.identities = folder, number, identities
        self.album = Album()
        self.names: dict[str, str] = {}
        self.drawing: FilmWriter | None = None
        self.first: Seen | None = None
        self.newest: Seen | None = None
        self.frames = 0
        self.lines = _file(folder, number, "jsonl").open("w", encoding="utf-8")

    def add(self, drawn: Drawn) -> None:
        """Keep a frame."""
        seen, image = drawn.seen, drawn.seen.frame.image
        self.first, self.newest = self.first or seen, seen
        self.frames += 1
        self.lines.write(drawn.record.to_json() + "\n")
        if seen.heads.tracks is not None:
            tracks, time = seen.heads.tracks.tolist(), seen.frame.time
            wraps = seen.frame.projection == "equirectangular"
            self.album.add(image, seen.heads.boxes, tracks, time, wraps=wraps)
            known = zip(tracks, drawn.record.names, strict=True)
            self.names |= {str(track): name for track, name in known if name}
        if drawn.picture is not None:
            if self.drawing is None:
                size = (image.shape[2], image.shape[1])
                self.drawing = FilmWriter(_file(self.folder, self.number, "mp4"), size)
            self.drawing.write(drawn.picture, seen.frame.time - self.first.frame.time)

    def close(self, end: float, *, last: bool, faults: list[str]) -> Part:
        """Finish the part, whose last frame is shown until `end` (seconds of the film)."""
        assert self.first is not None
        assert self.newest is not None
        self.lines.close()
        start, image = self.first.frame.time, self.newest.frame.image
        if self.drawing is not None:
            self.drawing.close(end - start)
        if self.album.tracks:
            write_image(_file(self.folder, self.number, "jpg"), self.album.strip())
        part = Part(
            number=self.number,
            frames=self.frames,
            start=start,
            newest=self.newest.frame.time,
            end=end,
            last=last,
            memory=self.newest.memory,
            names=self.names,
            tracks=self.album.tracks,
            times=self.album.times,
            size=(image.shape[2], image.shape[1]),
            identities=self.identities.to_dict() if self.drawing else None,
            faults=list(faults),
        )
        part.keep(self.folder)
        return part

    def abort(self) -> None:
        """Leave the part unfinished: a run that goes on does it again."""
        with suppress(OSError):  # the disk may be full
            self.lines.close()
        if self.drawing is not None:
            self.drawing.abort()


def redraw(part: Part, folder: Path, frames: Iterable[Frame], identities: Identities) -> None:
    """Draw the `frames` of a part again, with other identities; no network is needed."""
    drawing = FilmWriter(part.film(folder), part.size)
    try:
        for frame, record in zip(frames, part.records(folder), strict=False):
            drawn = draw_record(frame.image, record.corrected(identities))
            drawing.write(drawn, frame.time - part.start)
    except BaseException:
        drawing.abort()
        raise
    drawing.close(part.end - part.start)


def draw_record(image: Tensor, record: Record) -> Tensor:
    """A frame with the gaze of its people; a heatmap of each would flicker."""
    return draw_gaze(image, record.gaze, heatmap=False, names=record.labels)


def album_of(parts: list[Part], folder: Path, identities: Identities) -> dict[int, list[Tensor]]:
    """Up to `COLUMNS` heads, in time, of each of the `ROWS` corrected tracks with the most."""
    places: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for part in parts:
        for cell, (track, time) in enumerate(zip(part.tracks, part.times, strict=True)):
            right = identities.track(track, time)
            if right is not None:
                places[right].append((part.number, cell))
    most = sorted(places, key=lambda track: len(places[track]), reverse=True)[:ROWS]
    whose = {place: track for track in most for place in _spread(places[track])}
    people: dict[int, list[Tensor]] = defaultdict(list)
    for part in parts:
        for cell, head in enumerate(part.heads(folder) if part.tracks else ()):
            if (part.number, cell) in whose:
                people[whose[part.number, cell]].append(head.clone())  # not the strip with it
    return people


def _spread(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Up to `COLUMNS` of them, from the first to the last."""
    chosen = torch.linspace(0, len(places) - 1, min(COLUMNS, len(places))).round().int()
    return [places[index] for index in chosen.tolist()]
