"""`sightline events`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from sightline.cli.options import UsageError
from sightline.coding.thresholds import Coding


@dataclass(kw_only=True)
class Events:
    """Turn the table of a film into behavioural events: who looks at what from when to when.

    Also mutual gaze and joint attention of pairs. The thresholds go into a JSON file beside the
    table of events.
    """

    table: Annotated[Positional[Path], arg(metavar="TABLE")]
    """The table that `sightline predict` wrote for the film: FILM.gaze.csv or FILM.gaze.parquet."""
    areas: Path | None = None
    """A JSON file of areas of interest."""
    out: Path = Path("events.csv")
    """The table of events."""
    dwell: Path | None = None
    """Also write how long each person looks at each target in all (.csv)."""
    boris: Path | None = None
    """Also write tabular events as BORIS exports them (.tsv)."""
    boris_paste: Path | None = None
    """Also write lines for "Paste events" of BORIS (.txt)."""
    elan: Path | None = None
    """Also write an ELAN file (.eaf)."""
    media: Path | None = None
    """The film that was predicted, for ELAN to show and BORIS to name."""
    overwrite: bool = False
    """Replace files that are there already."""
    coding: Annotated[Coding, arg(name="")] = field(default_factory=Coding)
    """The thresholds."""

    def run(self) -> int:
        """Read, code, write, and say what was found."""
        from sightline.coding.areas import read_areas
        from sightline.coding.boris import write_boris, write_boris_lines
        from sightline.coding.dwell import write_dwell_times
        from sightline.coding.elan import write_elan
        from sightline.coding.events import find_events
        from sightline.coding.eventtable import write_events
        from sightline.coding.samples import read_samples
        from sightline.provenance import describe_run, write_json

        record = self.out.with_suffix(".json")
        named = (self.out, record, self.dwell, self.boris, self.boris_paste, self.elan)
        targets = [path for path in named if path is not None]
        self._check_files(targets)
        areas = [] if self.areas is None else read_areas(self.areas)
        samples = read_samples(self.table)
        events = find_events(samples, areas, self.coding)
        facts = {"table": str(self.table), "areas": str(self.areas) if self.areas else None}
        for path in targets:
            path.parent.mkdir(parents=True, exist_ok=True)
        write_json(record, describe_run(**facts, coding=self.coding))
        write_events(events, self.out)
        if self.dwell is not None:
            write_dwell_times(events, self.dwell)
        if self.boris is not None:
            write_boris(events, self.boris, media=str(self.media or ""))
        if self.boris_paste is not None:
            write_boris_lines(events, self.boris_paste)
        if self.elan is not None:
            write_elan(events, self.elan, media=self.media)
        print(f"{len(samples.people)} people, {len(events)} events: see {self.out}")
        return 0

    def _check_files(self, targets: list[Path]) -> None:
        """Refuse what would destroy a file."""
        if self.media is not None and not self.media.exists():
            raise FileNotFoundError(f"{self.media}: there is no such film; check --media")
        inputs = {path.resolve() for path in (self.table, self.areas, self.media) if path}
        for number, path in enumerate(targets):
            if path.exists() and not self.overwrite:
                raise FileExistsError(
                    f"{path} is there already; replace it with --overwrite, or name another file"
                )
            if path in targets[:number] or path.resolve() in inputs:
                raise UsageError(f"{path} is named for two things; name another file")
