"""Prediction on pictures: read, find heads, predict in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from sightline.gaze import Gaze
from sightline.media.detectors import choose_detector
from sightline.media.heads import Heads
from sightline.media.image import read_image
from sightline.models import load
from sightline.models.base import GazeModel
from sightline.scene import Scene

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
) -> Gaze:
    """Where the people of one picture look.

    heads: (P, 4) boxes x_min, y_min, x_max, y_max in pixels; without them `detector` finds heads.
    model: a name for `sightline.load`, with `weights` if it needs a file, or a loaded model.

    Raises ImageError for a file that is no picture, and what `load` and the detector raise.
    """
    image = read_image(source)
    if heads is None:
        boxes = choose_detector(detector)(image).boxes
    else:
        boxes = torch.as_tensor(heads, dtype=torch.float32).reshape(-1, 4)
    loaded = load(model, weights) if isinstance(model, str) else model
    return loaded.predict([Scene(image, boxes, key=str(source))])[0]


def predict_pictures(
    paths: Sequence[Path],
    model: GazeModel,
    heads: HeadSource,
    *,
    people_per_batch: int = 16,
    readers: int = 2,
) -> Iterator[Found | Failed]:
    """Predict many pictures; people of several pictures share a batch, bad files cost nobody else.

    Reading and head detection run in `readers` threads ahead of the network, a few pictures at
    most.
    """
    waiting: list[Found] = []
    for picture in _read_ahead(paths, heads, readers):
        if isinstance(picture, Failed):
            yield picture
            continue
        waiting.append(picture)
        if sum(len(found.scene) for found in waiting) >= people_per_batch or len(waiting) >= 64:
            yield from _predict_together(model, waiting)
            waiting = []
    yield from _predict_together(model, waiting)


def _read_ahead(paths: Sequence[Path], heads: HeadSource, readers: int) -> Iterator[Found | Failed]:
    """Pictures in order, read by threads that stay at most 4 pictures each ahead."""
    remaining = iter(paths)
    with ThreadPoolExecutor(readers) as pool:
        running: list[Future[Found | Failed]] = [
            pool.submit(_read, path, heads) for path in islice(remaining, 4 * readers)
        ]
        while running:
            yield running.pop(0).result()
            running += [pool.submit(_read, path, heads) for path in islice(remaining, 1)]


def _read(path: Path, heads: HeadSource) -> Found | Failed:
    try:
        image = read_image(path)
        found = heads(path, image)
        return Found(path, Scene(image, found.boxes, key=str(path)), found, _nobody())
    except Exception as error:  # one bad file must not cost the others
        return Failed(path, str(error) or type(error).__name__)


def _nobody() -> Gaze:
    return Gaze(torch.zeros(0, 4), torch.zeros(0, 2), torch.zeros(0, 0, 0))


def _predict_together(model: GazeModel, pictures: list[Found]) -> Iterable[Found | Failed]:
    try:
        gazes = model.predict([picture.scene for picture in pictures])
    except Exception as error:
        if len(pictures) == 1:
            return [Failed(pictures[0].path, str(error) or type(error).__name__)]
        return [one for picture in pictures for one in _predict_together(model, [picture])]
    for picture, gaze in zip(pictures, gazes, strict=True):
        picture.gaze = gaze
    return pictures
