"""`sightline predict`."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from sightline.cli.messages import say
from sightline.cli.options import ModelOptions, ObjectMethod, ProjectionChoice, UsageError, require

if TYPE_CHECKING:
    from sightline.models.base import GazeModel
    from sightline.pictures import ModelSource
    from sightline.results import Existing
    from sightline.scene import Projection

OF_FILMS = (
    "start",
    "end",
    "stride",
    "fps",
    "rate",
    "first_frame",
    "names",
    "corrections",
    "no_video",
)


@dataclass(kw_only=True)
class Predict(ModelOptions):
    """Say where the people of pictures or films look: drawings, JSON, and one table.

    What cannot be read is reported and skipped; the exit code is then 1.
    """

    source: Annotated[Positional[str], arg(metavar="SOURCE")]
    """A picture or film, a folder, a pattern in quotes ('photos/**/*.jpg'), a camera (0), a URL."""
    model: str = "auto"
    """A model, or known weights as model.tag (see `sightline models list`); auto: the best here."""
    projection: ProjectionChoice = "auto"
    """equirectangular for panoramas all around; auto goes by metadata, then by the shape 2:1."""
    heads: Path | None = None
    """A file of head boxes (docs/heads.md), or none: one person without a box; else detected."""
    detector: str = "auto"
    """auto, mtcnn, opencv:FILE.onnx, FILE.onnx, FILE.safetensors, or a transformers folder."""
    objects: str | None = None
    """What can be looked at: a file or folder of boxes, or a detector; see docs/objects.md."""
    object_method: ObjectMethod | None = None
    """How the object looked at is chosen; mean-score if not given."""
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
    no_video: bool = False
    """Of films: write no annotated film, which saves time."""

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
        from sightline.cli.pictures import run_on_pictures
        from sightline.media.film import find_films

        self._check()
        films = [self.source] if self.as_film else find_films(self.source)
        if not films:
            self._refuse(OF_FILMS, f"films, and {self.source} is none")
            return run_on_pictures(self)
        if films == [self.source]:
            self._refuse(("save_heatmaps",), f"pictures, and {self.source} is a film")
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
        if self.object_method and not self.objects and not self._model_finds_objects():
            raise UsageError(
                f"--object-method {self.object_method} has no objects to choose from; name some "
                "with --objects, or leave it out"
            )
        if self.parquet:
            require("--parquet", {"pyarrow": "table"})
        try:
            check_choice(self.start, self.end, self.stride, self.fps)
            read_identities(self.names)
        except ValueError as error:
            raise UsageError(str(error)) from error

    def _refuse(self, names: Sequence[str], reason: str) -> None:
        """Refuse options that would do nothing."""
        given = [f for f in fields(self) if f.name in names and getattr(self, f.name) != f.default]
        if given:
            options = ", ".join("--" + field.name.replace("_", "-") for field in given)
            raise UsageError(f"{options}: for {reason}; leave out what does not apply")

    def _model_finds_objects(self) -> bool:
        return self.model != "auto" and self.load().finds_objects  # auto takes none that does

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
                say(f"skipped {film}: {reason}")
        return code

    def _pictures_beside(self, films: list[str]) -> int:
        """The pictures of a folder that holds films as well."""
        from sightline.cli.pictures import run_on_pictures
        from sightline.media.image import ImageError, find_images

        if films == [self.source]:
            return 0
        try:
            find_images(self.source)
        except (ImageError, FileNotFoundError):
            return 0
        return run_on_pictures(self)

    def chosen(self, projection: Projection) -> tuple[str, str]:
        """The model for pictures of this projection and, if the user named none, why."""
        from sightline.models.choice import best_known

        return (self.model, "") if self.model != "auto" else best_known(projection, self.weights)

    def settled(self, projection: Projection) -> Predict:
        """The same options with the model that reads pictures of this projection."""
        return replace(self, model=self.chosen(projection)[0])

    def models(self) -> ModelSource:
        """The model for pictures of each projection; what is wrong with it is raised at once."""
        from sightline.models.on_views import OnViews, fitted

        @cache
        def load(name: str, why: str) -> GazeModel:
            say(why)
            return replace(self, model=name).load()

        @cache
        def source(projection: Projection) -> GazeModel:
            name, why = self.chosen(projection)
            ready = fitted(load(name, why), projection)
            if isinstance(ready, OnViews):
                say(f"{name} reads ordinary pictures: of a panorama it sees views")
            return ready

        load(*self.chosen("perspective" if self.projection == "auto" else self.projection))
        return source

    def load(self) -> GazeModel:
        """The model; ValueError if it tells no gaze, or reads what pictures do not have."""
        model = super().load()
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
        return model

    def describe_objects(self) -> dict[str, Any]:
        """What to write beside results: the objects (files by their hash), and how they are chosen.

        None for nothing, as in results of before there were objects.
        """
        from sightline.provenance import digest

        objects = self.objects and digest(Path(self.objects), "*.xml")
        return {"objects": objects, "object method": self.object_method}
