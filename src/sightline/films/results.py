"""The results of a film, in one folder; a run that broke off goes on, corrections need no network.

Of film.mp4 there are

    film.mp4.gaze.mp4          the annotated film, same time stamps
    film.mp4.gaze.csv          the table; on request .parquet too
    film.mp4.gaze.jsonl        one line per frame
    film.mp4.gaze.people.jpg   a few heads of each person
    film.mp4.gaze.run.json     model, weights, settings, versions, command, what was wrong
    film.mp4.gaze.parts/       what these are made from, see `film_parts`
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from torch import Tensor

from sightline.ahead import ahead
from sightline.films import watch
from sightline.films.album import sheet
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
from sightline.films.watch import Seen
from sightline.media.film import Frame
from sightline.media.film_writer import join_films
from sightline.media.image import write_image
from sightline.provenance import describe_run, write_json
from sightline.results import Existing
from sightline.table import Row, append_csv, write_parquet

AFTER = 2e-6  # seconds: more than times are told apart by, less than between two pictures


Reread = Callable[[float], Iterator[Frame]]
"""The frames of the film again, from that second on."""


class FilmResults:
    """Takes the frames of a film as they come; `finish` makes the results of what was taken.

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
        earlier = self._claim(existing)
        if identities is None and "identities" in earlier:
            identities = Identities.from_dict(earlier["identities"])
        self.identities, self.video = identities or Identities(), video
        self.parts: list[Part] = read_parts(self.parts_folder)
        self.taken = len(self.parts)
        self.faults = self.parts[-1].faults if self.parts else []  # of earlier runs
        self.open: PartWriter | None = None

    def _claim(self, existing: Existing) -> dict[str, Any]:
        """The note of an earlier run, after checking that this run may go on with it."""
        made = self.parts_folder.exists() and bool(read_parts(self.parts_folder))
        if existing == "overwrite" or not (made or self.file("csv").exists()):
            shutil.rmtree(self.parts_folder, ignore_errors=True)
            return {}
        if existing == "refuse" or not made:
            raise FileExistsError(
                f"{self.folder} holds results of {self.name} already; "
                + ("go on with --resume, replace " if made else "its parts are gone: replace ")
                + "them with --overwrite, or name another folder with --out"
            )
        earlier = json.loads(self.record.read_text(encoding="utf-8"))
        other = [key for key, value in self.origin.items() if earlier["origin"].get(key) != value]
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
    def finished(self) -> bool:
        """Whether the whole film was taken."""
        return bool(self.parts) and self.parts[-1].last

    @property
    def next(self) -> float | None:
        """From which second of the film to go on; None if nothing was taken."""
        return self.parts[-1].newest + AFTER if self.parts else None

    @property
    def memory(self) -> dict[str, Any] | None:
        """The tracker's state there."""
        return self.parts[-1].memory if self.parts else None

    def drawn(self, seen: Iterable[Seen]) -> Iterator[Drawn]:
        """Frames ready for `add`, drawn by a thread of its own."""
        return ahead(draw_seen(seen, self.identities, video=self.video), watch.QUEUE)

    def add(self, drawn: Drawn, faults: list[str]) -> None:
        """Take a frame; every `watch.PART` frames a part is finished."""
        if self.open is not None and self.open.frames == watch.PART:
            self._close(drawn.seen.frame.time, last=False, faults=faults)
        if self.open is None:
            number = len(self.parts)
            if not number:
                write_json(self.record, describe_run(origin=self.origin))
            self.open = PartWriter(self.parts_folder, number, self.identities)
        self.open.add(drawn)

    def stop(self, end: float, *, last: bool, faults: list[str]) -> None:
        """No more frames come now; the newest is shown until `end` seconds of the film."""
        if self.open is not None:
            self._close(end, last=last, faults=faults)
        elif self.parts and last:
            self.parts[-1].last = True
            self.parts[-1].keep(self.parts_folder)

    def abort(self) -> None:
        """Give up the frames since the last finished part."""
        if self.open is not None:
            self.open.abort()

    def _close(self, end: float, *, last: bool, faults: list[str]) -> None:
        assert self.open is not None
        self.parts.append(self.open.close(end, last=last, faults=self.faults + faults))
        self.open = None

    def finish(self, reread: Reread | None, *, parquet: bool = False, **facts: Any) -> int:
        """Make table, lines, sheet of people, note and film of all that was taken.

        reread: for drawing again what was drawn with other identities; None where that is
        impossible. facts: for the note. Returns the number of people. Raises ValueError when two
        people of a frame were merged.
        """
        given = {int(track): name for part in self.parts for track, name in part.names.items()}
        named = replace(self.identities, names=given | self.identities.names)
        people: dict[int, list[Tensor]] = {t: [] for t in self._write_records(named, parquet)}
        people |= album_of(self.parts, self.parts_folder, self.identities)
        if people:
            write_image(self.file("people.jpg"), sheet(people, named.names))
        if self.video:
            self._make_film(named, reread)
        note = describe_run(
            origin=self.origin,
            identities=self.identities.to_dict(),
            finished=self.finished,
            frames=sum(part.frames for part in self.parts),
            start=self.parts[0].start,
            end=self.parts[-1].end,
            faults=self.parts[-1].faults,
            **facts,
        )
        write_json(self.record, note)
        return len(people)

    @property
    def unknown(self) -> list[int]:
        """Tracks of names and corrections that are not in the film."""
        found = {track for part in self.parts for track, _ in part.cells}
        return sorted(self.identities.mentioned - found)

    def _write_records(self, named: Identities, parquet: bool) -> list[int]:
        """Write table and lines, complete before they get their names; returns the tracks."""
        wanted = ["csv", "jsonl"] + ["parquet"] * parquet
        files = {kind: self.file(f"{kind}.part") for kind in wanted}
        files["csv"].unlink(missing_ok=True)
        tracks: set[int] = set()
        with files["jsonl"].open("w", encoding="utf-8") as lines:
            for part in self.parts:
                rows = []
                for record in self._records(part, named):
                    lines.write(record.to_json() + "\n")
                    rows += self._rows(part, record)
                    tracks |= set(record.tracks)
                append_csv(rows, files["csv"])
        if parquet:
            records = ((part, r) for part in self.parts for r in self._records(part, named))
            every = (row for part, record in records for row in self._rows(part, record))
            write_parquet(every, files["parquet"])
        for kind, file in files.items():
            file.replace(self.file(kind))
        return sorted(tracks)

    def _records(self, part: Part, named: Identities) -> Iterator[Record]:
        for record in part.records(self.parts_folder):
            right = record.corrected(named)
            tracks = right.tracks
            if len(set(tracks)) < len(tracks):
                twice = next(track for track in tracks if tracks.count(track) > 1)
                raise ValueError(
                    f"two people are both track {twice} at {right.gaze.time:.3f} s: they are in "
                    "the picture together and cannot be merged; mend the corrections"
                )
            yield right

    def _rows(self, part: Part, record: Record) -> list[Row]:
        origin = self.origin
        about = {"image": self.name, "model": origin["model"], "weights": origin["weights"]}
        return record.rows(about | {"size": part.size})

    def _make_film(self, named: Identities, reread: Reread | None) -> None:
        film, wanted = self.file("mp4"), self.identities.to_dict()
        changed = len(self.parts) > self.taken or any(p.identities != wanted for p in self.parts)
        if film.exists() and not changed:
            return
        for part in self.parts:
            current = part.identities == wanted and part.film(self.parts_folder).exists()
            if current or reread is None:
                continue
            frames = islice(reread(part.start), part.frames)
            redraw(part, self.parts_folder, frames, named)
            part.identities = wanted
            part.keep(self.parts_folder)
        start = self.parts[0].start
        drawn = [(part.film(self.parts_folder), part.start - start) for part in self.parts]
        join_films(drawn, film)
        if self.finished and reread is not None:
            for path, _ in drawn:  # a change of identities draws them again
                path.unlink()
