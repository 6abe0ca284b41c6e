"""What is kept of each frame of a film: a line of JSON, from which table and drawings are made."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from sightline.films.identities import Identities
from sightline.films.seen import Seen
from sightline.gaze import Gaze
from sightline.gaze_objects import only_looked_at
from sightline.geometry.heatmap import entropies
from sightline.plain import to_plain
from sightline.table import Row, rows, shorten

PER_PERSON = ("names", "head_scores", "heatmap_peaks", "heatmap_entropies")


@dataclass
class Record:
    """The gaze in a frame, without heatmaps, and what else the table says of each person.

    Of the objects those are kept that somebody looks at.
    """

    gaze: Gaze
    names: list[str | None]
    head_scores: list[float | None]
    heatmap_peaks: list[float | None]
    heatmap_entropies: list[float | None]

    @classmethod
    def of(cls, seen: Seen) -> Record:
        """The record of a frame that was predicted."""
        gaze, heads = seen.gaze, seen.heads
        maps = gaze.heatmaps.float()
        return cls(
            gaze=replace(only_looked_at(gaze), heatmaps=torch.zeros(len(gaze), 0, 0)),
            names=list(heads.names or [None] * len(heads)),
            head_scores=_cells(heads.scores),
            heatmap_peaks=_cells(maps.amax((1, 2))) if len(maps) else [],
            heatmap_entropies=_cells(entropies(maps)) if len(maps) else [],
        )

    def to_json(self) -> str:
        """One line."""
        values = {name: getattr(self, name) for name in PER_PERSON}
        return json.dumps(self.gaze.to_dict(heatmaps=False) | values, allow_nan=False)

    @classmethod
    def from_json(cls, line: str) -> Record:
        """The record of a line that `to_json` wrote."""
        data: dict[str, Any] = json.loads(line)
        gaze = Gaze.from_dict(data)
        return cls(gaze, **{name: data[name] for name in PER_PERSON})

    def corrected(self, identities: Identities) -> Record:
        """The same with the tracks and names that a person has set right."""
        time, found = self.gaze.time or 0.0, self.tracks
        tracks = [identities.track(track, time) for track in found]
        kept = [row for row, track in enumerate(tracks) if track is not None]
        right = [track for track in tracks if track is not None]
        record = Record(
            self.gaze[kept], *([getattr(self, n)[row] for row in kept] for n in PER_PERSON)
        )
        record.gaze.tracks = torch.tensor(right, dtype=torch.int64)
        record.names = [  # a name that came with the heads belongs to the track that it came with
            identities.names.get(track, self.names[row] if found[row] == track else None)
            for row, track in zip(kept, right, strict=True)
        ]
        return record

    @property
    def tracks(self) -> list[int]:
        """Who is in the frame."""
        return [] if self.gaze.tracks is None else self.gaze.tracks.tolist()

    @property
    def labels(self) -> list[str]:
        """What to call each person in a drawing: the name, or the number of the track."""
        return [name or str(track) for name, track in zip(self.names, self.tracks, strict=True)]

    def rows(self, *, image: str, size: tuple[int, int], model: str, weights: str) -> list[Row]:
        """The rows of the table, as `table.rows` makes them of a gaze that has its heatmaps."""
        table = rows(
            self.gaze, image=image, size=size, model=model, weights=weights, names=self.names
        )
        columns = zip(self.head_scores, self.heatmap_peaks, self.heatmap_entropies, strict=True)
        for row, (score, peak, entropy) in zip(table, columns, strict=False):
            about = {"head_score": score, "heatmap_peak": peak, "heatmap_entropy": entropy}
            row |= {name: value and shorten(value) for name, value in about.items()}
        return table


def _cells(values: Tensor) -> list[float | None]:
    return to_plain(values)  # pyright: ignore[reportReturnType]
