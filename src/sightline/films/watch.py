"""Prediction on films: frames, people and their identities, gaze, as a lazy stream."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from itertools import chain, islice
from pathlib import Path

from sightline.ahead import ahead
from sightline.films.runs import Runs, Window
from sightline.films.seen import Seen
from sightline.films.sources import People, Things, objects_of, people_of
from sightline.gaze import Gaze
from sightline.gaze_objects import Method
from sightline.geometry.boxes import centres
from sightline.media.faults import Faults
from sightline.media.film import Frame, open_film
from sightline.media.heads import Heads
from sightline.media.objects import no_objects
from sightline.media.panorama_heads import settle_boxes
from sightline.media.projection import Choice
from sightline.models.base import GazeModel
from sightline.pictures import choose_model
from sightline.scene import Objects, Scene

QUEUE = 4  # frames between two stages of the pipeline
RECURRENT = 16  # frames together for a model that takes any number; its state starts anew
MOST_FRAMES = 32  # in one batch, however few people they show
FAR = 10.0  # picture sizes: a head box that reaches further is a mistake
PART = 500  # frames after which windows and batches begin anew, so that a broken run can go on


def stream(
    source: str | Path | int,
    model: str | GazeModel | None = None,
    *,
    weights: str | Path | None = None,
    heads: str | Path | None = None,
    detector: str | None = None,
    objects: str | Path | None = None,
    method: Method | None = None,
    projection: Choice = "auto",
    **frames: float | None,
) -> Iterator[Gaze]:
    """Where the people of a film look: one `Gaze` per frame, with `tracks`, `frame` and `time`.

    source: a film, a folder of frames, a camera index, or the URL of a stream. Nothing is read
    before the first `next`, and no more than a few frames are kept.
    model: a name or a loaded model; None is the default for films of this projection.
    heads: a file or folder of head boxes; without it, `detector` finds heads and a tracker their
    identities.
    objects: a file of boxes or a detector for `choose_objects`. method: how one of them is chosen.
    projection: "auto" takes what is declared as a panorama, or is exactly 2:1, for one.
    frames: `start` and `end` in seconds of the film, `stride` for every so many frames or `fps` for
    so many a second, as in `Film.frames`.

    Raises FilmError for a source that is no film, and what `load` and the detector raise.
    """
    with open_film(source) as film:
        if note := film.take_as(projection):
            warnings.warn(note, stacklevel=2)
        loaded = choose_model(film.projection, model, weights)
        people = people_of(film, heads, detector)
        chosen = film.frames(**frames)  # pyright: ignore[reportArgumentType]
        things = objects_of(film, objects, method=method)
        with closing(watch(chosen, loaded, people, film.notes, objects=things)) as watched:
            for seen in watched:
                yield seen.gaze


def watch(
    frames: Iterable[Frame],
    model: GazeModel,
    people: People,
    faults: Faults,
    *,
    objects: Things | None = None,
    people_per_batch: int = 16,
) -> Generator[Seen]:
    """Every frame with its people's gaze, in order; each stage of the work has its own thread.

    What goes wrong with single frames is told in `faults`.
    """
    with ExitStack() as stages:  # all end with the last, also when one fails
        read = stages.enter_context(closing(ahead(frames, QUEUE)))
        peopled = find_people(read, people, faults, objects)
        found = stages.enter_context(closing(ahead(peopled, QUEUE)))
        seen = ahead(predict_seen(found, model, people_per_batch), QUEUE)
        yield from stages.enter_context(closing(seen))


def find_people(
    frames: Iterable[Frame], people: People, faults: Faults, things: Things | None = None
) -> Iterator[Seen]:
    """Frames with the heads of their people, who they are, and the objects."""
    tracker, things = people.tracker, things or Things()
    for frame in frames:
        try:
            heads = _within_reach(people.heads(frame), frame, faults)
        except Exception as error:  # one bad frame must not cost the others
            faults.note(f"gave no heads ({error})", frame.time)
            heads = Heads.none()
        if tracker is not None:
            panorama = frame.projection == "equirectangular"
            heads = tracker.update(heads, frame.image, frame.time, panorama=panorama)
        memory = tracker.state() if tracker else None
        objects = _objects(frame, things, faults)
        yield Seen(frame, heads, memory, objects=objects, method=things.method)


def _objects(frame: Frame, things: Things, faults: Faults) -> Objects | None:
    """The objects of a frame; one bad frame must not cost the others."""
    try:
        return things.within(frame)
    except Exception as error:
        faults.note(f"gave no objects ({error})", frame.time)
        return no_objects()


def _within_reach(heads: Heads, frame: Frame, faults: Faults) -> Heads:
    """The heads that touch the picture and are not out of all proportion to it."""
    height, width = frame.image.shape[1:]
    low, high = heads.boxes[:, :2], heads.boxes[:, 2:]
    usable = (heads.boxes.abs() < FAR * max(height, width)).all(1)
    if frame.projection == "perspective":
        usable &= (high > 0).all(1) & (low < low.new_tensor([width, height])).all(1)
    else:
        middle = centres(heads.boxes)[:, 1]
        usable &= (high[:, 0] - low[:, 0] < width) & (middle >= 0) & (middle <= height)
    kept = heads[usable]
    kept.boxes = settle_boxes(kept.boxes, (width, height), frame.projection)
    if len(kept) < len(heads):
        faults.note("had a head box outside it or far too large, which was left out", frame.time)
    return kept


def predict_seen(
    found: Iterable[Seen], model: GazeModel, people_per_batch: int = 16
) -> Iterator[Seen]:
    """The same frames with gaze; several frames and people share a batch."""
    remaining = iter(found)
    while (first := next(remaining, None)) is not None:
        part = chain([first], islice(remaining, PART - 1))
        yield from _predict_part(part, model, people_per_batch)


def _predict_part(found: Iterable[Seen], model: GazeModel, people_per_batch: int) -> Iterator[Seen]:
    runs = Runs(model.clip_length or RECURRENT)
    waiting: deque[Seen] = deque()
    windows: list[Window] = []
    for seen in found:
        waiting.append(seen)
        windows += runs.add(seen)
        if sum(len(w.frames) for w in windows) >= people_per_batch or len(waiting) >= MOST_FRAMES:
            _predict(model, windows)
            windows = []
        while waiting and waiting[0].complete:
            yield waiting.popleft()
    _predict(model, windows + runs.end())
    yield from waiting


def _predict(model: GazeModel, windows: list[Window]) -> None:
    """Predict windows; people who are in the same frames share one clip."""
    clips: dict[tuple[int, ...], list[Window]] = {}
    for window in windows:
        clips.setdefault(tuple(id(seen) for seen in window.frames), []).append(window)
    groups = list(clips.values())
    if model.clip_length is None:  # all that `predict` gets is one clip
        for group in groups:
            _keep(group, model.predict(_clip(group)))
        return
    gazes = iter(model.predict([scene for group in groups for scene in _clip(group)]))
    for group in groups:
        _keep(group, [next(gazes) for _ in group[0].frames])


def _clip(group: list[Window]) -> list[Scene]:
    return [
        Scene(
            seen.frame.image,
            seen.heads.boxes[[window.rows[place] for window in group]],
            projection=seen.frame.projection,
        )
        for place, seen in enumerate(group[0].frames)
    ]


def _keep(group: list[Window], gazes: list[Gaze]) -> None:
    """Give the frames what is new about their people."""
    for person, window in enumerate(group):
        for place in window.new:
            window.frames[place].gazes[window.rows[place]] = gazes[place][person]
