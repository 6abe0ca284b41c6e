"""Turns the released files of GOO into safe ones that are read faster."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sightline.datasets.goo_layout import (
    LAYOUTS,
    converted,
    find_parts,
    part_folder,
    read_annotations,
    stored_pictures,
)
from sightline.datasets.goo_records import write_records
from sightline.datasets.picture_store import write_store
from sightline.datasets.report import Report
from sightline.datasets.splits import PARTS


def convert_goo(
    name: str, root: Path, out: Path, *, pictures: bool = False, workers: int = 2
) -> Report:
    """Write the annotations of the parts, and the `pictures` too, where `out` is a root to read.

    `out` may be `root`: the files lie beside the pickles then and are preferred to them. A part
    that is not there is noted. Raises FileExistsError rather than replace a file.
    """
    report, source = Report(f"{name}, converted"), part_folder(root, name)
    folder = source if out.resolve() == root.resolve() else out / LAYOUTS[name].folder
    wanted = [converted(folder, name, part) for part in PARTS]
    if pictures:
        wanted += [stored_pictures(folder, name, part) for part in PARTS]
    if there := [file for file in wanted if file.exists()]:
        raise FileExistsError(f"{there[0]} exists already; remove it to convert again.")
    files, report.notes = find_parts(root, name)
    folder.mkdir(parents=True, exist_ok=True)
    for part, released in files.items():
        records = read_annotations(released)
        report.count(f"{part} records", len(records))
        report.problems += records.broken
        if pictures:
            names = np.unique(records.files).tolist()
            below = source / LAYOUTS[name].pictures.format(part=part)
            file = stored_pictures(folder, name, part)
            report.problems += write_store(file, below, names, workers=workers)
            report.count(f"{part} MiB of pictures", file.stat().st_size // 2**20)
        write_records(converted(folder, name, part), records)  # last: it says that all is there
    if folder != source and not pictures:
        report.notes.append(f"The pictures are not copied: link their folders into {folder}.")
    return report
