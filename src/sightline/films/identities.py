"""What a person has to say about the identities that a tracker found: names and corrections.

A file of corrections is a JSON list, applied from the first to the last:

    [{"do": "merge", "track": 5, "into": 3},
     {"do": "split", "track": 2, "at": 12.5, "into": 9},
     {"do": "drop", "track": 4, "from": 0, "to": 3.2},
     {"do": "rename", "track": 3, "name": "mother"}]

Times are seconds of the film. `split` gives everything from `at` on to another track; `drop` leaves
a track out, wholly or from `from` until before `to`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sightline.media.textfiles import parse_json, read_text

FIELDS = {  # of each correction: the types of what it must have, and of what it may have
    "merge": ({"track": int, "into": int}, {}),
    "split": ({"track": int, "at": float, "into": int}, {}),
    "drop": ({"track": int}, {"from": float, "to": float}),
    "rename": ({"track": int, "name": str}, {}),
}


@dataclass(frozen=True)
class Identities:
    """Corrections in order and names by (corrected) track."""

    corrections: tuple[dict[str, Any], ...] = ()
    names: dict[int, str] = field(default_factory=dict)

    def track(self, track: int, time: float) -> int | None:
        """The corrected track of a person at a time; None for one who is left out."""
        for correction in self.corrections:
            if correction["track"] != track:
                continue
            if correction["do"] == "merge" or (
                correction["do"] == "split" and time >= correction["at"]
            ):
                track = correction["into"]
            elif correction["do"] == "drop" and (
                correction.get("from", 0.0) <= time < correction.get("to", math.inf)
            ):
                return None
        return track

    def unknown(self, found: set[int], corrected: set[int]) -> list[int]:
        """What is corrected though no such track was found, or named though none is left."""
        reached = found | {c["into"] for c in self.corrections if "into" in c}
        spoken = {c["track"] for c in self.corrections if c["do"] != "rename"}
        return sorted((spoken - reached) | (self.names.keys() - corrected))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Identities:
        """The identities of `to_dict`."""
        names = {int(track): name for track, name in data["names"].items()}
        return cls(tuple(data["corrections"]), names)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        names = {str(track): name for track, name in sorted(self.names.items())}
        return {"corrections": list(self.corrections), "names": names}


def read_identities(names: Sequence[str] = (), file: Path | None = None) -> Identities:
    """The identities of `names` such as "3=mother" and of a file of corrections.

    Raises FileNotFoundError, and ValueError naming the entry that is wrong.
    """
    corrections = _read(file) if file else ()
    called = {c["track"]: c["name"] for c in corrections if c["do"] == "rename"}
    for entry in names:
        track, equals, name = entry.partition("=")
        if not equals or not (track.isascii() and track.isdecimal()) or not name.strip():
            raise ValueError(f"the name {entry!r} is not of the form TRACK=NAME, such as 3=mother")
        if "=" in name:
            raise ValueError(f"the name {entry!r} has two =; give each TRACK=NAME on its own")
        called[int(track)] = name.strip()
    return Identities(corrections, called)


def _read(file: Path) -> tuple[dict[str, Any], ...]:
    if not file.is_file():
        raise FileNotFoundError(f"{file}: there is no such file of corrections; check the path")
    content = parse_json(file, read_text(file))
    if not isinstance(content, list):
        raise ValueError(f"{file}: corrections are a JSON list of objects")
    return tuple(_checked(f"{file}, correction {i}", entry) for i, entry in enumerate(content))


def _checked(where: str, entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict) or entry.get("do") not in FIELDS:
        raise ValueError(f'{where}: "do" must be one of {", ".join(FIELDS)}')
    required, optional = FIELDS[entry["do"]]
    if missing := required.keys() - entry.keys():
        raise ValueError(f"{where}: {', '.join(sorted(missing))} is missing")
    if unknown := entry.keys() - required.keys() - optional.keys() - {"do"}:
        raise ValueError(f"{where}: {', '.join(sorted(unknown))} is not known here")
    for name, kind in (required | optional).items():
        if name in entry and not _is(entry[name], kind):
            raise ValueError(f"{where}: {name} is {entry[name]!r}, not {_WORDS[kind]}")
    return entry


_WORDS = {int: "the number of a track", float: "seconds", str: "a name"}


def _is(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return False
    if kind is float:
        return isinstance(value, int | float) and math.isfinite(value)
    if kind is int:
        return isinstance(value, int) and 0 <= value < 2**63
    return isinstance(value, str) and bool(value.strip())
