"""One run at a time writes the results of a film in a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from sightline.media.film_writer import writing

LONGEST = 220  # bytes of a film's name; most file systems end at 255, and endings are added


@contextmanager
def claimed(folder: Path, name: str) -> Iterator[None]:
    """Keep other runs off the results of the film called `name`, making the folder if needed.

    Raises FileExistsError while another run writes them, ValueError for a name that is too long,
    and OSError where nothing can be written.
    """
    if len(os.fsencode(name)) > LONGEST:
        raise ValueError(f"{name}: the name is too long for results named after it; rename it")
    file = folder / f".{name}.gaze.lock"
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        file.touch()
    lock = FileLock(file, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise FileExistsError(
            f"another run is writing the results of {name} in {folder}; wait for it to end, or "
            "name another folder with --out"
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):  # where files that are open cannot be removed
            file.unlink()
        lock.release()
