"""Films whose looks are written down picture by picture."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sightline.coding.areas import Area
from sightline.coding.samples import Samples
from sightline.table import NAMES

SIZE = (1000.0, 500.0)
HEADS = {"Ann": (100, 100, 140, 140), "Ben": (300, 100, 340, 140), "Cat": (500, 100, 540, 140)}
PLACES = {"toy": (800, 400), "wall": (700, 50), "floor": (500, 480), "away": (20, 20)}
TOY = Area("toy", np.array([[780, 380], [820, 380], [820, 420], [780, 420]], dtype=float))


def point_of(look: str) -> tuple[float, float]:
    """Where somebody looks in pixels; "?" is nowhere."""
    if look in HEADS:
        x_min, y_min, x_max, y_max = HEADS[look]
        return (x_min + x_max) / 2, (y_min + y_max) / 2
    return PLACES.get(look, (np.nan, np.nan))


def film(*, times: Sequence[float] | None = None, **looks: str) -> Samples:
    """People's looks, a word per picture: a name, a place, "away" (outside), "-" (not there).

    Pictures are 0.1 s apart unless `times` are given.
    """
    words = {person: text.split() for person, text in looks.items()}
    count = len(next(iter(words.values())))
    rows = [
        (picture, number, HEADS[person], point_of(look), 0.1 if look == "away" else 0.9)
        for number, (person, sequence) in enumerate(words.items())
        for picture, look in enumerate(sequence)
        if look != "-"
    ]
    pictures, people, heads, points, inside = zip(*rows, strict=True)
    return Samples(
        people=tuple(words),
        times=np.arange(count) * 0.1 if times is None else np.array(times),
        size=SIZE,
        picture=np.array(pictures),
        person=np.array(people),
        heads=np.array(heads, dtype=float),
        points=np.array(points, dtype=float),
        inside=np.array(inside),
        objects=np.full(len(rows), ""),
    )


def row(frame: int, track: int | str = "", look: str = "toy", **cells: object) -> dict:
    """A row of the table that `sightline predict` writes; without a track nobody is there."""
    given: dict = {"frame": frame, "time": round(frame * 0.04, 3), "track": track}
    given |= {"image": "film.mp4", "image_width": 1000, "image_height": 500}
    if track != "":
        corners = zip(("x_min", "y_min", "x_max", "y_max"), HEADS["Ann"], strict=True)
        given |= {f"head_{corner}": value for corner, value in corners}
        given |= dict(zip(("gaze_x", "gaze_y"), point_of(look), strict=True)) | {"inside": 0.75}
    return given | cells


def write_table(rows: Sequence[dict], path: Path, columns: Sequence[str] = NAMES) -> Path:
    """Write rows as CSV; cells that they lack are empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path
