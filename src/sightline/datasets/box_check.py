"""Looks a folder of VOC or COCO over: what is there, what is missing, what is broken."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from sightline.datasets.boxes import Boxes
from sightline.datasets.coco import Coco
from sightline.datasets.report import Report
from sightline.datasets.splits import SEPARATE
from sightline.datasets.voc import Voc
from sightline.media.image import ImageError, read_size


def check_coco(root: Path) -> Report:
    """Count the pictures, boxes and people of every split; find what is left out and missing."""
    return _check(Coco, root)


def check_voc(root: Path) -> Report:
    """The same of a VOC folder."""
    return _check(Voc, root)


def _check(kind: type[Boxes], root: Path) -> Report:
    report, faulty = Report(kind.name), []
    missing: list[Exception] = []
    for split in SEPARATE:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what it says is among the problems below
                dataset = kind(root, split)
        except FileNotFoundError as error:
            missing.append(error)
            continue
        except ValueError as error:
            faulty.append(error)
            report.problems.append(str(error))
            continue
        _check_split(report, dataset, split)
    if len(missing) + len(faulty) == len(SEPARATE):
        raise (faulty + missing)[0]
    return report


def _check_split(report: Report, dataset: Boxes, split: str) -> None:
    records = dataset.records
    report.count(f"{split} pictures", len(records))
    report.count(f"{split} boxes", len(records.boxes))
    report.count(f"{split} boxes ignored (difficult, crowd)", records.ignored.sum().item())
    if records.with_gaze:
        report.count(f"{split} people", len(records.heads))
        report.count(f"{split} people without a gaze point", records.points[:, 0].isnan().sum())
        report.count(f"{split} people without a gaze object", (records.gaze_objects < 0).sum())
    for label, name in enumerate(records.classes):
        report.count(f"{split} boxes of class {name}", (records.labels == label).sum().item())
    report.problems += records.broken
    sizes = _sizes(report, dataset)
    report.count(f"{split} pictures missing or unreadable", (sizes[:, 0] == 0).sum())
    known = (sizes[:, 0] > 0) & (records.sizes[:, 0] > 0)
    other = known & (sizes != records.sizes).any(axis=1)
    report.count(f"{split} pictures of another size than annotated", other.sum())
    edges = np.repeat(sizes, np.diff(records.ends, prepend=0), axis=0)
    low, high = records.boxes[:, :2].numpy(), records.boxes[:, 2:].numpy()
    beyond = ((low < 0) | (high > edges)).any(axis=1) & (edges[:, 0] > 0)
    report.count(f"{split} boxes reaching outside the picture", beyond.sum())


def _sizes(report: Report, dataset: Boxes) -> np.ndarray:
    """Width and height (R, 2) of every picture, 0 of those that cannot be read."""
    sizes = np.zeros((len(dataset), 2), int)
    for index in range(len(dataset)):
        try:
            sizes[index] = read_size(dataset.path(index))
        except ImageError as error:
            report.problems.append(str(error))
    return sizes
