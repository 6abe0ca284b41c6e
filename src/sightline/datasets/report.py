"""What is wrong in a copy of a dataset: what `check` found, and what a reader warns of."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import SupportsInt

SHOWN = 5


@dataclass
class Report:
    """Counts of a dataset, remarks about it, and what is broken in it.

    counts: (label, number) in reading order.
    notes: worth knowing, but no fault.
    problems: one sentence each, with file and line where there are any.
    """

    name: str
    counts: list[tuple[str, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is broken."""
        return not self.problems

    def count(self, label: str, number: SupportsInt) -> None:
        """Add a count."""
        self.counts.append((label, int(number)))

    def __str__(self) -> str:
        """The counts, the notes and the first problems, a line each."""
        lines = [f"{number:>9,}  {label}" for label, number in self.counts]
        lines += [f"note: {note}" for note in self.notes]
        lines += [f"problem: {problem}" for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"... and {len(self.problems) - SHOWN:,} more problems")
        return "\n".join([self.name, *lines])


def warn_left_out(broken: list[str], what: str, checked: str, *, stacklevel: int = 3) -> None:
    """Warn that some of `what` is left out, if anything is `broken`.

    checked: the arguments of `sightline data check` that show more.
    """
    if broken:
        warnings.warn(
            f"{len(broken)} {what} are left out; the first: {broken[0]}. "
            f"`sightline data check {checked}` shows more.",
            stacklevel=stacklevel,
        )
