"""What was damaged in a film, in few sentences however much it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Span:
    """Pictures near each other with the same fault."""

    fault: str
    first: float
    last: float
    count: int = 1

    def __str__(self) -> str:
        if self.count == 1:
            return f"The picture at {self.first:.3f} s {self.fault}."
        return f"{self.count} pictures from {self.first:.3f} s to {self.last:.3f} s {self.fault}."


@dataclass
class Faults:
    """Faults of single pictures, gathered into spans, and sentences on the film as a whole."""

    found: list[Span | str] = field(default_factory=list)

    def note(self, fault: str, time: float) -> None:
        """Note that the picture at a time, in seconds, `fault` ("could not be decoded")."""
        last = self.found[-1] if self.found else None
        if isinstance(last, Span) and last.fault == fault and time - last.last < 1:
            last.last, last.count = time, last.count + 1
        else:
            self.found.append(Span(fault, time, time))

    def tell(self, sentence: str) -> None:
        """Add a sentence."""
        self.found.append(sentence)

    def begin(self, sentences: Sequence[str] = ()) -> None:
        """Forget all but some sentences, before reading again."""
        self.found[:] = sentences

    def sentences(self) -> list[str]:
        """All as sentences, in the order in which they were met."""
        return [str(fault) for fault in self.found]
