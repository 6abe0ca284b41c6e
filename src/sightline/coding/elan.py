"""ELAN: events as annotations of an EAF 3.0 file, one tier per person and per pair."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from sightline.coding.events import Event, split_label
from sightline.coding.eventtable import parse_span
from sightline.media.textfiles import read_xml

MIME_TYPES = {
    **dict.fromkeys((".mp4", ".m4v"), "video/mp4"),
    **dict.fromkeys((".mov", ".qt"), "video/quicktime"),
    **dict.fromkeys((".mpg", ".mpeg"), "video/mpeg"),
}
"""The types of films that ELAN has words for; it calls all others unknown."""
SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
TYPE = "gaze"
"""The linguistic type of all tiers: annotations with a time of their own."""
CONSTRAINTS = {
    "Time_Subdivision": "Time subdivision of parent annotation's time interval, no time gaps "
    "allowed within this interval",
    "Symbolic_Subdivision": "Symbolic subdivision of a parent annotation. Annotations refering to "
    "the same parent are ordered",
    "Symbolic_Association": "1-1 association with a parent annotation",
    "Included_In": "Time alignable annotations within the parent annotation's time interval, gaps "
    "are allowed",
}
"""What ELAN writes into every file; the spelling is its own."""


def write_elan(
    events: Sequence[Event], path: str | Path, *, media: str | Path | None = None
) -> None:
    """Write events as an EAF file, in milliseconds, with a link to the film if it is given.

    Raises ValueError if events of one person overlap, which a tier of ELAN cannot hold.
    """
    path = Path(path)
    tiers = {event.person: [] for event in events}
    for event in sorted(events, key=lambda event: event.start):
        tiers[event.person].append(event)
    for tier in tiers.values():
        _check_order(tier)
    root = _document()
    header = SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    if media is not None:
        SubElement(header, "MEDIA_DESCRIPTOR", _media(Path(media), path))
    SubElement(header, "PROPERTY", NAME="lastUsedAnnotationId").text = str(len(events))
    order = SubElement(root, "TIME_ORDER")
    numbers = _write_slots(order, [event for tier in tiers.values() for event in tier])
    for person, tier in tiers.items():
        _write_tier(root, person, tier, numbers)
    alignable = {"TIME_ALIGNABLE": "true", "GRAPHIC_REFERENCES": "false"}
    SubElement(root, "LINGUISTIC_TYPE", {"LINGUISTIC_TYPE_ID": TYPE, **alignable})
    for stereotype, description in CONSTRAINTS.items():
        SubElement(root, "CONSTRAINT", STEREOTYPE=stereotype, DESCRIPTION=description)
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="UTF-8", xml_declaration=True)


def _document() -> Element:
    schema = "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    about = {"AUTHOR": "sightline", "DATE": now, "FORMAT": "3.0", "VERSION": "3.0"}
    return Element("ANNOTATION_DOCUMENT", {**about, schema: SCHEMA})


def _media(media: Path, path: Path) -> dict[str, str]:
    """Where the film is, absolutely and seen from the EAF file; unescaped, as ELAN writes it."""
    place = media.absolute()
    try:
        beside = os.path.relpath(place, path.absolute().parent)
    except ValueError:  # on another drive
        beside = place.name
    relative = Path(beside).as_posix()
    return {
        "MEDIA_URL": f"file:///{place.as_posix().lstrip('/')}",
        "MIME_TYPE": MIME_TYPES.get(media.suffix.lower(), "unknown"),
        "RELATIVE_MEDIA_URL": relative if relative.startswith("..") else f"./{relative}",
    }


def _check_order(tier: Sequence[Event]) -> None:
    for one, two in pairwise(tier):
        if milliseconds(two.start) < milliseconds(one.end):
            raise ValueError(
                f"{one.person}: {one.label!r} and {two.label!r} overlap at {two.start:.3f} s; "
                "a tier of ELAN holds one annotation at a time."
            )


def milliseconds(seconds: float) -> int:
    """Whole milliseconds, the unit of EAF files."""
    return round(seconds * 1000)


def _write_slots(order: Element, events: Sequence[Event]) -> dict[Event, int]:
    """Two time slots per event, in order of time, called after the event's number, from 1.

    Events share no slot: in ELAN, moving the border of one would move the other's too.
    """
    numbers = {event: number for number, event in enumerate(events, 1)}
    slots = [(milliseconds(e.start), f"ts{2 * n - 1}") for e, n in numbers.items()]
    slots += [(milliseconds(e.end), f"ts{2 * n}") for e, n in numbers.items()]
    for time, slot in sorted(slots):
        SubElement(order, "TIME_SLOT", TIME_SLOT_ID=slot, TIME_VALUE=str(time))
    return numbers


def _write_tier(
    root: Element, person: str, events: Sequence[Event], numbers: dict[Event, int]
) -> None:
    about = {"TIER_ID": person, "PARTICIPANT": person, "LINGUISTIC_TYPE_REF": TYPE}
    tier = SubElement(root, "TIER", about)
    for event in events:
        number = numbers[event]
        annotation = SubElement(
            SubElement(tier, "ANNOTATION"),
            "ALIGNABLE_ANNOTATION",
            ANNOTATION_ID=f"a{number}",
            TIME_SLOT_REF1=f"ts{2 * number - 1}",
            TIME_SLOT_REF2=f"ts{2 * number}",
        )
        SubElement(annotation, "ANNOTATION_VALUE").text = event.label


def read_elan(path: str | Path) -> list[Event]:
    """The annotations of an EAF file as events, tier by tier; the tier's name is the person.

    Tiers that depend on another one hold notes on its annotations and are left out, and so are
    empty annotations. Raises ValueError saying what is wrong; a DOCTYPE is refused unread.
    """
    path = Path(path)
    root = _parse(path)
    header = root.find("HEADER")
    units = "milliseconds" if header is None else header.get("TIME_UNITS", "milliseconds")
    if units != "milliseconds":
        raise ValueError(f"{path}: times are in {units}, not milliseconds.")
    times = {
        slot.get("TIME_SLOT_ID"): slot.get("TIME_VALUE", "") for slot in root.iter("TIME_SLOT")
    }
    tiers = [tier for tier in root.findall("TIER") if tier.get("PARENT_REF") is None]
    return [event for tier in tiers for event in _read_tier(tier, times, path)]


def _read_tier(tier: Element, times: dict, path: Path) -> Iterator[Event]:
    person = tier.get("TIER_ID", "")
    for annotation in tier.iter("ALIGNABLE_ANNOTATION"):
        if label := annotation.findtext("ANNOTATION_VALUE", "").strip():
            where = f"{path}, tier {person}, {annotation.get('ANNOTATION_ID')}"
            yield Event(person, *split_label(label), *_span(annotation, times, where))


def _span(annotation: Element, times: dict, where: str) -> tuple[float, float]:
    first, last = (times.get(annotation.get(f"TIME_SLOT_REF{n}"), "") for n in (1, 2))
    start, end = parse_span(first, last, where)
    return start / 1000, end / 1000


def _parse(path: Path) -> Element:
    try:
        root = read_xml(path)
    except ValueError as error:
        raise ValueError(f"{path}: this is no EAF file of ELAN ({error}).") from error
    if root.tag != "ANNOTATION_DOCUMENT":
        raise ValueError(f"{path}: this is no EAF file of ELAN (it begins with <{root.tag}>).")
    return root
