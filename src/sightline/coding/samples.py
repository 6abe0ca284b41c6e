"""The gaze samples of a film, read from the table that `sightline predict` writes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from sightline.coding.columns import read_columns


@dataclass(frozen=True)
class Samples:
    """Where P people look in the F pictures of a film; N samples, one per person and picture.

    people: their names, or "person 3" after the track.
    times: (F,) seconds from the start of the film, also of pictures without people.
    size: (width, height) of the pictures in pixels.
    picture, person: (N,) which picture and which person a sample is of.
    heads: (N, 4) XYXY and points: (N, 2) gaze targets, in pixels; NaN if not given.
    inside: (N,) probability that the target is in the picture; NaN if not given.
    objects: (N,) name of the gaze object, "" for none.
    wraps: whether the pictures are panoramas: x counts modulo their width.
    """

    people: tuple[str, ...]
    times: np.ndarray
    size: tuple[float, float]
    picture: np.ndarray
    person: np.ndarray
    heads: np.ndarray
    points: np.ndarray
    inside: np.ndarray
    objects: np.ndarray
    wraps: bool = False

    def shortest(self, ways: np.ndarray) -> np.ndarray:
        """Ways (..., 2) in pixels between places; in panoramas the shorter way round."""
        if not self.wraps:
            return ways
        width = self.size[0]
        x = (ways[..., 0] + width / 2) % width - width / 2
        return np.stack([x, ways[..., 1]], -1)

    def of_people(self) -> list[np.ndarray]:
        """The samples of each person, in order of time."""
        order = np.lexsort((self.picture, self.person))
        starts = np.searchsorted(self.person[order], np.arange(len(self.people) + 1))
        return [order[a:b] for a, b in pairwise(starts)]

    def of_pictures(self) -> np.ndarray:
        """(K, F) the samples of each picture, which are up to K, and -1 where there are fewer."""
        order = np.argsort(self.picture, kind="stable")
        picture = self.picture[order]
        place = np.arange(len(order)) - np.searchsorted(picture, picture)
        samples = np.full((place.max(initial=-1) + 1, len(self.times)), -1)
        samples[place, picture] = order
        return samples


def read_samples(path: str | Path) -> Samples:
    """The samples in a table of a film, CSV or Parquet (which needs the extra `table`).

    Raises FileNotFoundError, and ValueError saying which column, line or frame is wrong.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such table; check the path.")
    try:
        return _samples(*read_columns(path))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _samples(numbers: Mapping[str, np.ndarray], texts: Mapping[str, Sequence[str]]) -> Samples:
    frame = numbers["frame"]
    times, picture = _clock(frame, numbers["time"])
    tracks = ["" if math.isnan(t) else f"person {t:.0f}" for t in numbers["track"]]
    names = texts.get("name", [""] * len(frame))
    labels = np.array([_clean(n) or t for n, t in zip(names, tracks, strict=True)], dtype=str)
    heads = _stack(numbers, "head_x_min", "head_y_min", "head_x_max", "head_y_max")
    if (unknown := np.isfinite(heads).all(1) & (labels == "")).any():
        raise ValueError(f"a person in frame {frame[unknown][0]:.0f} has neither name nor track.")
    seen = labels != ""
    people, person = _people(labels[seen])
    twice = _twice(person, picture[seen])
    if twice is not None:
        raise ValueError(
            f"{people[person[twice]]} is in frame {frame[seen][twice]:.0f} twice; name the tracks "
            "apart, or drop one."
        )
    objects = np.array(list(map(_clean, texts.get("gaze_object", [""] * len(frame)))), dtype=str)
    return Samples(
        people=people,
        times=times,
        size=_size(numbers),
        picture=picture[seen],
        person=person,
        heads=heads[seen],
        points=_stack(numbers, "gaze_x", "gaze_y")[seen],
        inside=numbers["inside"][seen],
        objects=objects[seen],
        wraps=bool(np.isfinite(numbers.get("gaze_yaw", np.empty(0))).any()),
    )


def _clean(name: str) -> str:
    return " ".join(name.split())  # a tab or line break would be lost on the way through BORIS


def _clock(frame: np.ndarray, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The time of each picture (F,), and the picture of each row."""
    if not len(frame):
        raise ValueError("there are no rows in it.")
    if not np.all(frame % 1 == 0):  # NaN compares false
        raise ValueError("a row has no whole number as its frame; is this the table of a film?")
    frames, first, picture = np.unique(frame, return_index=True, return_inverse=True)
    times = time[first]
    if not np.array_equal(times[picture], time):
        wrong = frame[times[picture] != time][0]
        raise ValueError(f"frame {wrong:.0f} has no time, or several; give one film at a time.")
    if (late := np.flatnonzero(np.diff(times) <= 0)).size:
        raise ValueError(f"the time does not grow from frame {frames[late[0]]:.0f} to the next.")
    return times, picture


def _people(labels: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """The people in the order of their first row, and the person of each row."""
    names, first, person = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return tuple(str(name) for name in names[order]), np.argsort(order)[person]


def _twice(person: np.ndarray, picture: np.ndarray) -> int | None:
    """A row whose person is in its picture a second time."""
    order = np.lexsort((person, picture))
    again = (np.diff(person[order]) == 0) & (np.diff(picture[order]) == 0)
    return int(order[1:][again][0]) if again.any() else None


def _size(numbers: Mapping[str, np.ndarray]) -> tuple[float, float]:
    sizes = _stack(numbers, "image_width", "image_height")
    sizes = np.unique(sizes[np.isfinite(sizes).all(1)], axis=0)
    if len(sizes) != 1:
        raise ValueError(f"it has pictures of {len(sizes)} sizes; those of a film have one size.")
    return float(sizes[0, 0]), float(sizes[0, 1])


def _stack(numbers: Mapping[str, np.ndarray], *names: str) -> np.ndarray:
    return np.stack([numbers[name] for name in names], 1)
