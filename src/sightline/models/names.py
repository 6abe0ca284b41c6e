"""Tensors of official files under our names, told by how their names begin."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sightline.models.weights import State


def rename(official: State, names: Mapping[str, str]) -> tuple[State, State]:
    """Tensors under our names, and those without a place under theirs.

    names: official beginning, of whole words between dots: ours. The longest one counts.
    """
    ours, rest = {}, {}
    for name, tensor in official.items():
        if (start := _beginning(name, names)) is None:
            rest[name] = tensor
        else:
            ours[names[start] + name.removeprefix(start)] = tensor
    return ours, rest


def left_out(rest: State, reasons: Mapping[str, str]) -> tuple[State, list[str]]:
    """Of tensors without a place those that nothing explains, and a note on each other one.

    reasons: official beginning: why such tensors are not needed.
    """
    starts = {name: _beginning(name, reasons) for name in rest}
    unknown = {name: rest[name] for name, start in starts.items() if start is None}
    known = sorted((name, start) for name, start in starts.items() if start is not None)
    return unknown, [f"left out {name}: {reasons[start]}" for name, start in known]


def _beginning(name: str, starts: Collection[str]) -> str | None:
    """The longest of the starts that a name has, a whole number of its words; or None."""
    words = name.split(".")
    ends = range(len(words), 0, -1)
    return next((s for end in ends if (s := ".".join(words[:end])) in starts), None)
