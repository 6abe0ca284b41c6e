"""`sightline agreement`."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

if TYPE_CHECKING:
    from sightline.coding.agreement import Agreement


@dataclass(kw_only=True)
class Compare:
    """Compare two codings of a film, for instance events.csv with what an observer made of it.

    Each is a table of events, a BORIS export (tabular or aggregated, TSV or CSV), or an EAF file.
    """

    first: Annotated[Positional[Path], arg(metavar="FIRST")]
    """One coding."""
    second: Annotated[Positional[Path], arg(metavar="SECOND")]
    """The other."""
    bin: float = 0.1
    """Seconds per time bin of Cohen's kappa."""
    out: Path | None = None
    """Also write all numbers as JSON."""
    overwrite: bool = False
    """Replace the JSON file if it is there already."""

    def run(self) -> int:
        """Read both, compare, print."""
        from sightline.coding.agreement import compare
        from sightline.coding.files import read_events

        if self.out is not None and self.out.exists() and not self.overwrite:
            raise FileExistsError(f"{self.out} is there already; replace it with --overwrite")
        first, second = read_events(self.first), read_events(self.second)
        agreement = compare(first, second, width=self.bin)
        _print_tables(agreement)
        one, two = ({event.person for event in coding} for coding in (first, second))
        for path, only in ((self.first, one - two), (self.second, two - one)):
            if only:
                print(f"only in {path}: {', '.join(sorted(only))}")
        if self.out is not None:
            self._write(self.out, agreement)
        return 0

    def _write(self, path: Path, agreement: Agreement) -> None:
        from sightline.provenance import describe_run, write_json

        facts = {"first": str(self.first), "second": str(self.second), "bin": self.bin}
        content = asdict(agreement)
        for row in content["people"]:
            row["kappa"] = None if math.isnan(row["kappa"]) else row["kappa"]
        write_json(path, describe_run(**facts) | content)


def _print_tables(agreement: Agreement) -> None:
    from rich.console import Console
    from rich.table import Table

    people = Table("person", "bins", "equal", "kappa")
    for row in agreement.people:
        people.add_row(row.person, str(row.bins), _share(row.equal), _share(row.kappa))
    labels = Table("person", "label", "first, s", "second, s", "IoU", "F1")
    for row in agreement.labels:
        seconds = f"{row.first_seconds:.2f}", f"{row.second_seconds:.2f}"
        labels.add_row(row.person, row.label, *seconds, _share(row.iou), _share(row.f1))
    console = Console(width=110, markup=False)  # names may have brackets
    console.print(people)
    console.print(labels)


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"
