"""Prediction on films: frames, people and their identities, gaze, as a lazy stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sightline.ahead import ahead
from sightline.gaze import Gaze
from sightline.gaze_objects import Method, settle_objects
from sightline.geometry.boxes import to_unit
from sightline.media.detectors import choose_detector
from sightline.media.faults import Faults
from sightline.media.film import Film, FolderFilm, Frame, open_film
from sightline.media.filmheads import read_film_heads
from sightline.media.heads import Heads
from sightline.media.objectfiles import ObjectTable
from sightline.media.objects import no_objects
from sightline.media.tracker import Tracker
from sightline.models import load
from sightline.models.base import GazeModel
from sightline.object_sources import choose_objects
from sightline.pictures import DEFAULT_MODEL
from sightline.scene import Objects, Scene

QUEUE = 4  # frames between two stages of the pipeline
RECURRENT = 16  # frames together for a model that takes any number; its state starts anew
MOST_FRAMES = 32  # in one batch, however few people they show
FAR = 10.0  # picture sizes: a head box that reaches further is a mistake
PART = 500  # frames after which windows and batches begin anew, so that a broken run can go on

HeadSource = Callable[[Frame], Heads]
"""The heads of a frame: with identities from a file, without from a detector."""


@dataclass
class Seen:
    """A frame of a film, its people with their identities, and where they look.

    gazes: of each person, until all are there. memory: the tracker after this frame.
    objects: given ones on the unit square, of which one is chosen by `method`.
    """

    frame: Frame
    heads: Heads
    memory: dict[str, Any] | None = None
    gazes: dict[int, Gaze] = field(default_factory=dict)
    objects: Objects | None = None
    method: Method | None = None

    @property
    def complete(self) -> bool:
        """Whether everybody's gaze is known."""
        return len(self.gazes) == len(self.heads)

    @property
    def gaze(self) -> Gaze:
        """Where the people look, in the order of `heads`."""
        rows = [self.gazes[row] for row in range(len(self.heads))]
        one = _join(rows) if rows else _nobody()
        one = settle_objects(one, self.objects, self.method)
        return replace(one, tracks=self.heads.tracks, frame=self.frame.index, time=self.frame.time)


def stream(
    source: str | Path | int,
    model: str | GazeModel = DEFAULT_MODEL,
    *,
    weights: str | Path | None = None,
    heads: str | Path | None = None,
    detector: str | None = None,
    objects: str | Path | None = None,
    method: Method | None = None,
    **frames: float | None,
) -> Iterator[Gaze]:
    """Where the people of a film look: one `Gaze` per frame, with `tracks`, `frame` and `time`.

    source: a film, a folder of frames, a camera index, or the URL of a stream. Nothing is read
    before the first `next`, and no more than a few frames are kept.
    heads: a file or folder of head boxes; without it, `detector` finds heads and a tracker their
    identities.
    objects: a file of boxes or a detector for `choose_objects`. method: how one of them is chosen.
    frames: `start` and `end` in seconds of the film, `stride` for every so many frames or `fps` for
    so many a second, as in `Film.frames`.

    Raises FilmError for a source that is no film, and what `load` and the detector raise.
    """
    loaded = load(model, weights) if isinstance(model, str) else model
    with open_film(source) as film:
        people = people_of(film, heads, detector)
        chosen = film.frames(**frames)  # pyright: ignore[reportArgumentType]
        things = objects_of(objects, method)
        with closing(watch(chosen, loaded, people, film.notes, objects=things)) as watched:
            for seen in watched:
                yield seen.gaze


@dataclass
class People:
    """Where the heads of a film's frames come from.

    tracker: for heads without identities. note: what users should know of this source.
    settings: what it was made with.
    """

    heads: HeadSource
    tracker: Tracker | None = None
    note: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


def people_of(
    film: Film, heads: str | Path | None, detector: str | None = None, *, first: int | None = None
) -> People:
    """The people in a film by a file of heads, or else by a detector.

    first: the number that the file of heads gives to the first frame.
    """
    if heads is None:
        detect = choose_detector(detector)
        return People(
            lambda frame: detect(frame.image),
            Tracker(),
            getattr(detect, "note", ""),
            {"detector": type(detect).__name__, **_numbers_and_words(detect)},
        )
    pictures = film.paths if isinstance(film, FolderFilm) else ()
    table = read_film_heads(heads, first=first, step=1 / (film.rate or 25.0), pictures=pictures)
    guessed = first is None and table.first not in (None, 0, 1)
    return People(
        lambda frame: table.of_frame(frame.index, frame.name, frame.time),
        None if table.tracked else Tracker(),
        f"number {table.first} in {heads} is taken for the film's first frame; say another with "
        "--first-frame"
        if guessed
        else "",
        {"file": str(heads), "first": table.first},
    )


@dataclass
class Things:
    """Where the objects of a film's frames come from, and how the one looked at is chosen.

    seen: whether a frame had some so far.
    """

    objects: Callable[[Frame], Objects] | None = None
    method: Method | None = None
    seen: bool = False

    def within(self, frame: Frame) -> Objects | None:
        """The objects of a frame on the unit square, if there is a source of them."""
        if self.objects is None:
            return None
        found, (height, width) = self.objects(frame), frame.image.shape[1:]
        self.seen |= len(found) > 0
        return replace(found, boxes=to_unit(found.boxes.float(), (width, height)))


def objects_of(
    spec: str | Path | None, method: Method | None, first: int | None = None, device: str = "cpu"
) -> Things:
    """The objects by a file or detector of `choose_objects`; nothing if there is no `spec`.

    first: the number that a file of objects gives to the first frame.
    """
    if spec is None:
        return Things(method=method)
    source = choose_objects(spec, device=device)
    if isinstance(source, ObjectTable):
        return Things(lambda frame: source.of_frame(frame.index, frame.name, first=first), method)
    return Things(lambda frame: source(Path(frame.name), frame.image), method)


def _numbers_and_words(detector: object) -> dict[str, Any]:
    """What a detector was made with: thresholds, labels, files."""
    settings = {k: str(v) if isinstance(v, Path) else v for k, v in vars(detector).items()}
    return {k: v for k, v in settings.items() if isinstance(v, str | int | float)}


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
            heads = tracker.update(heads, frame.image, frame.time)
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
    touch = (high > 0).all(1) & (low < low.new_tensor([width, height])).all(1)
    good = touch & (heads.boxes.abs() < FAR * max(height, width)).all(1)
    if good.all():
        return heads
    faults.note("had a head box outside it or far too large, which was left out", frame.time)
    return heads[good]


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


@dataclass
class Window:
    """Consecutive frames of one person, whose row in each is given; the last `new` are unknown."""

    frames: list[Seen]
    rows: list[int]
    new: range


class Runs:
    """Cuts each person's consecutive frames into windows of `size` as they come.

    Where a run ends (the person is not in the next frame, or the film or a part of it ends) its
    last window is the last `size` frames, of which some are known already; a run shorter than that
    repeats its last frame. It is the rule of `sightline.windows` for training.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.runs: dict[int, deque[tuple[Seen, int]]] = {}
        self.unknown: dict[int, int] = {}

    def add(self, seen: Seen) -> list[Window]:
        """The windows that are complete with the next frame."""
        tracks = [] if seen.heads.tracks is None else seen.heads.tracks.tolist()
        done = [self._close(track) for track in self.runs.keys() - set(tracks)]
        for row, track in enumerate(tracks):
            run = self.runs.setdefault(track, deque(maxlen=self.size))
            run.append((seen, row))
            self.unknown[track] = self.unknown.get(track, 0) + 1
            if self.unknown[track] == self.size:
                done.append(self._window(track))
        return [window for window in done if window is not None]

    def end(self) -> list[Window]:
        """The windows that are open when the film ends."""
        done = [self._close(track) for track in list(self.runs)]
        return [window for window in done if window is not None]

    def _close(self, track: int) -> Window | None:
        window = self._window(track) if self.unknown[track] else None
        del self.runs[track], self.unknown[track]
        return window

    def _window(self, track: int) -> Window:
        run, unknown = list(self.runs[track]), self.unknown[track]
        new = range(len(run) - unknown, len(run))
        run += [run[-1]] * (self.size - len(run))
        self.unknown[track] = 0
        frames, rows = zip(*run, strict=True)
        return Window(list(frames), list(rows), new)


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
        Scene(seen.frame.image, seen.heads.boxes[[window.rows[place] for window in group]])
        for place, seen in enumerate(group[0].frames)
    ]


def _keep(group: list[Window], gazes: list[Gaze]) -> None:
    """Give the frames what is new about their people."""
    for person, window in enumerate(group):
        for place in window.new:
            window.frames[place].gazes[window.rows[place]] = gazes[place][person]


def _join(people: list[Gaze]) -> Gaze:
    columns: dict[str, Tensor | None] = {}
    for name in ("heads", "points", "heatmaps", "inside", "directions", "gaze_object"):
        values = [getattr(one, name) for one in people]
        columns[name] = None if values[0] is None else torch.cat(values)
    return Gaze(**columns, objects=people[0].objects)  # pyright: ignore[reportArgumentType]


def _nobody() -> Gaze:
    return Gaze(torch.zeros(0, 4), torch.zeros(0, 2), torch.zeros(0, 0, 0))
