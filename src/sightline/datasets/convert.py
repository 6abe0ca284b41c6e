"""From one form of a dataset to another."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Literal

from sightline.datasets import DATASETS
from sightline.datasets.coco import write_coco
from sightline.datasets.goo_convert import convert_goo
from sightline.datasets.goo_layout import LAYOUTS
from sightline.datasets.report import Report
from sightline.datasets.splits import SEPARATE
from sightline.datasets.voc import write_voc
from sightline.registry import UnknownNameError, resolve


def convert(
    name: str,
    root: Path,
    out: Path,
    *,
    to: Literal["arrays", "coco", "voc"],
    pictures: bool = False,
    workers: int = 2,
) -> Report:
    """Write the dataset in `root` into `out`; the report counts and says what was left out.

    pictures: with arrays, store the pictures too; COCO and VOC have them in files always.

    A split that cannot be read is a problem of that split. Raises UnknownNameError for a dataset
    that is not converted so, FileExistsError rather than replace a file, and what the reader raises
    when no split can be read.
    """
    if to == "arrays":
        if name not in LAYOUTS:
            known = ", ".join(LAYOUTS)
            raise UnknownNameError(f"{name} is not converted to arrays; known are {known}.")
        return convert_goo(name, root, out, pictures=pictures, workers=workers)
    kind, report = resolve(name, DATASETS, "dataset"), Report(f"{name}, converted to {to}")
    if not hasattr(kind, "path"):  # one picture with boxes per sample
        raise UnknownNameError(
            f"{name} is not converted to {to}; only data with boxes of objects is."
        )
    faulty: list[ValueError] = []
    for split in SEPARATE:
        if (dataset := _load(kind, root, split, report, faulty)) is not None:
            out.mkdir(parents=True, exist_ok=True)
            if to == "coco":
                faults = write_coco(dataset, out / f"{split}.json")
            else:
                faults = write_voc(dataset, out, split)
            report.count(f"{split} pictures", len(dataset) - len(faults))
            report.problems += faults
    if not report.counts and faulty:
        raise faulty[0]
    if not report.counts:
        raise FileNotFoundError(f"{root} has none of the splits {', '.join(SEPARATE)} of {name}.")
    return report


def _load(kind: Any, root: Path, split: str, report: Report, faulty: list[ValueError]) -> Any:
    """A split, or None if it is not there or `faulty`; its reader's warnings become problems."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            dataset = kind(root, split)
        except FileNotFoundError as error:
            report.notes.append(f"No {split}: {error}")
            return None
        except ValueError as error:
            faulty.append(error)
            report.problems.append(str(error))
            return None
    report.problems += [str(warning.message) for warning in caught]
    return dataset
