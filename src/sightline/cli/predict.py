"""`sightline predict`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from sightline.cli.options import ModelOptions

if TYPE_CHECKING:
    from sightline.pictures import HeadSource


@dataclass(kw_only=True)
class Predict(ModelOptions):
    """Say where the people of pictures look: annotated pictures, a JSON file each, and one table.

    Pictures that cannot be read are reported and skipped; the exit code is then 1.
    """

    source: Positional[str]
    """A picture, a folder, or a pattern in quotes such as 'photos/**/*.jpg'."""
    heads: Path | None = None
    """Head boxes in pixels: CSV, JSON, COCO, or text files per person. Else heads are detected."""
    detector: str = "auto"
    """auto, mtcnn, opencv:FILE.onnx, FILE.onnx, FILE.safetensors, or a transformers folder."""
    out: Path = Path("gaze")
    """Where results go."""
    save_heatmaps: bool = False
    """Also write the heatmaps as float16 arrays (.npy)."""
    parquet: bool = False
    """Also write the table as Parquet."""
    batch: int = 16
    """People per batch."""
    resume: bool = False
    """Go on in a folder that holds results; finished pictures are left out."""
    overwrite: bool = False
    """Replace the results in the folder."""

    def run(self) -> int:
        """Predict, write, and say what was done."""
        from rich.progress import track

        from sightline.media.image import find_images
        from sightline.pictures import Failed, predict_pictures
        from sightline.results import ResultsFolder

        paths = find_images(self.source)
        heads = self._head_source(paths)
        model = self.load()
        if model.uses_depth:
            raise ValueError(
                f"{self.model} reads depth maps, which pictures do not have; take pdp-nodepth, or "
                "give Scene.depth from Python"
            )
        people = failures = 0
        results = ResultsFolder(
            self.out,
            paths,
            origin=self.describe(),
            heatmaps=self.save_heatmaps,
            existing="resume" if self.resume else "overwrite" if self.overwrite else "refuse",
        )
        todo = [path for path in paths if not results.has(path)]
        found = predict_pictures(todo, model, heads, people_per_batch=self.batch)
        quiet = not sys.stderr.isatty()
        for picture in track(found, "predicting", total=len(todo), disable=quiet):
            if isinstance(picture, Failed):
                failures += 1
                _say(f"skipped {picture.path}: {picture.reason}")
                continue
            people += len(picture.gaze)
            results.write(picture)
        if self.parquet:
            results.write_parquet(paths)
        done = len(todo) - failures
        print(f"{done} pictures, {people} people: see {self.out}/")
        if failures:
            _say(f"{failures} of {len(todo)} pictures were skipped")
        return 1 if failures else 0

    def _head_source(self, paths: list[Path]) -> HeadSource:
        from sightline.media.detectors import choose_detector
        from sightline.media.headfiles import read_heads

        if self.heads is None:
            detector = choose_detector(self.detector)
            _say(getattr(detector, "note", ""))
            return lambda _, image: detector(image)
        table = read_heads(self.heads)
        unnamed = [path.name for path in paths if path not in table]
        if unnamed:
            count = f"{len(unnamed)} of {len(paths)} pictures"
            _say(f"{count} have no head in {self.heads}, for instance {unnamed[0]}")
        return lambda path, _: table.of(path)


def _say(message: str) -> None:
    if message:
        print(f"sightline: {message}", file=sys.stderr)
