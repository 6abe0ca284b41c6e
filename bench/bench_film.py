"""`sightline predict FILM --heads FILE` end to end, against the loop that a user would write.

The loop decodes with PyAV, predicts one frame and one person at a time with the same weights and
number format, draws with OpenCV, and encodes with PyAV's defaults. Both write H.264; points are
compared. Without --film, rendered rooms are made into a film.
"""

from __future__ import annotations

import contextlib
import csv
import io
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import cv2
import numpy as np
import torch
from bench_reader import enlarged
from timing import best_of, headline, parser, report

from sightline import Scene, cli, load
from sightline.ahead import ahead
from sightline.films.parts import draw_record
from sightline.films.record import Record
from sightline.films.sources import people_of
from sightline.films.watch import QUEUE, find_people, predict_seen
from sightline.media.faults import Faults
from sightline.media.film import Frame, open_film
from sightline.media.film_writer import FilmWriter
from sightline.synthetic.render import render_scenes

FRAMES, ROOMS, SIZE = 96, 8, (1920, 1080)
MODEL = "pdp-small.synthetic"
COLOURS = ((230, 159, 0), (86, 180, 233), (204, 121, 167), (0, 158, 115))


def write_film(folder: Path) -> tuple[Path, Path]:
    """A film of rooms that change every dozen frames, and the heads in it."""
    film, heads = folder / "rooms.mp4", folder / "rooms.csv"
    rows = ["frame,person,x_min,y_min,x_max,y_max"]
    writer = FilmWriter(film, SIZE)
    rooms = [enlarged(scene, SIZE) for scene in render_scenes(ROOMS)]
    for frame in range(FRAMES):
        image, boxes = rooms[frame * ROOMS // FRAMES]
        writer.write(image, frame / 25)
        rows += [f"{frame},{p},{','.join(map(str, b))}" for p, b in enumerate(boxes.tolist())]
    writer.close(FRAMES / 25)
    heads.write_text("\n".join(rows) + "\n")
    return film, heads


def user_loop(film: Path, heads: Path, out: Path, precision: str) -> np.ndarray:
    """What a user would write; returns all points."""
    model = load(MODEL, precision=precision)
    with open_film(film) as opened:
        source = people_of(opened, heads).heads
    points = []
    with av.open(str(film)) as container, av.open(str(out), "w") as output:
        stream = container.streams.video[0]
        encoder = output.add_stream("libx264", rate=stream.average_rate)
        encoder.width, encoder.height, encoder.pix_fmt = stream.width, stream.height, "yuv420p"
        for number, picture in enumerate(container.decode(stream)):
            picture = picture.reformat(format="rgb24", src_colorspace="ITU709")
            pixels = picture.to_ndarray()
            image = torch.from_numpy(pixels).permute(2, 0, 1)
            people = source(Frame(image, number, picture.time))
            gazes = [model.predict([Scene(image, box[None])])[0] for box in people.boxes]
            for gaze, box, track in zip(gazes, people.boxes, people.tracks.tolist(), strict=True):
                points.append((number, track, *gaze.points[0].tolist()))
                _draw(pixels, box, gaze, COLOURS[track % len(COLOURS)])
            drawn = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            drawn.pts, drawn.time_base = picture.pts, picture.time_base
            output.mux(encoder.encode(drawn))
        output.mux(encoder.encode())
    return np.array(sorted(points))


def _draw(pixels: np.ndarray, box: torch.Tensor, gaze, colour) -> None:
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = (int(v) for v in box)
    x, y = int(gaze.points[0, 0] * width), int(gaze.points[0, 1] * height)
    cv2.rectangle(pixels, (x0, y0), (x1, y1), colour, 3)
    cv2.line(pixels, ((x0 + x1) // 2, (y0 + y1) // 2), (x, y), colour, 2, cv2.LINE_AA)
    cv2.circle(pixels, (x, y), 12, colour, 3, cv2.LINE_AA)
    label = f"inside {float(gaze.inside[0]):.0%}"
    cv2.putText(pixels, label, (x0, max(y0 - 8, 12)), cv2.FONT_HERSHEY_SIMPLEX, 1, colour, 2)


def our_command(film: Path, heads: Path, out: Path, precision: str) -> np.ndarray:
    """The command; returns all points."""
    words = ["predict", str(film), "--heads", str(heads), "--model", MODEL, "--out", str(out)]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = cli.run([*words, "--precision", precision, "--overwrite"], debug=True)
    assert code == 0
    with next(out.glob("*.gaze.csv")).open() as file:
        rows = [row for row in csv.DictReader(file) if row["track"]]
    columns = ("frame", "track", "gaze_x_unit", "gaze_y_unit")
    return np.array(sorted(tuple(float(row[c]) for c in columns) for row in rows))


def stages(film: Path, heads: Path, folder: Path, precision: str) -> dict[str, float]:
    """Seconds of each stage alone, the others already done."""
    model = load(MODEL, precision=precision)
    with open_film(film) as opened:
        people = people_of(opened, heads)
        frames = list(opened.frames())
    found = list(find_people(frames, people, Faults()))
    seen = list(predict_seen(found, model))
    drawn = [draw_record(one.frame.image, Record.of(one)) for one in seen]

    def decode() -> None:
        with open_film(film) as opened:
            for _ in ahead(opened.frames(), QUEUE):
                pass

    def predict() -> None:
        for one in found:
            one.gazes.clear()
        for _ in predict_seen(found, model):
            pass

    def draw() -> None:
        for one in seen:
            draw_record(one.frame.image, Record.of(one))

    def encode() -> None:
        writer = FilmWriter(folder / "stage.mp4", opened.size)
        for image, one in zip(drawn, seen, strict=True):
            writer.write(image, one.frame.time)
        writer.close(seen[-1].frame.time + 0.04)

    ways = {"decode": decode, "network": predict, "draw": draw, "encode": encode}
    return best_of(ways, repeats=2, wall=True) | {"frames": len(frames)}


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--film", type=Path, help="a film, with --heads")
    options.add_argument("--heads", type=Path, help="its head boxes")
    options.set_defaults(threads=2)
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    with TemporaryDirectory() as name:
        folder = Path(name)
        film, heads = (options.film, options.heads) if options.film else write_film(folder)
        run = {
            "user's loop, float32": partial(user_loop, film, heads, folder / "u.mp4", "float32"),
            "sightline, float32": partial(our_command, film, heads, folder / "a", "float32"),
            "sightline, auto": partial(our_command, film, heads, folder / "b", "auto"),
        }
        points = {way: function() for way, function in run.items()}
        seconds = best_of(run, repeats=3, wall=True)
        parts = stages(film, heads, folder, "float32")
    frames = parts.pop("frames")
    slow, reference = (kept["user's loop, float32"] for kept in (seconds, points))
    rows = [
        {
            "way": way,
            "frames/s": frames / spent,
            "times": slow / spent,
            "people": len(points[way]),
            "same points": f"{np.isclose(points[way], reference, atol=1e-4).all(1).mean():.1%}",
        }
        for way, spent in seconds.items()
    ]
    report("film", rows, options.json)
    fast = frames / seconds["sightline, auto"]
    what = f"`sightline predict` on a film, {SIZE[0]}x{SIZE[1]}" if not options.film else "the film"
    headline(options.json, what, fast, "frames/s", "a plain loop", frames / slow)
    stage_rows = [{"stage": stage, "frames/s": frames / spent} for stage, spent in parts.items()]
    report("film stages, each alone", stage_rows, options.json)


if __name__ == "__main__":
    main()
