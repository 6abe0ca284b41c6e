"""`sightline predict` on a film."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, current_thread, main_thread
from typing import TYPE_CHECKING, Any

from sightline.cli.options import UsageError

if TYPE_CHECKING:
    from rich.progress import Progress

    from sightline.cli.predict import Predict
    from sightline.films.results import FilmResults
    from sightline.media.film import Film, Frame


SHOWN = 5  # faults; all are in run.json


def predict_film(options: Predict, source: str, folder: Path) -> int:
    """Predict, write, and say what was done; 1 when it was stopped before the film's end."""
    from sightline.films.identities import read_identities
    from sightline.films.results import FilmResults
    from sightline.media.film import open_film

    given = options.names or options.corrections
    identities = read_identities(options.names, options.corrections) if given else None
    with open_film(source, rate=options.rate) as film:
        name = Path(source).name if Path(source).exists() else _file_name(source)
        results = FilmResults(
            folder,
            name,
            origin=_origin(options, source),
            identities=identities,
            video=options.video,
            existing=options.existing,
        )
        stopped = not results.finished and _take(options, film, results)
        people = results.finish(
            None if film.live else lambda start: _frames(options, film, start),
            parquet=options.parquet,
            source=source,
            rate=film.rate,
            duration=film.duration,
        )
        frames, faults = sum(part.frames for part in results.parts), results.parts[-1].faults
        print(f"{frames} frames, {people} people: see {results.file('*')}")
        if results.unknown:
            _say(
                f"{name}: names or corrections speak of tracks that are not in the film: "
                f"{', '.join(map(str, results.unknown))}"
            )
        for fault in faults[:SHOWN]:
            _say(f"{name}: {fault}")
        if len(faults) > SHOWN:
            _say(f"{name}: {len(faults) - SHOWN} more faults, see {results.record}")
        if stopped and not film.live:
            _say(f"stopped at {results.parts[-1].end:.1f} s; go on with --resume")
        return int(stopped and not film.live)


def _file_name(source: str) -> str:
    """A camera or an address as a file name."""
    return "".join(c if c.isalnum() else "-" for c in source).strip("-")


def _origin(options: Predict, source: str) -> dict[str, Any]:
    """What a run that goes on must have in common with the one that broke off."""
    path, heads = Path(source), options.heads
    return {
        **options.describe(),
        "bytes": path.stat().st_size if path.is_file() else None,
        "heads": _hash(heads) if heads else options.detector,
        "start": options.start,
        "end": options.end,
        "stride": options.stride,
        "fps": options.fps,
        "rate": options.rate if path.is_dir() else None,
        "first frame": options.first_frame,
    }


def _hash(heads: Path) -> str:
    """Of a file of heads, or of all in a folder of them."""
    from sightline.provenance import sha256

    files = sorted(heads.glob("*.txt")) if heads.is_dir() else [heads] * heads.exists()
    return " ".join(f"{file.name}:{sha256(file)[:16]}" for file in files)


def _frames(options: Predict, film: Film, start: float | None = None) -> Iterator[Frame]:
    start = options.start if start is None else start
    try:
        return film.frames(start=start, end=options.end, stride=options.stride, fps=options.fps)
    except ValueError as error:
        raise UsageError(f"--start, --end, --stride, --fps: {error}") from error


def _take(options: Predict, film: Film, results: FilmResults) -> bool:
    """Watch the film, or the rest of it, into `results`; returns whether it was stopped."""
    from sightline.films.watch import people_of, watch
    from sightline.media.tracker import Tracker

    model = options.load()
    options.refuse_depth(model)
    people = people_of(film, options.heads, options.detector, first=options.first_frame)
    if people.note:
        _say(people.note)
    if results.memory is not None:
        people.tracker = Tracker.restore(results.memory)
    frames = _frames(options, film, results.next)
    seen = watch(frames, model, people, film.notes, people_per_batch=options.batch)
    time = None
    try:
        ready = closing(results.drawn(seen))  # pyright: ignore[reportArgumentType]
        with ready as frames, _progress() as progress, interrupted() as stop:
            step = _bar(progress, options, film, results.next)
            for drawn in frames:
                results.add(drawn, film.faults)
                time = drawn.seen.frame.time
                step()
                if stop.is_set():
                    break
        if stop.is_set():
            end = (time or 0) + _frame_time(options, film)
            results.stop(end, last=False, faults=film.faults)
            return True
    except BaseException:
        results.abort()
        if results.parts:
            _say(f"{results.name}: {results.parts[-1].newest:.1f} s are done; go on with --resume")
        raise
    if time is None and not results.parts:
        raise ValueError(f"{film.source}: there is no picture between --start and --end")
    results.stop(_end(options, film, time), last=True, faults=film.faults)
    return False


@contextmanager
def interrupted() -> Iterator[Event]:
    """Set when the user presses Ctrl-C, so that a frame is never left half written.

    A second Ctrl-C stops at once.
    """
    stop = Event()
    before = signal.getsignal(signal.SIGINT)

    def note(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    if current_thread() is main_thread():  # signals reach no other
        signal.signal(signal.SIGINT, note)
    try:
        yield stop
    finally:
        if current_thread() is main_thread():
            signal.signal(signal.SIGINT, before)


def _frame_time(options: Predict, film: Film) -> float:
    """For how many seconds a picture is shown when none follows."""
    return 1 / options.fps if options.fps else options.stride / (film.rate or 25.0)


def _end(options: Predict, film: Film, time: float | None) -> float:
    """When the last picture ends: the film's end, or that of the part that was asked for."""
    shown = (time or 0) + _frame_time(options, film)
    ends = [end for end in (film.duration, options.end) if end is not None]
    return max(min(ends), (time or 0) + 1e-3) if ends else shown


def _progress() -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f} frames, {task.fields[speed]:.1f} a second"),
        TimeRemainingColumn(),
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


def _say(message: str) -> None:
    print(f"sightline: {message}", file=sys.stderr)
