"""The results of a run on pictures, in one folder; a run that broke off can go on."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sightline.draw import draw_gaze
from sightline.media.image import write_image
from sightline.media.sources import natural_order
from sightline.pictures import Found
from sightline.provenance import describe_run, write_json
from sightline.table import Row, append_csv, rows, write_parquet
from sightline.viewer.page import viewer_page
from sightline.views import views_of, views_sheet

KINDS = ("json", "jpg", "npy", "views.jpg", "html")
"""The files that a picture may have; the first tells that it is finished."""
VIEWED = 179
"""People with a row on the sheet of views: with one more it is too high for a JPEG."""
Existing = Literal["refuse", "resume", "overwrite"]


class ResultsFolder:
    """Writes what was found in each picture as it comes.

    Of photo.jpg it writes photo.jpg.gaze.jpg (annotated), on request photo.jpg.gaze.npy (heatmaps,
    float16), its rows in gaze.csv and last photo.jpg.gaze.json, which tells that the picture is
    finished. Of a panorama it also writes photo.jpg.gaze.views.jpg, views of the first `VIEWED`
    people and their targets, and photo.jpg.gaze.html, a page to look around. run.json keeps model,
    weights, versions and command line. Pictures of several folders keep their sub-folders below the
    one that they share.

    existing: what to do about results of an earlier run. A run that goes on may be about other
    pictures below the same folder; the rows of the earlier ones stay. Raises FileExistsError for
    "refuse", and for "resume" when they are of other weights, heads or objects, of another
    projection, or of pictures elsewhere.
    """

    def __init__(
        self,
        folder: Path,
        sources: Sequence[Path],
        *,
        origin: dict[str, Any],
        heatmaps: bool = False,
        existing: Existing = "refuse",
    ) -> None:
        self.folder, self.origin, self.heatmaps = folder, origin, heatmaps
        self.base = Path(os.path.commonpath([path.absolute().parent for path in sources]))
        self.table, record = folder / "gaze.csv", folder / "run.json"
        if record.exists() and existing == "refuse":
            raise FileExistsError(
                f"{folder} holds results already; continue them with --resume, replace them with "
                "--overwrite, or name another folder with --out"
            )
        self.earlier: list[Path] = []  # files of finished pictures that this run is not about
        if record.exists() and existing == "resume":
            self._go_on(json.loads(record.read_text(encoding="utf-8")))
            self.earlier = self._others(sources)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(record, describe_run(**origin, base=str(self.base)))
        if existing == "overwrite":
            for path, kind in product(sources, KINDS):
                self._file(path, kind).unlink(missing_ok=True)
        unfinished = self.table.with_name(f".gaze.csv.{os.getpid()}")
        append_csv(self.rows(sources), unfinished)
        unfinished.replace(self.table)

    def _go_on(self, earlier: dict[str, Any]) -> None:
        """Compare with the earlier run, and name files as it did.

        Runs of before heads and the folder of the pictures were written down are taken on trust.
        """
        known = self.origin if "heads" in earlier else {**self.origin, "heads": None}
        if any(earlier.get(name) != value for name, value in known.items()):
            raise FileExistsError(
                f"{self.folder} holds results of other weights, heads or objects, or of another "
                "--projection; name another folder with --out, or replace them with --overwrite"
            )
        base = Path(earlier.get("base", self.base))
        if not self.base.is_relative_to(base):
            raise FileExistsError(
                f"{self.folder} holds results of pictures in {base}, these are in {self.base}; "
                "name another folder with --out, or replace them with --overwrite"
            )
        self.base = base

    def _others(self, sources: Sequence[Path]) -> list[Path]:
        """The files of the pictures in the table that are not among the sources, in order."""
        if not self.table.exists():
            return []
        with self.table.open(encoding="utf-8", newline="") as file:
            listed = {row["image"] for row in csv.DictReader(file)}
        own = {self._file(path, "json") for path in sources}
        files = sorted(set(self.folder.rglob("*.gaze.json")) - own, key=natural_order)
        return [file for file in files if _content(file).get("image") in listed]

    def has(self, source: Path) -> bool:
        """Whether the picture is finished."""
        return self._file(source, "json").exists()

    def write(self, found: Found) -> None:
        """Write everything about one picture."""
        gaze, heads, scene = found.gaze, found.heads, found.scene
        file = self._file(found.path, "json")
        file.parent.mkdir(parents=True, exist_ok=True)
        drawn = draw_gaze(scene.image, gaze, names=heads.names)
        write_image(self._file(found.path, "jpg"), drawn)
        if self.heatmaps:
            np.save(self._file(found.path, "npy"), gaze.heatmaps.half().numpy())
        if gaze.projection == "equirectangular":
            self._write_panorama(found)
        panoramas = self.origin.get("panoramas") if gaze.projection != "perspective" else None
        origin = panoramas or self.origin
        people = rows(
            gaze,
            image=str(found.path),
            size=scene.size,
            model=origin["model"],
            weights=origin["weights"],
            names=heads.names,
            head_scores=heads.scores,
        )
        append_csv(people, self.table)
        content = {"image": str(found.path), "people": people, "gaze": gaze.to_dict(heatmaps=False)}
        write_json(file, content)

    def _write_panorama(self, found: Found) -> None:
        """The views of people and targets, and the page to look around."""
        image, gaze, names = found.scene.image, found.gaze, found.heads.names
        if len(gaze):
            views = views_of(image, gaze[:VIEWED], names=names and names[:VIEWED])
            write_image(self._file(found.path, "views.jpg"), views_sheet(views))
        page = viewer_page(image, gaze, names=names, title=found.path.name)
        self._file(found.path, "html").write_text(page, encoding="utf-8")

    def rows(self, sources: Sequence[Path]) -> list[Row]:
        """The table's rows of all finished pictures: earlier ones, then `sources` in order."""
        files = [self._file(path, "json") for path in sources if self.has(path)]
        return [row for file in self.earlier + files for row in _content(file)["people"]]

    def write_parquet(self, sources: Sequence[Path]) -> Path:
        """Write the whole table as Parquet too; returns the file."""
        path = self.table.with_suffix(".parquet")
        write_parquet(self.rows(sources), path)
        return path

    def _file(self, source: Path, kind: str) -> Path:
        name = source.absolute().relative_to(self.base)
        return self.folder / name.with_name(f"{name.name}.gaze.{kind}")


def _content(file: Path) -> dict[str, Any]:
    """What a picture's JSON file holds; nothing, if it is a file of somebody else."""
    content = json.loads(file.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) and "people" in content else {}
