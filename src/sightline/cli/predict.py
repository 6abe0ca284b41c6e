"""`sightline predict`."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tyro.conf import Positional

from sightline.cli.options import ModelOptions, ObjectMethod, ProjectionChoice, UsageError, require

if TYPE_CHECKING:
    from sightline.media.objects import ObjectSource
    from sightline.models.base import GazeModel
    from sightline.pictures import HeadSource, ModelSource
    from sightline.results import Existing
    from sightline.scene import Projection


@dataclass(kw_only=True)
class Predict(ModelOptions):
    """Say where the people of pictures or films look: drawings, JSON, and one table.

    What cannot be read is reported and skipped; the exit code is then 1.
    """

    source: Positional[str]
    """A picture or film, a folder, a pattern in quotes ('photos/**/*.jpg'), a camera (0), a URL."""
    model: str = "auto"
    """A model, or known weights as model.tag (see `sightline models list`); auto takes the best
    whose weights are here."""
    projection: ProjectionChoice = "auto"
    """equirectangular are panoramas all around; auto goes by metadata, then by the shape 2:1."""
    heads: Path | None = None
    """Head boxes in pixels: CSV, JSON, COCO, MOT, or text files per person. Else detected. With
    none there is one person without a box in each picture, for models that can (gazelle)."""
    detector: str = "auto"
    """auto, mtcnn, opencv:FILE.onnx, FILE.onnx, FILE.safetensors, or a transformers folder."""
    objects: str | None = None
    """What can be looked at: a file of boxes, a folder of VOC files or of a transformers detector,
    or a model that detects (gatector.TAG, gatector-detector:FILE)."""
    object_method: ObjectMethod | None = None
    """How the object looked at is chosen; see docs/objects.md."""
    out: Path = Path("gaze")
    """Where results go."""
    save_heatmaps: bool = False
    """Of pictures: also write the heatmaps as float16 arrays (.npy)."""
    parquet: bool = False
    """Also write the table as Parquet."""
    batch: int = 16
    """People per batch."""
    resume: bool = False
    """Go on in a folder that holds results; what is finished is left out."""
    overwrite: bool = False
    """Replace the results in the folder."""
    start: float = 0.0
    """Of films: from which second on."""
    end: float | None = None
    """Of films: up to which second."""
    stride: int = 1
    """Of films: every so many frames."""
    fps: float | None = None
    """Of films: so many frames a second, instead of --stride."""
    as_film: bool = False
    """Take a folder of pictures as the frames of one film."""
    rate: float = 25.0
    """Frames a second of such a folder."""
    first_frame: int | None = None
    """The number that the file of heads gives to a film's first frame."""
    names: tuple[str, ...] = ()
    """Of films: what to call people, such as 3=mother 4=child."""
    corrections: Path | None = None
    """Of films: a JSON file that merges, splits, drops and renames identities."""
    video: bool = True
    """Of films: whether to write the annotated film."""

    @property
    def existing(self) -> Existing:
        """What to do about earlier results."""
        return "resume" if self.resume else "overwrite" if self.overwrite else "refuse"

    @property
    def without_boxes(self) -> bool:
        """Whether there is one person without a box in each picture."""
        return str(self.heads) == "none"

    def run(self) -> int:
        """Predict films first, then pictures."""
        from sightline.media.film import find_films

        self._check()
        films = [self.source] if self.as_film else find_films(self.source)
        if not films:
            return self._predict_pictures()
        if self.without_boxes:
            raise UsageError(
                "--heads none is for pictures: nobody can be followed through a film without a "
                "box; give boxes (--heads FILE), or leave it out to have heads detected"
            )
        return max(self._predict_films(films), self._pictures_beside(films))

    def _check(self) -> None:
        """Refuse options that make no sense."""
        from sightline.films.identities import read_identities
        from sightline.media.film import check_choice

        if not self.source:
            raise UsageError("the source is empty; name a picture, a film or a folder")
        if self.batch < 1:
            raise UsageError(f"--batch is {self.batch}; give the number of people, at least 1")
        if not 0 < self.rate < math.inf:
            raise UsageError(f"--rate is {self.rate}; give the pictures per second of the folder")
        if self.resume and self.overwrite:
            raise UsageError("--resume keeps what is there, --overwrite does not; give one of them")
        if self.parquet:
            require("--parquet", {"pyarrow": "table"})
        try:
            check_choice(self.start, self.end, self.stride, self.fps)
            read_identities(self.names)
        except ValueError as error:
            raise UsageError(str(error)) from error

    def _predict_films(self, films: list[str]) -> int:
        """Each on its own: what is wrong with one costs the others nothing."""
        from sightline.cli.films import predict_film

        if len(films) == 1:
            predict_film(self, films[0], self.out)
            return 0
        base = os.path.commonpath([Path(film).absolute().parent for film in films])
        code = 0
        for film in films:
            folder = self.out / Path(film).absolute().parent.relative_to(base)
            try:
                predict_film(self, film, folder)
            except Exception as error:
                code = 1
                reason = str(error).removeprefix(f"{film}: ")
                _say(f"skipped {film}: {reason}")
        return code

    def _pictures_beside(self, films: list[str]) -> int:
        """The pictures of a folder that holds films as well."""
        from sightline.media.image import ImageError, find_images

        if films == [self.source]:
            return 0
        try:
            find_images(self.source)
        except (ImageError, FileNotFoundError):
            return 0
        return self._predict_pictures()

    def _predict_pictures(self) -> int:
        from rich.progress import track

        from sightline.media.image import find_images
        from sightline.pictures import Failed, predict_pictures
        from sightline.results import ResultsFolder

        paths = find_images(self.source)
        heads, objects = self._head_source(paths), self._object_source(paths)
        models = self.models()
        people = failures = panoramas = 0
        results = ResultsFolder(
            self.out,
            paths,
            origin=self._origin(),
            heatmaps=self.save_heatmaps,
            existing=self.existing,
        )
        todo = [path for path in paths if not results.has(path)]
        found = predict_pictures(
            todo,
            models,
            heads,
            objects=objects,
            method=self.object_method,
            projection=self.projection,
            people_per_batch=self.batch,
        )
        quiet = not sys.stderr.isatty()
        for picture in track(found, "predicting", total=len(todo), disable=quiet):
            if isinstance(picture, Failed):
                failures += 1
                _say(f"skipped {picture.path}: {picture.reason}")
                continue
            if picture.note:
                panoramas += 1
                _say(picture.note if panoramas == 1 else "")
            people += len(picture.gaze)
            results.write(picture)
        if self.parquet:
            results.write_parquet(paths)
        done = len(todo) - failures
        print(f"{done} pictures, {people} people: see {self.out}/")
        if panoramas > 1:
            _say(f"{panoramas} of {len(todo)} pictures were taken for panoramas")
        if failures:
            _say(f"{failures} of {len(todo)} pictures were skipped")
        return 1 if failures else 0

    def settled(self, projection: Projection) -> Predict:
        """The same options with the model that reads pictures of this projection."""
        from sightline.models.choice import best_known

        if self.model != "auto":
            return self
        return replace(self, model=best_known(projection, self.weights)[0])

    def say_choice(self, projection: Projection) -> None:
        """Tell which model is taken, and why, if the user named none."""
        from sightline.models.choice import best_known

        if self.model == "auto":
            _say(best_known(projection, self.weights)[1])

    def models(self) -> ModelSource:
        """The model for pictures of each projection; what is wrong with it is raised at once."""
        if self.model != "auto":
            model = self.load()
            self.refuse(model)
            return cache(partial(self._fitted, model))
        source = cache(self._chosen)
        source("equirectangular" if self.projection == "equirectangular" else "perspective")
        return source

    def _chosen(self, projection: Projection) -> GazeModel:
        self.say_choice(projection)
        return self.settled(projection).models()(projection)

    def _fitted(self, model: GazeModel, projection: Projection) -> GazeModel:
        from sightline.models.on_views import OnViews, fitted

        ready = fitted(model, projection)
        if isinstance(ready, OnViews):
            _say(f"{self.model} reads ordinary pictures: of a panorama it sees views")
        return ready

    def refuse(self, model: GazeModel) -> None:
        """Raise ValueError for a model that tells no gaze, or reads what pictures do not have."""
        if not model.tells_gaze:
            raise ValueError(
                f"{self.model} tells nobody's gaze; give it as --objects {self.model}:FILE, beside "
                "a model of gaze"
            )
        if model.uses_depth:
            raise ValueError(
                f"{self.model} reads depth maps, which pictures and films do not have; take "
                "the model without depth (-nodepth), or give Scene.depth from Python"
            )

    def _origin(self) -> dict[str, Any]:
        """What to write beside results of pictures; None for what is as usual."""
        pictures, panoramas = (
            self.settled(kind).describe() for kind in ("perspective", "equirectangular")
        )
        return {
            **pictures,
            "panoramas": panoramas if panoramas != pictures else None,
            "projection": None if self.projection == "auto" else self.projection,
            **self.describe_objects(),
        }

    def describe_objects(self) -> dict[str, Any]:
        """What to write beside results: the objects (files by their hash), and how they are chosen.

        None for nothing, as in results of before there were objects.
        """
        from sightline.provenance import digest

        objects = self.objects and digest(Path(self.objects), "*.xml")
        return {"objects": objects, "object method": self.object_method}

    def _object_source(self, paths: list[Path]) -> ObjectSource | None:
        from sightline.media.objectfiles import ObjectTable
        from sightline.object_sources import choose_objects

        if self.objects is None:
            return None
        source = choose_objects(self.objects, device=self.device)
        unnamed = [path for path in paths if isinstance(source, ObjectTable) and path not in source]
        if unnamed:
            count = f"{len(unnamed)} of {len(paths)} pictures"
            _say(f"{count} have no objects in {self.objects}, for instance {unnamed[0].name}")
        return source

    def _head_source(self, paths: list[Path]) -> HeadSource:
        from sightline.media.detectors import choose_detector
        from sightline.media.headfiles import read_heads
        from sightline.media.heads import Heads
        from sightline.pictures import detecting

        if self.heads is None:
            detector = choose_detector(self.detector)
            _say(getattr(detector, "note", ""))
            return detecting(detector)
        if self.without_boxes:
            return lambda _: Heads.somebody()
        table = read_heads(self.heads, over_seam=self.projection != "perspective")
        unnamed = [path.name for path in paths if path not in table]
        if unnamed:
            count = f"{len(unnamed)} of {len(paths)} pictures"
            _say(f"{count} have no head in {self.heads}, for instance {unnamed[0]}")
        return lambda scene: table.of(scene.key)


def _say(message: str) -> None:
    if message:
        print(f"sightline: {message}", file=sys.stderr)
