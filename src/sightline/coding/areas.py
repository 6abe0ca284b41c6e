"""Areas of interest: polygons that have a name, each for a span of time, from a small JSON file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sightline.media.textfiles import parse_json, read_text

KEYS = {"name", "polygon", "unit", "from", "to"}


@dataclass(frozen=True)
class Area:
    """A polygon that counts from `start` until just before `end`, in seconds.

    polygon: (V, 2) corners, in pixels or, if `is_share`, in shares of the picture.
    """

    name: str
    polygon: np.ndarray
    is_share: bool = False
    start: float = -math.inf
    end: float = math.inf


def read_areas(path: str | Path) -> list[Area]:
    """The areas in a JSON file {"areas": [{"name": ..., "polygon": [[x, y], ...], ...}]}.

    "unit" is "pixel" (if not given) or "share"; "from" and "to" are seconds and may be left out.
    Raises FileNotFoundError, and ValueError naming the area that is wrong.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file of areas; check the path.")
    content = parse_json(path, read_text(path))
    if not isinstance(content, dict) or not isinstance(content.get("areas"), list):
        raise ValueError(f'{path}: give {{"areas": [...]}}, a list of areas.')
    return [_area(f"{path}, area {n}", given) for n, given in enumerate(content["areas"], 1)]


def _area(where: str, given: Any) -> Area:
    if not isinstance(given, dict) or not isinstance(given.get("name"), str):
        raise ValueError(f'{where}: give it a "name" and a "polygon".')
    name = " ".join(given["name"].split())
    where = f"{where} ({name})"
    if not name or given.keys() - KEYS:
        wrong = ", ".join(sorted(given.keys() - KEYS)) or "an empty name"
        raise ValueError(f"{where}: {wrong} is not understood; known: {', '.join(sorted(KEYS))}.")
    unit = given.get("unit", "pixel")
    if unit not in ("pixel", "share"):
        raise ValueError(f'{where}: the unit is {unit!r}; it is "pixel" or "share".')
    polygon = _polygon(where, given.get("polygon"))
    if unit == "pixel" and polygon.max() <= 1:
        raise ValueError(f'{where}: these are no pixels; say "unit": "share".')
    start, end = _span(where, given)
    return Area(name, polygon, unit == "share", start, end)


def _polygon(where: str, corners: Any) -> np.ndarray:
    try:
        polygon = np.array(corners, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        polygon = np.empty(0)
    if polygon.shape[1:] != (2,) or len(polygon) < 3:
        raise ValueError(f"{where}: the polygon must be three or more corners [x, y].")
    if not np.isfinite(polygon).all():
        raise ValueError(f"{where}: a corner of the polygon is not a number.")
    return polygon


def _span(where: str, given: dict[str, Any]) -> tuple[float, float]:
    try:
        start, end = float(given.get("from", -math.inf)), float(given.get("to", math.inf))
    except (TypeError, ValueError) as error:
        raise ValueError(f'{where}: "from" and "to" are seconds.') from error
    if not start < end:
        raise ValueError(f'{where}: "to" must be later than "from".')
    return start, end


def contains(polygon: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Whether points (N, 2) are in a polygon (V, 2), by the even-odd rule; NaN is in none."""
    x, y = points[:, :1], points[:, 1:]
    (x0, y0), (x1, y1) = polygon.T, np.roll(polygon, -1, axis=0).T
    crosses = (y0 <= y) != (y1 <= y)  # half open: a corner belongs to one of its two edges
    rise = np.where(y1 == y0, 1.0, y1 - y0)  # a level edge is crossed by no level ray
    left = x < x0 + (y - y0) / rise * (x1 - x0)
    return (crosses & left).sum(1) % 2 == 1


def area_of(
    areas: Sequence[Area],
    points: np.ndarray,
    times: np.ndarray,
    size: tuple[float, float],
    *,
    wraps: bool = False,
) -> np.ndarray:
    """The area that each point (N, 2) in pixels is in at its time (N,): its index, -1 for none.

    Of areas that overlap the one that comes first wins. Raises ValueError for an area that is no
    part of the picture, whose size is (width, height).
    wraps: whether areas that go on beyond the left or right edge go on at the other, in panoramas.
    """
    found = np.full(len(points), -1)
    turns = [(0, 0), (size[0], 0), (-size[0], 0)] if wraps else [(0, 0)]
    for index, area in enumerate(areas):
        polygon = area.polygon * size if area.is_share else area.polygon
        if (polygon.max(0) <= 0).any() or (polygon.min(0) >= size).any():
            raise ValueError(
                f"the area {area.name} is outside the picture, which has {size[0]:.0f} x "
                f"{size[1]:.0f} pixels; mend its corners or its unit."
            )
        free = np.flatnonzero((found < 0) & (times >= area.start) & (times < area.end))
        hit = np.any([contains(polygon, points[free] + turn) for turn in turns], 0)
        found[free[hit]] = index
    return found
