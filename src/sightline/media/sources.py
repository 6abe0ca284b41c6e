"""Files that a user means by a folder or a pattern."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from pathlib import Path

RESULT = re.compile(r"\.\w+\.gaze\.((people|views)\.)?\w+$")
"""Names of what a run writes, perhaps beside its sources, which have an ending."""


def find_files(source: str | Path, suffixes: Sequence[str]) -> list[Path]:
    """The files with one of the suffixes in a folder or of a glob pattern, 2.jpg before 10.jpg.

    A folder means the files directly in it; `folder/**` means those in its sub-folders as well.
    Hidden files are left out, and results such as film.mp4.gaze.mp4, but not one's own my.gaze.jpg.
    """
    path = Path(source)
    pattern = f"{glob.escape(str(path))}/*" if path.is_dir() else str(source)
    files = map(Path, glob.glob(pattern, recursive=True))  # noqa: PTH207, the pattern may be absolute
    found = [file for file in files if file.suffix.lower() in suffixes and file.is_file()]
    return sorted((file for file in found if not _is_result(file)), key=natural_order)


def _is_result(file: Path) -> bool:
    """Whether a run wrote the file; of a folder or a camera (0.gaze.mp4) its record tells."""
    record = file.with_name(f"{file.name.rpartition('.gaze.')[0]}.gaze.run.json")
    named = RESULT.search(file.name) or (".gaze." in file.name and record.exists())
    return bool(named) or file.parent.name.endswith(".gaze.parts")


def natural_order(path: Path) -> list[tuple[int, str]]:
    """A sort key by which the numbers in names count as numbers."""
    parts = re.split(r"(\d+)", str(path))
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
