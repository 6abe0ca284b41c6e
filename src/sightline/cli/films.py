"""`sightline predict` on a film."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from threading import current_thread, main_thread
from typing import TYPE_CHECKING, Any

from sightline.cli.messages import counted, say

if TYPE_CHECKING:
    from rich.progress import Progress

    from sightline.cli.predict import Predict
    from sightline.films.results import FilmResults
    from sightline.films.seen import Seen
    from sightline.films.sources import People, Things
    from sightline.media.film import Film, Frame
    from sightline.models.base import GazeModel
    from sightline.scene import Projection


SHOWN = 5  # faults; all are in run.json


def predict_film(options: Predict, source: str, folder: Path) -> None:
    """Predict, write, and say what was done; KeyboardInterrupt when it was stopped."""
    from sightline.films.claim import claimed
    from sightline.films.identities import read_identities
    from sightline.films.results import FilmResults

    projection = _projection(options, source)
    say(options.chosen(projection)[1])
    options = options.settled(projection)
    given = options.names or options.corrections
    identities = read_identities(options.names, options.corrections) if given else None
    name = _name(source)
    with claimed(folder, name):
        results = FilmResults(
            folder,
            name,
            origin=_origin(options, source, projection),
            identities=identities,
            video=not options.no_video,
            existing=options.existing,
        )
        try:
            stopped = not results.finished and _take(options, source, results, projection)
            tracks = results.finish(partial(_again, options, source), parquet=options.parquet)
        except BaseException:
            results.abort()
            if results.parts:
                done = results.parts[-1].newest
                say(f"{name}: {done:.1f} s are done; go on with --resume")
            raise
    _report(options, results, tracks)
    if stopped:
        raise KeyboardInterrupt(f"stopped at {results.parts[-1].end:.1f} s; go on with --resume")


def _report(options: Predict, results: FilmResults, tracks: set[int]) -> None:
    name, faults = results.name, results.parts[-1].faults
    frames = counted(results.frames, "frame", "frames")
    print(f"{frames}, {counted(len(tracks), 'person', 'people')}: see {results.file('*')}")
    for fault in faults[:SHOWN]:
        say(f"{name}: {fault}")
    if len(faults) > SHOWN:
        say(f"{name}: {len(faults) - SHOWN} more faults, see {results.record}")
    found = {track for part in results.parts for track in part.tracks}
    if not found and options.heads:
        say(f"{name}: no head in {options.heads} is in a frame; compare the numbers of the frames")
    if unknown := results.identities.unknown(found, tracks):
        which = ", ".join(map(str, unknown))
        say(f"{name}: names or corrections speak of track {which}, which the film does not have")
    if results.video and results.live and not results.drawn_right:
        say(
            f"{name}: the film shows the names that were known when it was taken"
            if results.file("mp4").exists()
            else f"{name}: there is no film, for what was taken live without one cannot be drawn"
        )


def _name(source: str) -> str:
    """What to call the results: the file's name; of a camera or an address its words."""
    from sightline.media.film import require_source

    require_source(source)
    if Path(source).exists():
        return Path(os.path.abspath(source)).name  # noqa: PTH100, a link keeps its own name
    address = re.sub(r"(?<=://)[^/@]*@", "", source)  # without user and password
    return "".join(c if c.isalnum() else "-" for c in address).strip("-")[:100]


def _projection(options: Predict, source: str) -> Projection:
    """What the film's pictures are; says so where that is a guess."""
    from sightline.media.film import camera_number, is_url, open_film

    if is_url(source) or camera_number(source) is not None:  # live ones are opened only once
        return "perspective" if options.projection == "auto" else options.projection
    with open_film(source, rate=options.rate) as film:
        note = film.take_as(options.projection)
    say(note)
    return film.projection


def _origin(options: Predict, source: str, projection: Projection) -> dict[str, Any]:
    """What a run that goes on must have in common with the one that broke off.

    None for an ordinary film, as in results of before there were panoramas.
    """
    from sightline.films.results import PICTURES
    from sightline.media.image import find_images
    from sightline.provenance import digest

    path = Path(source)
    return {
        **options.describe(),
        **options.describe_objects(),
        "projection": None if projection == "perspective" else projection,
        "size of the film": path.stat().st_size if path.is_file() else None,
        PICTURES: len(find_images(path)) if path.is_dir() else None,
        "heads": digest(options.heads, "*.txt") if options.heads else options.detector,
        "start": options.start,
        "end": options.end,
        "stride": options.stride,
        "fps": options.fps,
        "rate": options.rate if path.is_dir() else None,
        "first frame": options.first_frame,
    }


def _frames(options: Predict, film: Film, start: float | None = None) -> Iterator[Frame]:
    start = options.start if start is None else start
    return film.frames(start=start, end=options.end, stride=options.stride, fps=options.fps)


def _again(options: Predict, source: str, start: float) -> Iterator[Frame]:
    """The frames once more, from a time on."""
    from sightline.media.film import open_film

    with open_film(source, rate=options.rate) as film:
        yield from _frames(options, film, start)


def _take(options: Predict, source: str, results: FilmResults, projection: Projection) -> bool:
    """Watch the film, or the rest of it, into `results`; returns whether some is left to do."""
    from sightline.films.sources import objects_of
    from sightline.media.film import open_film

    with open_film(source, rate=options.rate) as film:
        film.take_as(projection)
        objects = objects_of(
            film,
            options.objects,
            method=options.object_method,
            first=options.first_frame,
            device=options.device,
        )
        seen = _watched(options, film, objects, results)
        try:
            _keep(seen, options, film, results)
        except KeyboardInterrupt:
            if results.newest is None:
                raise
            with unbroken():
                results.stop(results.newest + _frame_time(options, film), last=film.live)
            return not film.live
        if results.newest is None:
            raise ValueError(f"{source}: there is no picture between --start and --end")
        results.stop(_end(options, film, results.newest), last=True)
        if objects.seen is False:
            say(f"{results.name}: no frame has objects of {options.objects}; compare the names")
        return False


def _watched(
    options: Predict, film: Film, objects: Things, results: FilmResults
) -> Generator[Seen]:
    """The frames that are left to do, with their people's gaze."""
    from sightline.films.sources import people_of
    from sightline.films.watch import watch
    from sightline.media.tracker import Tracker

    model = options.models()(film.projection)
    people = people_of(film, options.heads, options.detector, first=options.first_frame)
    say(people.note)
    if results.memory is not None:
        people.tracker = Tracker.restore(results.memory)
    results.begin(film.notes, source=film.source, **_settings(options, film, model, people))
    frames = _frames(options, film, results.next)
    return watch(frames, model, people, film.notes, objects=objects, people_per_batch=options.batch)


def _keep(seen: Generator[Seen], options: Predict, film: Film, results: FilmResults) -> None:
    """Draw frames and add them to the results, with a bar."""
    # all threads end here, before the film is closed under them
    with closing(seen), closing(results.drawn(seen)) as ready, _progress() as progress:
        step = _bar(progress, options, film, results.next)
        for drawn in ready:
            with unbroken():
                results.add(drawn)
                step()


def _settings(options: Predict, film: Film, model: GazeModel, people: People) -> dict[str, Any]:
    """All that the prediction depends on besides `_origin`, for the note."""
    return {
        "rate": film.rate,
        "duration": film.duration,
        "live": film.live,
        "config": model.config,
        "device": options.device,
        "precision": model.precision,
        "batch": options.batch,
        "people": people.settings,
        "tracker": people.tracker and people.tracker.settings,
    }


@contextmanager
def unbroken() -> Iterator[None]:
    """Hold Ctrl-C back until the block is done, so that nothing is left half written."""
    if current_thread() is not main_thread():  # no signal reaches it
        yield
        return
    came: list[Any] = []
    before = signal.signal(signal.SIGINT, lambda *about: came.append(about))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came and callable(before):
            before(*came[0])


def _frame_time(options: Predict, film: Film) -> float:
    """For how many seconds a picture is shown when none follows."""
    return 1 / options.fps if options.fps else options.stride / (film.rate or 25.0)


def _end(options: Predict, film: Film, newest: float) -> float:
    """When the last picture ends: the film's end, or that of the part that was asked for."""
    ends = [end for end in (film.duration, options.end) if end is not None]
    return max(min(ends), newest + 1e-3) if ends else newest + _frame_time(options, film)


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} frames, {task.fields[speed]:.1f} a second"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )


def _bar(
    progress: Progress, options: Predict, film: Film, start: float | None
) -> Callable[[], None]:
    """Show a bar; the function returned counts a frame."""
    task = progress.add_task("predicting", total=_expected(options, film, start), speed=0.0)

    def step() -> None:
        speed = progress.tasks[task].speed or 0.0
        progress.update(task, advance=1, speed=speed)

    return step


def _expected(options: Predict, film: Film, start: float | None) -> float | None:
    """About how many frames there will be."""
    if film.duration is None or not film.rate:
        return None
    end = film.duration if options.end is None else min(options.end, film.duration)
    seconds = max(end - (options.start if start is None else start), 0.0)
    return seconds * min(film.rate / options.stride, options.fps or film.rate)
