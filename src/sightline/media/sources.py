"""Files that a user means by a folder or a pattern."""

from __future__ import annotations

import glob
import re
from collections.abc import Sequence
from pathlib import Path


def find_files(source: str | Path, suffixes: Sequence[str]) -> list[Path]:
    """The files with one of the suffixes in a folder or of a glob pattern, 2.jpg before 10.jpg.

    A folder means the files directly in it; `folder/**` means those in its sub-folders as well.
    Hidden files are left out.
    """
    path = Path(source)
    pattern = f"{glob.escape(str(path))}/*" if path.is_dir() else str(source)
    files = map(Path, glob.glob(pattern, recursive=True))  # noqa: PTH207, the pattern may be absolute
    found = [file for file in files if file.suffix.lower() in suffixes and file.is_file()]
    return sorted(found, key=natural_order)


def natural_order(path: Path) -> list[tuple[int, str]]:
    """A sort key by which the numbers in names count as numbers."""
    parts = re.split(r"(\d+)", str(path))
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
