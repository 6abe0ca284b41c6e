"""Prediction on pictures: read, find heads, predict in batches."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from sightline.gaze import Gaze
from sightline.gaze_objects import Method, settle_objects
from sightline.geometry.boxes import to_unit
from sightline.media.detectors import choose_detector
from sightline.media.headfiles import read_heads
from sightline.media.heads import HeadDetector, Heads
from sightline.media.image import read_image
from sightline.media.objects import ObjectSource
from sightline.media.panorama_heads import PanoramaDetector, settle_boxes
from sightline.media.projection import Choice, picture_projection
from sightline.models import load
from sightline.models.base import GazeModel
from sightline.models.choice import best_known
from sightline.models.on_views import fitted
from sightline.object_sources import choose_objects
from sightline.scene import Objects, Projection, Scene

MOST_BYTES = 500_000_000
"""Of pictures that wait for enough people: seven of 24 megapixels."""

GivenHeads = Sequence[Sequence[float]] | Tensor | str | Path
"""Boxes (P, 4) in pixels, or a file of them."""

HeadSource = Callable[[Scene], Heads]
"""(scene without people, its file as the key) -> heads: a table of given boxes, or a detector."""

ModelSource = Callable[[Projection], GazeModel]
"""The model for pictures of a projection; one that reads them."""


@dataclass
class Found:
    """A picture with the gaze of its people.

    note: what users should know of how it was taken.
    """

    path: Path
    scene: Scene
    heads: Heads
    gaze: Gaze
    note: str = ""


@dataclass
class Failed:
    """A picture that could not be read or predicted, and why, without its path."""

    path: Path
    reason: str


def predict(
    source: str | Path,
    heads: GivenHeads | None = None,
    *,
    model: str | GazeModel | None = None,
    weights: str | Path | None = None,
    detector: str | None = None,
    objects: str | Path | Objects | None = None,
    method: Method | None = None,
    projection: Choice = "auto",
) -> Gaze:
    """Where the people of one picture look, and with `objects` at which of them.

    heads: (P, 4) boxes x_min, y_min, x_max, y_max in pixels, or a file of them as docs/heads.md
    describes; without them `detector` finds heads.
    model: a name for `sightline.load`, with `weights` if it needs a file, or a loaded model; None
    takes the best whose weights are here, see docs/weights.md.
    objects: in pixels, or a file or detector for `choose_objects`; else those that the model finds.
    method: how the object is chosen, see docs/objects.md.
    projection: "auto" takes what is declared as a panorama, or is exactly 2:1, for one, and warns.

    Raises ImageError for a file that is no picture, ValueError for boxes that cannot be right and
    a method without objects, and what `load` and the detector raise.
    """
    if not isinstance(objects, str | Path | Objects | None):
        raise TypeError(
            "objects are boxes as sightline.Objects(boxes, labels, scores), or a file or detector "
            f"of them; this is a {type(objects).__name__}"
        )
    people = detecting(choose_detector(detector)) if heads is None else given_heads(heads)
    picture = _look(Path(source), people, projection)
    if picture.note:
        warnings.warn(picture.note, stacklevel=2)
    if isinstance(objects, str | Path):
        objects = choose_objects(objects)(Path(source), picture.scene.image)
    scene = replace(picture.scene, objects=objects)
    chosen = choose_model(scene.projection, model, weights)
    if method is not None and objects is None and not chosen.finds_objects:
        raise ValueError(
            f"method={method!r} has no objects to choose from; give some, or leave it out"
        )
    return _gazes(chosen, [scene], method)[0]


def choose_model(
    projection: Projection,
    model: str | GazeModel | None = None,
    weights: str | Path | None = None,
) -> GazeModel:
    """A model for pictures of a projection, by default the best whose weights are here.

    Raises what `load` raises, and ValueError for a model that does not read such pictures.
    """
    if not isinstance(model, GazeModel):
        model = load(model or best_known(projection, weights)[0], weights)
    return fitted(model, projection)


def given_heads(heads: GivenHeads) -> HeadSource:
    """The heads that a user gives: boxes (P, 4) in pixels, or those of the picture in a file.

    Raises ValueError for what are no boxes, and for fractions of the picture.
    """
    if isinstance(heads, str | Path):
        table = read_heads(heads, over_seam=True)
        return lambda scene: table.of(scene.key)
    try:
        boxes = torch.as_tensor(heads, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError):
        boxes = torch.empty(1)
    if boxes.numel() and boxes.shape[-1] != 4:
        raise ValueError(
            "heads: give boxes (P, 4) of x_min, y_min, x_max, y_max in pixels, or a file"
        )
    if boxes.numel() and boxes.max() <= 1:
        raise ValueError("heads: the boxes look like fractions of the picture; give pixels")
    boxes = boxes.reshape(-1, 4)
    return lambda _: Heads(boxes, torch.ones(len(boxes)))


def detecting(detector: HeadDetector) -> HeadSource:
    """The heads that a detector finds, in panoramas in views of them."""
    around = PanoramaDetector(detector)
    return lambda scene: (detector if scene.projection == "perspective" else around)(scene.image)


def predict_pictures(
    paths: Sequence[Path],
    model: GazeModel | ModelSource,
    heads: HeadSource,
    *,
    objects: ObjectSource | None = None,
    method: Method | None = None,
    projection: Choice = "auto",
    people_per_batch: int = 16,
    readers: int = 2,
) -> Iterator[Found | Failed]:
    """Predict many pictures; people of several pictures share a batch, bad files cost nobody else.

    Reading and detection run in `readers` threads ahead of the network, a few pictures at most.
    model: one for all pictures, or by their projection, which is as in `predict`.
    objects: what can be looked at, chosen by `method`; without it what the model finds, if it does.
    """
    models = cache(partial(fitted, model)) if isinstance(model, GazeModel) else model
    read = partial(_read, heads=heads, objects=objects, projection=projection)
    waiting: list[Found] = []
    for picture in _read_ahead(paths, read, readers):
        if isinstance(picture, Failed):
            yield picture
            continue
        if waiting and picture.scene.projection != waiting[0].scene.projection:
            yield from _predict_together(models, waiting, method)
            waiting = []
        waiting.append(picture)
        people = sum(len(found.scene) for found in waiting)
        size = sum(found.scene.image.nbytes for found in waiting)
        if people >= people_per_batch or len(waiting) >= 64 or size > MOST_BYTES:
            yield from _predict_together(models, waiting, method)
            waiting = []
    yield from _predict_together(models, waiting, method)


def _read_ahead(
    paths: Sequence[Path], read: Callable[[Path], Found | Failed], readers: int
) -> Iterator[Found | Failed]:
    """Pictures in order, read by threads that stay at most 4 pictures each ahead."""
    remaining = iter(paths)
    with ThreadPoolExecutor(readers) as pool:
        running: list[Future[Found | Failed]] = [
            pool.submit(read, path) for path in islice(remaining, 4 * readers)
        ]
        while running:
            yield running.pop(0).result()
            running += [pool.submit(read, path) for path in islice(remaining, 1)]


def _read(
    path: Path, heads: HeadSource, objects: ObjectSource | None, projection: Choice
) -> Found | Failed:
    try:
        picture = _look(path, heads, projection)
        if objects is not None:
            picture.scene.objects = objects(path, picture.scene.image)
        return picture
    except Exception as error:  # one bad file must not cost the others
        return _failed(path, error)


def _failed(path: Path, error: Exception) -> Failed:
    return Failed(path, str(error).removeprefix(f"{path}: ") or type(error).__name__)


def _look(path: Path, heads: HeadSource, choice: Choice) -> Found:
    """The picture and its people; nobody's gaze yet."""
    scene = Scene(read_image(path), torch.zeros(0, 4), key=str(path))
    scene.projection, note = picture_projection(path, scene.size, choice)
    found = heads(scene)
    boxes = settle_boxes(found.boxes, scene.size, scene.projection)
    return Found(path, replace(scene, heads=boxes), found, Gaze.nobody(), note)


def _predict_together(
    models: ModelSource, pictures: list[Found], method: Method | None
) -> Iterable[Found | Failed]:
    """The same pictures, all of one projection, with the gaze of their people."""
    if not pictures:
        return []
    try:
        model = models(pictures[0].scene.projection)
        gazes = _gazes(model, [picture.scene for picture in pictures], method)
    except Exception as error:
        if len(pictures) == 1:
            return [_failed(pictures[0].path, error)]
        return [one for picture in pictures for one in _predict_together(models, [picture], method)]
    for picture, gaze in zip(pictures, gazes, strict=True):
        picture.gaze = gaze
    return pictures


def _gazes(model: GazeModel, scenes: list[Scene], method: Method | None) -> list[Gaze]:
    """The gaze in each scene with the scene's objects, if it has some, or the model's own."""
    if not model.tells_gaze:
        raise ValueError("This model tells nobody's gaze; give it as objects, beside one of gaze.")
    if any(s.objects is not None and s.projection != "perspective" for s in scenes):
        raise ValueError(
            "Objects are looked at in ordinary pictures only; give none for panoramas."
        )
    # to a model the objects of a scene are labels, which it must not see
    gazes = model.predict([replace(scene, objects=None) for scene in scenes])
    return [
        settle_objects(gaze, objects, method)
        for gaze, objects in zip(gazes, map(_unit_objects, scenes), strict=True)
    ]


def _unit_objects(scene: Scene) -> Objects | None:
    given = scene.objects
    if given is None:
        return None
    return replace(given, boxes=to_unit(given.boxes.float(), scene.size))
