"""Head boxes of a film that the user brings, looked up by frame."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import torch

from sightline.media.boxrows import number_in
from sightline.media.headfiles import HeadTable, checked_rows, heads_of
from sightline.media.headrows import Row
from sightline.media.heads import Heads

Key = TypeVar("Key", bound=Hashable)


@dataclass
class FilmHeads:
    """The heads of the frames of a film, in one of three ways.

    heads: by the number of the frame, from 0; or by the row of `times`.
    times: sorted moments in seconds, each for frames no further away than `tolerance` seconds.
    pictures: by the name of the picture, for a film that is a folder.
    first: the number that the file gives to the film's first picture; None if it gives none.
    tracked: whether the file tells people apart; if not, `Heads.tracks` is for a `Tracker` to fill.
    """

    tracked: bool
    heads: dict[int, Heads] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    tolerance: float = 0.0
    pictures: HeadTable | None = None
    first: int | None = None

    def of_frame(self, frame: int, name: str = "", time: float | None = None) -> Heads:
        """The heads of a frame; nobody, if the file does not have it.

        frame: from 0. name: path of the picture, if the film is a folder. time: seconds.
        """
        if self.pictures is not None:
            return self.pictures.of(name)
        row = self._nearest(time) if self.times else frame
        return self.heads.get(row, Heads.none())

    def _nearest(self, time: float | None) -> int:
        """The row of the moment that is nearest to a time; -1 if it is too far away."""
        if time is None:
            raise ValueError("This file of heads goes by time: give the time of the frame.")
        after = bisect_left(self.times, time)
        near = range(max(0, after - 1), min(after + 1, len(self.times)))
        distance, row = min((abs(self.times[row] - time), row) for row in near)
        return row if distance <= self.tolerance else -1


def read_film_heads(
    path: str | Path,
    *,
    first: int | None = None,
    step: float = 0.04,
    pictures: Sequence[str | Path] = (),
    over_seam: bool = False,
) -> FilmHeads:
    """The heads of a film from a file or folder of any form that `headrows` describes.

    first: the number that the file gives to the film's first picture; heads before it are left out.
    Without it frames count from 0, in MOT files from 1, and of numbered names of pictures, like
    00002575.jpg, the smallest number is the first picture's.
    step: seconds from one frame to the next, for files that give times.
    pictures: those of a film that is a folder; if the file names one, and `first` is not given,
    names decide and not numbers.
    over_seam: as in `read_heads`.

    `tracks` are the persons' numbers as they are or, if any has a name, count the persons in order
    of appearance in the file; `names` has the names. Raises `FileNotFoundError`, and `ValueError`
    naming the row that is wrong.
    """
    rows = checked_rows(path, over_seam=over_seam)
    ids = _identities(rows)
    named = HeadTable(dict.fromkeys((row.image for row in rows), Heads.none()))
    if first is None and any(picture in named for picture in pictures):
        by_name = _grouped(rows, [row.image for row in rows], ids)
        return FilmHeads(bool(ids), pictures=HeadTable(by_name))
    if all(row.frame is None and row.time is not None for row in rows):
        by_time = _grouped(rows, [row.time for row in rows], ids)
        moments = sorted((time, heads) for time, heads in by_time.items() if time is not None)
        heads = dict(enumerate(heads for _, heads in moments))
        return FilmHeads(bool(ids), heads, [time for time, _ in moments], step / 2)
    numbers = [_number(row) for row in rows]
    begin = _first(rows, numbers) if first is None else first
    by_number = _grouped(rows, numbers, ids)
    heads = {number - begin: heads for number, heads in by_number.items() if number >= begin}
    if not heads:
        raise ValueError(f"{path}: all heads are before frame {begin}, which is said to be first.")
    return FilmHeads(bool(ids), heads, first=begin)


def _identities(rows: list[Row]) -> dict[str, int]:
    """The identity of every person; empty if the file tells nobody apart."""
    people = dict.fromkeys(row.person for row in rows)
    if "" not in people:
        are_numbers = all(person.isdecimal() and len(person) < 19 for person in people)
        return {person: int(person) if are_numbers else i for i, person in enumerate(people)}
    if len(people) > 1:
        nameless = next(row for row in rows if not row.person)
        raise ValueError(
            f"{nameless.where}: this head has no person, but others have; name all or nobody "
            "(a text file that has a picture twice is not about one person)."
        )
    return {}


def _grouped(rows: list[Row], keys: list[Key], ids: dict[str, int]) -> dict[Key, Heads]:
    """The heads of the frames that the keys of the rows stand for."""
    groups: dict[Key, list[Row]] = defaultdict(list)
    for key, row in zip(keys, rows, strict=True):
        groups[key].append(row)
    return {key: _tracked(group, ids) for key, group in groups.items()}


def _tracked(rows: list[Row], ids: dict[str, int]) -> Heads:
    """The heads of one frame with their identities."""
    heads = heads_of(rows)
    if not ids:
        return heads
    tracks = [ids[row.person] for row in rows]
    again = next((row for i, row in enumerate(rows) if tracks[i] in tracks[:i]), None)
    if again is not None:
        raise ValueError(f"{again.where}: person {again.person} is in this frame already.")
    heads.tracks = torch.tensor(tracks)
    if all(person.isdecimal() for person in ids):
        heads.names = None
    return heads


def _number(row: Row) -> int:
    """The number that a file gives to a frame, if need be at the end of the picture's name."""
    if row.frame is not None:
        return row.frame
    number = number_in(row.image)
    if number is None:
        raise ValueError(f"{row.where}: {row.image!r} has no number; give the frame or the time.")
    return number


def _first(rows: list[Row], numbers: list[int]) -> int:
    """The number of the film's first picture, by the form of the file."""
    if all(row.frame is None and not row.image.isdecimal() for row in rows):
        return min(numbers)
    first = rows[0].first
    early = next((row for row, number in zip(rows, numbers, strict=True) if number < first), None)
    if early is not None:
        raise ValueError(
            f"{early.where}: frames of this form count from {first}; "
            "correct the number, or say how they count (--first-frame)."
        )
    return first
