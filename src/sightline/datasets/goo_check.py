"""Looks a copy of GOO over: what is there, what is missing, what is broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from sightline.datasets.goo import FRAME, visible
from sightline.datasets.goo_layout import LAYOUTS, Pictures, find_parts, read_annotations
from sightline.datasets.goo_records import GooRecords
from sightline.datasets.report import Report
from sightline.datasets.splits import PARTS
from sightline.geometry.boxes import areas
from sightline.goo_classes import GOO_CLASSES
from sightline.media.image import ImageError


def check_goo_synth(root: Path) -> Report:
    """Count records, boxes and pictures of GOO-Synth; find what a reader would trip over."""
    return check_release("goo-synth", root)


def check_goo_real(root: Path) -> Report:
    """The same of GOO-Real as GaTector splits it."""
    return check_release("goo-real", root)


def check_goo_real_oneshot(root: Path) -> Report:
    """The same of GOO's own split of GOO-Real."""
    return check_release("goo-real-oneshot", root)


def check_goo(root: Path) -> Report:
    """The same of all releases that lie in a folder."""
    here = [name for name, layout in LAYOUTS.items() if (root / layout.folder).is_dir()]
    if not here:
        folders = ", ".join(layout.folder for layout in LAYOUTS.values())
        raise FileNotFoundError(f"{root} holds no release of GOO; give the folder of {folders}.")
    report = Report("goo")
    for name in here:
        found = check_release(name, root)
        report.counts += [(f"{name}: {label}", number) for label, number in found.counts]
        report.notes += [f"{name}: {note}" for note in found.notes]
        report.problems += [f"{name}: {problem}" for problem in found.problems]
    return report


def check_release(name: str, root: Path) -> Report:
    """The same of one of the `LAYOUTS`."""
    report, totals = Report(name), dict.fromkeys(PARTS, 0)
    files, report.problems = find_parts(root, name)
    for part, file in files.items():
        records = read_annotations(file)
        totals[part] = len(records) + len(records.broken)
        report.count(f"{part} records", totals[part])
        report.count(f"{part} records left out: unreadable", len(records.broken))
        report.problems += records.broken
        places = [f"{file.name}: record {number}" for number in records.numbers.tolist()]
        _check_gaze(report, records, part, places)
        _check_boxes(report, records, part, places)
        _check_pictures(report, records, part, places, Pictures(root, name, part))
    if tuple(totals.values()) != LAYOUTS[name].published:
        train, test = LAYOUTS[name].published
        report.notes.append(
            f"The published split has {train:,} training and {test:,} test records, not "
            f"{totals['train']:,} and {totals['test']:,}."
        )
    return report


def _check_gaze(report: Report, records: GooRecords, part: str, places: list[str]) -> None:
    labelled, rows = records.labelled, records.gaze_rows
    report.count(f"{part} records without gaze", (~labelled).sum())
    report.count(f"{part} gaze objects occluded", (labelled & (records.occluded == 1)).sum())
    report.count(f"{part} gaze objects not visible (gazeIdx is -1)", (labelled & (rows < 0)).sum())
    report.count(f"{part} gaze points missing", (labelled & np.isnan(records.gaze[:, 0])).sum())
    head = rows == records.ends - records.starts - 1
    _tell(report, f"{part} gaze objects that are the head itself", head, places)
    chosen = (rows >= 0) & ~head
    box = np.where(chosen, records.starts + rows, 0)
    items, labels = records.gaze_items, records.labels[box]
    other = chosen & (items != -1) & (items != labels)
    _tell(report, f"{part} gaze items of another class than row gazeIdx", other, places)
    low, high = records.boxes[box, :2], records.boxes[box, 2:]
    outside = ((records.gaze < low) | (records.gaze > high)).any(axis=1)  # false where NaN
    _tell(report, f"{part} gaze points outside the box of their object", chosen & outside, places)


def _check_boxes(report: Report, records: GooRecords, part: str, places: list[str]) -> None:
    counts = records.ends - records.starts
    record = np.repeat(np.arange(len(records)), counts)
    rows = np.arange(counts.sum()) - np.repeat(counts.cumsum() - counts, counts)
    rows += records.starts[record]
    boxes, labels = torch.from_numpy(records.boxes[rows]), records.labels[rows]
    report.count(f"{part} boxes", len(boxes))
    flat = (areas(boxes) == 0).numpy()
    unseen = ~visible(boxes, FRAME).numpy() & ~flat
    beyond = ((boxes[:, :2] < 0) | (boxes[:, 2:] > torch.tensor(FRAME))).any(dim=1).numpy()
    of_box = [places[i] for i in record.tolist()] if (flat | unseen | beyond).any() else places
    _tell(report, f"{part} boxes left out: without an area", flat, of_box)
    _tell(report, f"{part} boxes left out: outside the picture", unseen, of_box)
    _tell(report, f"{part} boxes reaching outside the picture", beyond & ~unseen & ~flat, of_box)
    for label, count in enumerate(np.bincount(labels, minlength=len(GOO_CLASSES)).tolist()):
        if label:  # 0 is a placeholder
            report.count(f"{part} boxes of class {label}, {GOO_CLASSES[label]}", count)


def _check_pictures(
    report: Report, records: GooRecords, part: str, places: list[str], pictures: Pictures
) -> None:
    """Compare the headers of the pictures with the records; no pixels are decoded."""
    sizes = np.zeros((len(records), 2), int)
    for i, name in enumerate(records.files.tolist()):
        try:
            sizes[i] = pictures.size(name)
        except ImageError as error:
            report.problems.append(f"{places[i]}: {error}")
    missing = sizes[:, 0] == 0
    report.count(f"{part} pictures missing or unreadable", missing.sum())
    other = ~missing & (sizes != records.sizes).any(axis=1)
    _tell(report, f"{part} pictures of another size than the record's", other, places)


def _tell(report: Report, label: str, found: np.ndarray, places: list[str]) -> None:
    """Count, and note where the first one is."""
    report.count(label, found.sum())
    if found.any():
        report.notes.append(f"{label}: the first is in {places[int(found.argmax())]}.")
