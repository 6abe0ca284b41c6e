"""Prediction on pictures: read, find heads, predict in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from sightline.gaze import Gaze
from sightline.gaze_objects import Method, settle_objects
from sightline.geometry.boxes import to_unit
from sightline.media.detectors import choose_detector
from sightline.media.heads import Heads
from sightline.media.image import read_image
from sightline.media.objects import ObjectSource
from sightline.models import load
from sightline.models.base import GazeModel
from sightline.object_sources import choose_objects
from sightline.scene import Objects, Scene

DEFAULT_MODEL = "pdp-small.synthetic"

HeadSource = Callable[[Path, Tensor], Heads]
"""(file, image) -> heads: a table of given boxes, or a detector."""


@dataclass
class Found:
    """A picture with the gaze of its people."""

    path: Path
    scene: Scene
    heads: Heads
    gaze: Gaze


@dataclass
class Failed:
    """A picture that could not be read or predicted, and why."""

    path: Path
    reason: str


def predict(
    source: str | Path,
    heads: Sequence[Sequence[float]] | Tensor | None = None,
    *,
    model: str | GazeModel = DEFAULT_MODEL,
    weights: str | Path | None = None,
    detector: str | None = None,
    objects: str | Path | Objects | None = None,
    method: Method | None = None,
) -> Gaze:
    """Where the people of one picture look, and with `objects` at which of them.

    heads: (P, 4) boxes x_min, y_min, x_max, y_max in pixels; without them `detector` finds heads.
    model: a name for `sightline.load`, with `weights` if it needs a file, or a loaded model.
    objects: in pixels, or a file or detector for `choose_objects`; else those that the model finds.
    method: how the object is chosen, see docs/objects.md.

    Raises ImageError for a file that is no picture, and what `load` and the detector raise.
    """
    image = read_image(source)
    if heads is None:
        boxes = choose_detector(detector)(image).boxes
    else:
        boxes = torch.as_tensor(heads, dtype=torch.float32).reshape(-1, 4)
    loaded = load(model, weights) if isinstance(model, str) else model
    if isinstance(objects, str | Path):
        objects = choose_objects(objects)(Path(source), image)
    scene = Scene(image, boxes, objects=objects, key=str(source))
    return _gazes(loaded, [scene], method)[0]


def predict_pictures(
    paths: Sequence[Path],
    model: GazeModel,
    heads: HeadSource,
    *,
    objects: ObjectSource | None = None,
    method: Method | None = None,
    people_per_batch: int = 16,
    readers: int = 2,
) -> Iterator[Found | Failed]:
    """Predict many pictures; people of several pictures share a batch, bad files cost nobody else.

    Reading and detection run in `readers` threads ahead of the network, a few pictures at most.
    objects: what can be looked at, chosen by `method`; without it what the model finds, if it does.
    """
    waiting: list[Found] = []
    for picture in _read_ahead(paths, partial(_read, heads=heads, objects=objects), readers):
        if isinstance(picture, Failed):
            yield picture
            continue
        waiting.append(picture)
        if sum(len(found.scene) for found in waiting) >= people_per_batch or len(waiting) >= 64:
            yield from _predict_together(model, waiting, method)
            waiting = []
    yield from _predict_together(model, waiting, method)


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


def _read(path: Path, heads: HeadSource, objects: ObjectSource | None) -> Found | Failed:
    try:
        image = read_image(path)
        found = heads(path, image)
        things = None if objects is None else objects(path, image)
        scene = Scene(image, found.boxes, objects=things, key=str(path))
        return Found(path, scene, found, Gaze.nobody())
    except Exception as error:  # one bad file must not cost the others
        return Failed(path, str(error) or type(error).__name__)


def _predict_together(
    model: GazeModel, pictures: list[Found], method: Method | None
) -> Iterable[Found | Failed]:
    try:
        gazes = _gazes(model, [picture.scene for picture in pictures], method)
    except Exception as error:
        if len(pictures) == 1:
            return [Failed(pictures[0].path, str(error) or type(error).__name__)]
        return [one for picture in pictures for one in _predict_together(model, [picture], method)]
    for picture, gaze in zip(pictures, gazes, strict=True):
        picture.gaze = gaze
    return pictures


def _gazes(model: GazeModel, scenes: list[Scene], method: Method | None) -> list[Gaze]:
    """The gaze in each scene with the scene's objects, if it has some, or the model's own."""
    if not model.tells_gaze:
        raise ValueError("This model tells nobody's gaze; give it as objects, beside one of gaze.")
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
