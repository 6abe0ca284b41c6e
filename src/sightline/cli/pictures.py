"""`sightline predict` on pictures."""

from __future__ import annotations

import sys
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sightline.cli.messages import counted, say

if TYPE_CHECKING:
    from sightline.cli.predict import Predict
    from sightline.media.objects import ObjectSource
    from sightline.pictures import Failed, Found, HeadSource
    from sightline.results import ResultsFolder


def run_on_pictures(options: Predict) -> int:
    """Predict, write, and say what was done; 1 if pictures had to be skipped."""
    from sightline.media.image import find_images
    from sightline.pictures import predict_pictures
    from sightline.results import ResultsFolder

    paths = find_images(options.source)
    heads, objects = _head_source(options, paths), _object_source(options, paths)
    models = options.models()
    results = ResultsFolder(
        options.out,
        paths,
        origin=_origin(options),
        heatmaps=options.save_heatmaps,
        existing=options.existing,
    )
    todo = [path for path in paths if not results.has(path)]
    found = predict_pictures(
        todo,
        models,
        heads,
        objects=objects,
        method=options.object_method,
        projection=options.projection,
        people_per_batch=options.batch,
    )
    tally = _write(found, results, len(todo))
    if options.parquet:
        results.write_parquet(paths)
    pictures = counted(tally.pictures, "picture", "pictures")
    print(f"{pictures}, {counted(tally.people, 'person', 'people')}: see {options.out}/")
    if tally.guessed > 1:
        say(f"{tally.guessed} of {len(todo)} pictures were taken for panoramas")
    if tally.skipped:
        say(f"{tally.skipped} of {len(todo)} pictures were skipped")
    return 1 if tally.skipped else 0


@dataclass
class _Tally:
    """How many pictures and people were written, were skipped, were taken for panoramas."""

    pictures: int = 0
    people: int = 0
    skipped: int = 0
    guessed: int = 0


def _write(found: Iterable[Found | Failed], results: ResultsFolder, total: int) -> _Tally:
    """Write pictures as they come, with a bar, and say which are skipped."""
    from rich.console import Console
    from rich.progress import track

    from sightline.pictures import Failed

    tally = _Tally()
    quiet, console = not sys.stderr.isatty(), Console(stderr=True)
    for picture in track(found, "predicting", total=total, console=console, disable=quiet):
        if isinstance(picture, Failed):
            tally.skipped += 1
            say(f"skipped {picture.path}: {picture.reason}")
            continue
        if picture.note:
            tally.guessed += 1
            say(picture.note if tally.guessed == 1 else "")
        try:
            results.write(picture)
        except ValueError as error:  # too long for a JPEG
            tally.skipped += 1
            say(f"skipped {picture.path}: {error}")
            continue
        tally.pictures += 1
        tally.people += len(picture.gaze)
    return tally


def _origin(options: Predict) -> dict[str, Any]:
    """What to write beside results; None for what is as usual."""
    from sightline.provenance import digest

    pictures, panoramas = (
        options.settled(kind).describe() for kind in ("perspective", "equirectangular")
    )
    return {
        **pictures,
        "panoramas": panoramas if panoramas != pictures else None,
        "projection": None if options.projection == "auto" else options.projection,
        "heads": digest(options.heads, "*.txt") if options.heads else options.detector,
        **options.describe_objects(),
    }


def _head_source(options: Predict, paths: list[Path]) -> HeadSource:
    from sightline.media.detectors import choose_detector
    from sightline.media.headfiles import read_heads
    from sightline.media.heads import Heads
    from sightline.pictures import detecting

    if options.heads is None:
        detector = choose_detector(options.detector)
        say(getattr(detector, "note", ""))
        return detecting(detector)
    if options.without_boxes:
        return lambda _: Heads.somebody()
    table = read_heads(options.heads, over_seam=options.projection != "perspective")
    _say_unnamed(paths, table, f"no head in {options.heads}")
    return lambda scene: table.of(scene.key)


def _object_source(options: Predict, paths: list[Path]) -> ObjectSource | None:
    from sightline.media.objectfiles import ObjectTable
    from sightline.object_sources import choose_objects

    if options.objects is None:
        return None
    source = choose_objects(options.objects, device=options.device)
    if isinstance(source, ObjectTable):
        _say_unnamed(paths, source, f"no objects in {options.objects}")
    return source


def _say_unnamed(paths: list[Path], table: Container[Path], lack: str) -> None:
    """Say how many of the pictures a table does not name, and so have `lack`."""
    unnamed = [path.name for path in paths if path not in table]
    if unnamed:
        say(f"{len(unnamed)} of {len(paths)} pictures have {lack}, for instance {unnamed[0]}")
