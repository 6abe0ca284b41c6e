"""The results of a run on pictures, in one folder; a run that broke off can go on."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sightline.draw import draw_gaze
from sightline.media.image import write_image
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

    existing: what to do about results of an earlier run. Raises FileExistsError for "refuse", and
    for "resume" when they are of other weights or objects, or of another projection.
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
        if record.exists() and existing == "resume":
            earlier = json.loads(record.read_text(encoding="utf-8"))
            if any(earlier.get(name) != value for name, value in origin.items()):
                raise FileExistsError(
                    f"{folder} holds results of other weights or objects, or of another "
                    "--projection; name another folder with --out, or replace them with --overwrite"
                )
        folder.mkdir(parents=True, exist_ok=True)
        write_json(record, describe_run(**origin))
        self.table.unlink(missing_ok=True)
        if existing == "overwrite":
            for path, kind in product(sources, KINDS):
                self._file(path, kind).unlink(missing_ok=True)
        append_csv(self.rows(sources), self.table)

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
        """The table's rows of all finished pictures, in the order of `sources`."""
        files = [self._file(path, "json") for path in sources if self.has(path)]
        contents = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        return [row for content in contents for row in content["people"]]

    def write_parquet(self, sources: Sequence[Path]) -> Path:
        """Write the whole table as Parquet too; returns the file."""
        path = self.table.with_suffix(".parquet")
        write_parquet(self.rows(sources), path)
        return path

    def _file(self, source: Path, kind: str) -> Path:
        name = source.absolute().relative_to(self.base)
        return self.folder / name.with_name(f"{name.name}.gaze.{kind}")
