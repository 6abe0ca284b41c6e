"""The results of a film, in one folder; a run that broke off goes on, corrections need no network.

Of film.mp4 there are

    film.mp4.gaze.mp4          the annotated film, same time stamps
    film.mp4.gaze.csv          the table; on request .parquet too
    film.mp4.gaze.jsonl        one line per frame
    film.mp4.gaze.people.jpg   a few heads of each person
    film.mp4.gaze.run.json     model, weights, settings, versions, command, what was wrong
    film.mp4.gaze.parts/       what these are made from, see `parts`
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from torch import Tensor

from sightline.ahead import ahead
from sightline.films import watch
from sightline.films.album import ROWS, sheet
from sightline.films.identities import Identities
from sightline.films.parts import (
    Drawn,
    Part,
    PartWriter,
    album_of,
    draw_seen,
    read_parts,
    redraw,
)
from sightline.films.record import Record
from sightline.films.seen import Seen
from sightline.media.faults import Faults
from sightline.media.film import Frame
from sightline.media.film_writer import join_films, writing
from sightline.media.image import write_image
from sightline.provenance import describe_run, write_json
from sightline.results import Existing
from sightline.table import Row, append_csv, write_parquet

PICTURES = "number of pictures"
"""What `origin` calls the length of a film that is a folder."""
KINDS = ("mp4", "csv", "parquet", "jsonl", "people.jpg")
AFTER = 2e-6  # seconds: more than times are told apart by, less than between two pictures

Reread = Callable[[float], Iterator[Frame]]
"""The frames of the film again, from that second on."""


class FilmResults:
    """Takes the frames of a film as they come; `finish` makes the results of what was taken.

    Nothing that is there is touched before the first frame comes. Use it in `claimed`.
    name: of the film. origin: what must be the same for a run that goes on (film, model, weights,
    settings). identities: None for those of the earlier run, if there is one. Raises
    FileExistsError as `results.ResultsFolder` does.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        origin: dict[str, Any],
        identities: Identities | None = None,
        video: bool = True,
        existing: Existing = "refuse",
    ) -> None:
        self.folder, self.name = folder, name
        self.origin = json.loads(json.dumps(origin))  # as it will be read again
        self.parts_folder, self.record = self.file("parts"), self.file("run.json")
        earlier = {} if existing == "overwrite" else self._earlier(existing)
        if identities is None and "identities" in earlier:
            identities = Identities.from_dict(earlier["identities"])
        self.identities, self.video = identities or Identities(), video
        self.prediction: dict[str, Any] = earlier.get("prediction", {})
        self.film: dict[str, Any] | None = earlier.get("film")  # what the annotated film shows
        self.parts: list[Part] = read_parts(self.parts_folder) if earlier else []
        self.told = self.parts[-1].faults if self.parts else []  # faults, by earlier runs
        self.faults = Faults()
        self.open: PartWriter | None = None

    def _earlier(self, existing: Existing) -> dict[str, Any]:
        """The note of an earlier run that this run may go on with; empty if there was none."""
        parts = read_parts(self.parts_folder)
        if not (parts or self.file("csv").exists()):
            return {}
        if existing == "refuse":
            raise FileExistsError(
                f"{self.folder} holds results of {self.name} already; go on with --resume, replace "
                "them with --overwrite, or name another folder with --out"
            )
        if not (parts and self.record.exists()):
            raise FileExistsError(
                f"{self.folder} holds results of {self.name}, but not the files with which a run "
                "goes on; name another folder with --out, or replace them with --overwrite"
            )
        earlier = json.loads(self.record.read_text(encoding="utf-8"))
        uncounted = {PICTURES: self.origin.get(PICTURES)}  # by an older run, which is trusted
        before = uncounted | earlier["origin"]
        other = [key for key, value in self.origin.items() if before.get(key) != value]
        if other:
            raise FileExistsError(
                f"{self.folder} holds results of {self.name} with another {', '.join(other)}; name "
                "another folder with --out, or replace them with --overwrite"
            )
        return earlier

    def file(self, kind: str) -> Path:
        """Where a part of the results lies."""
        return self.folder / f"{self.name}.gaze.{kind}"

    @property
    def live(self) -> bool:
        """Whether the film came from a camera or a stream, which cannot be seen again."""
        return self.prediction.get("live", False)

    @property
    def finished(self) -> bool:
        """Whether all of the film was taken that there will be."""
        return bool(self.parts) and (self.parts[-1].last or self.live)

    @property
    def drawn_right(self) -> bool:
        """Whether all was drawn with the names and corrections that are known now."""
        return all(part.identities == self.identities.to_dict() for part in self.parts)

    @property
    def newest(self) -> float | None:
        """The time of the newest frame that was taken; None if none was."""
        if self.open is not None and self.open.newest is not None:
            return self.open.newest.frame.time
        return self.parts[-1].newest if self.parts else None

    @property
    def next(self) -> float | None:
        """From which second of the film to go on; None if nothing is finished."""
        return self.parts[-1].newest + AFTER if self.parts else None

    @property
    def memory(self) -> dict[str, Any] | None:
        """The tracker's state there."""
        return self.parts[-1].memory if self.parts else None

    def drawn(self, seen: Iterable[Seen]) -> Generator[Drawn]:
        """Frames ready for `add`, drawn by a thread of its own."""
        return ahead(draw_seen(seen, self.identities, video=self.video), watch.QUEUE)

    def begin(self, faults: Faults, **prediction: Any) -> None:
        """Say, for the note, how the frames that come now are predicted.

        faults: where what is wrong with them is told.
        """
        runs = [*self.prediction.get("runs", []), describe_run()]
        self.prediction, self.faults = prediction | {"runs": runs}, faults

    def add(self, drawn: Drawn) -> None:
        """Take a frame; every `watch.PART` frames a part is finished."""
        with writing(self.folder):
            if self.open is not None and self.open.frames == watch.PART:
                self._close(drawn.seen.frame.time, last=False)
            if not self.parts and self.open is None:
                self._clear()
            if self.open is None:
                number = len(self.parts)
                self.open = PartWriter(self.parts_folder, number, self.identities)
            self.open.add(drawn)

    def _clear(self) -> None:
        """Remove what is there of an earlier run."""
        shutil.rmtree(self.parts_folder, ignore_errors=True)
        for kind in KINDS:
            self.file(kind).unlink(missing_ok=True)
        self._write_note()

    def stop(self, end: float, *, last: bool) -> None:
        """No more frames come now; the newest is shown until `end` seconds of the film."""
        with writing(self.folder):
            if self.open is not None:
                self._close(end, last=last)
            elif self.parts and last:
                self.parts[-1].last = True
                self.parts[-1].keep(self.parts_folder)

    def abort(self) -> None:
        """Give up the frames since the last finished part."""
        if self.open is not None:
            self.open.abort()

    def _close(self, end: float, *, last: bool) -> None:
        assert self.open is not None
        told = self.told + self.faults.sentences()
        faults = list(dict.fromkeys(told))  # a part's beginning may be read again
        self.parts.append(self.open.close(end, last=last, faults=faults))
        self.open = None
        self._write_note()

    def finish(self, reread: Reread, *, parquet: bool = False) -> set[int]:
        """Make table, lines, sheet of people, film and note of all that was taken.

        reread: for drawing again what was drawn with other identities. Returns the tracks. Raises
        ValueError when two people of a frame were merged.
        """
        with writing(self.folder):
            names = self._write_records(parquet or self.file("parquet").exists())
            people: dict[int, list[Tensor]] = {track: [] for track in sorted(names)[:ROWS]}
            people |= album_of(self.parts, self.parts_folder, self.identities)
            if people:
                write_image(self.file("people.jpg"), sheet(people, names))
            else:
                self.file("people.jpg").unlink(missing_ok=True)
            if self.video:
                self._make_film(reread)
            self._write_note()
            if self.video and self.finished and not self.live:
                for part in self.parts:  # a change of identities draws them again
                    part.film(self.parts_folder).unlink(missing_ok=True)
        return set(names)

    def _write_note(self) -> None:
        facts: dict[str, Any] = {}
        if self.parts:
            first, newest = self.parts[0], self.parts[-1]
            facts = {"start": first.start, "end": newest.end, "faults": newest.faults}
        note = describe_run(
            origin=self.origin,
            prediction=self.prediction,
            identities=self.identities.to_dict(),
            film=self.film,
            finished=self.finished,
            frames=self.frames,
            **facts,
        )
        write_json(self.record, note)

    @property
    def named(self) -> Identities:
        """The identities with the names that came with the heads, where there is no other."""
        given = {int(track): name for part in self.parts for track, name in part.names.items()}
        return replace(self.identities, names=given | self.identities.names)

    @property
    def frames(self) -> int:
        """How many were taken."""
        return sum(part.frames for part in self.parts)

    def _write_records(self, parquet: bool) -> dict[int, str]:
        """Write table and lines, complete before they get their names; returns names by track."""
        wanted = ["csv", "jsonl"] + ["parquet"] * parquet
        files = {kind: self.file(f"{kind}.part") for kind in wanted}
        files["csv"].unlink(missing_ok=True)
        names: dict[int, str] = {}
        with files["jsonl"].open("w", encoding="utf-8") as lines:
            for part in self.parts:
                rows = []
                for record in self._records(part):
                    lines.write(record.to_json() + "\n")
                    rows += self._rows(part, record)
                names |= {r["track"]: r["name"] or "" for r in rows if r["track"] is not None}
                append_csv(rows, files["csv"])
        if parquet:
            every = (row for p in self.parts for r in self._records(p) for row in self._rows(p, r))
            write_parquet(every, files["parquet"])
        for kind, file in files.items():
            file.replace(self.file(kind))
        return names

    def _records(self, part: Part) -> Iterator[Record]:
        for record in part.records(self.parts_folder):
            right = record.corrected(self.named)
            tracks = right.tracks
            if len(set(tracks)) < len(tracks):
                twice = next(track for track in tracks if tracks.count(track) > 1)
                raise ValueError(
                    f"two people are both track {twice} at {right.gaze.time:.3f} s: they are in "
                    "the picture together and cannot be merged; mend the corrections"
                )
            yield right

    def _rows(self, part: Part, record: Record) -> list[Row]:
        model, weights = self.origin["model"], self.origin["weights"]
        return record.rows(image=self.name, size=part.size, model=model, weights=weights)

    def _make_film(self, reread: Reread) -> None:
        film, wanted = self.file("mp4"), self.identities.to_dict()
        shown = {"frames": self.frames, "identities": wanted}
        if film.exists() and self.film == shown:
            return
        for part in self.parts:
            current = part.identities == wanted and part.film(self.parts_folder).exists()
            if not (current or self.live):
                frames = islice(reread(part.start), part.frames)
                redraw(part, self.parts_folder, frames, self.named)
                part.identities = wanted
                part.keep(self.parts_folder)
        drawn = [(part.film(self.parts_folder), part.start) for part in self.parts]
        if not all(file.exists() for file, _ in drawn):
            return  # taken live without a film
        join_films([(file, start - self.parts[0].start) for file, start in drawn], film)
        self.film = shown
