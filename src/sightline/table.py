"""The table of results: one row per person of a picture, in CSV or Parquet.

`COLUMNS` is the schema, docs/table.md its explanation. Pictures without people have no row; frames
of a film without people have one whose cells about a person are empty.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor

from sightline.gaze import Gaze
from sightline.geometry.boxes import centres, to_pixels
from sightline.geometry.heatmap import entropies
from sightline.geometry.sphere import to_degrees, to_points

Row: TypeAlias = dict[str, str | int | float | None]


@dataclass(frozen=True)
class Column:
    """One column of the table; a cell is empty (None) where the value was not given."""

    name: str
    type: type[str] | type[int] | type[float]
    unit: str
    description: str


COLUMNS: tuple[Column, ...] = (
    Column("image", str, "", "path or name of the picture, as it was given"),
    Column("image_width", int, "pixel", "width of the original picture, upright"),
    Column("image_height", int, "pixel", "height of the original picture, upright"),
    Column("person", int, "", "index of the person in the picture, from 0"),
    Column("name", str, "", "name of the person, if one was given with the heads"),
    Column("head_x_min", float, "pixel", "left edge of the head box"),
    Column("head_y_min", float, "pixel", "top edge of the head box"),
    Column("head_x_max", float, "pixel", "right edge of the head box"),
    Column("head_y_max", float, "pixel", "bottom edge of the head box"),
    Column("head_x_min_unit", float, "width", "left edge of the head box"),
    Column("head_y_min_unit", float, "height", "top edge of the head box"),
    Column("head_x_max_unit", float, "width", "right edge of the head box"),
    Column("head_y_max_unit", float, "height", "bottom edge of the head box"),
    Column("head_score", float, "", "score of the head detector"),
    Column("gaze_x", float, "pixel", "gaze target, given also for people who look outside"),
    Column("gaze_y", float, "pixel", "gaze target, given also for people who look outside"),
    Column("gaze_x_unit", float, "width", "gaze target, given also for people who look outside"),
    Column("gaze_y_unit", float, "height", "gaze target, given also for people who look outside"),
    Column("inside", float, "probability", "that the gaze target is in the picture"),
    Column("heatmap_peak", float, "", "largest value of the heatmap, as the model scores it"),
    Column("heatmap_entropy", float, "", "spread of the heatmap, 0 one cell to 1 flat"),
    Column("model", str, "", "name of the model"),
    Column("weights", str, "", "name or file of the weights"),
    Column("frame", int, "", "number of the picture in the film, from 0"),
    Column("time", float, "second", "of the film, from its first picture, by the media clock"),
    Column("track", int, "", "identity of the person over the frames of the film"),
    Column("gaze_object", str, "", "name of the object looked at; empty for none"),
    Column("gaze_object_index", int, "", "its row among the objects in the JSON, from 0"),
    Column("gaze_object_score", float, "", "score of its detector; 1 where it was given"),
    Column("gaze_object_x_min", float, "pixel", "left edge of its box"),
    Column("gaze_object_y_min", float, "pixel", "top edge of its box"),
    Column("gaze_object_x_max", float, "pixel", "right edge of its box"),
    Column("gaze_object_y_max", float, "pixel", "bottom edge of its box"),
    Column("head_yaw", float, "degree", "in a panorama, the middle of the head box"),
    Column("head_pitch", float, "degree", "in a panorama, the middle of the head box"),
    Column("gaze_yaw", float, "degree", "in a panorama, the gaze target"),
    Column("gaze_pitch", float, "degree", "in a panorama, the gaze target"),
    Column("direction_yaw", float, "degree", "in a panorama, where the sight line points"),
    Column("direction_pitch", float, "degree", "in a panorama, where the sight line points"),
)
"""The schema, in order. New columns are appended, the others keep name, type and meaning."""

NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)


def rows(
    gaze: Gaze,
    *,
    image: str | None,
    size: tuple[int, int] | None,
    model: str | None,
    weights: str | None,
    names: Sequence[str | None] | None = None,
    head_scores: Tensor | None = None,
) -> list[Row]:
    """The people of one picture of `size` (width, height) as rows of the table.

    Numbers have six significant digits, times all they have. Without a size the cells in pixels are
    empty.
    """
    missing = [None] * len(gaze)
    has_maps = gaze.heatmaps.numel() > 0
    width, height = size or (None, None)
    about_picture: Row = {
        "image": image,
        "image_width": width,
        "image_height": height,
        "model": model,
        "weights": weights,
        "frame": gaze.frame,
        "time": gaze.time,
    }
    about_people = {
        "person": range(len(gaze)),
        "name": names or missing,
        **_coordinates(gaze, size),
        "head_score": missing if head_scores is None else _cells(head_scores),
        "inside": missing if gaze.inside is None else _cells(gaze.inside),
        "heatmap_peak": _cells(gaze.heatmaps.amax((1, 2))) if has_maps else missing,
        "heatmap_entropy": _cells(entropies(gaze.heatmaps.float())) if has_maps else missing,
        "track": missing if gaze.tracks is None else gaze.tracks.tolist(),
        **_objects(gaze, size),
        **_angles(gaze),
    }
    if not len(gaze) and gaze.frame is not None:
        return [dict.fromkeys(NAMES) | about_picture]
    blank = dict.fromkeys(NAMES) | about_picture
    people = zip(*about_people.values(), strict=True)
    return [blank | dict(zip(about_people, person, strict=True)) for person in people]


def _coordinates(gaze: Gaze, size: tuple[int, int] | None) -> dict[str, list[float | None]]:
    """Head boxes and gaze targets, by column, in pixels and in shares of the picture."""
    names = ["head_x_min", "head_y_min", "head_x_max", "head_y_max", "gaze_x", "gaze_y"]
    unit = torch.cat([gaze.heads, gaze.points], 1).double()
    pixels = torch.full_like(unit, math.nan) if size is None else to_pixels(unit, size)
    return {
        **{name: _cells(values) for name, values in zip(names, pixels.T, strict=True)},
        **{f"{name}_unit": _cells(values) for name, values in zip(names, unit.T, strict=True)},
    }


def _objects(
    gaze: Gaze, size: tuple[int, int] | None
) -> dict[str, list[str | None] | list[int | None] | list[float | None]]:
    """What each person looks at, by column; nothing where no objects were looked for."""
    objects, chosen = gaze.objects, gaze.gaze_object
    if objects is None or chosen is None or not len(objects):
        return {}
    nothing = (chosen < 0)[:, None]
    row = chosen.clamp(min=0)
    facts = torch.cat([objects.scores[row][:, None], objects.boxes[row]], 1).double()
    facts[:, 1:] = math.nan if size is None else to_pixels(facts[:, 1:], size)
    sides = ("score", "x_min", "y_min", "x_max", "y_max")
    columns = facts.masked_fill(nothing, math.nan).T
    rows = [index if index >= 0 else None for index in chosen.tolist()]
    return {
        "gaze_object": [None if index is None else objects.name(index) for index in rows],
        "gaze_object_index": rows,
        **{f"gaze_object_{side}": _cells(v) for side, v in zip(sides, columns, strict=True)},
    }


def _angles(gaze: Gaze) -> dict[str, list[float | None]]:
    """Heads, gaze targets and sight lines in a panorama, by column; nothing in other pictures."""
    if gaze.projection != "equirectangular":
        return {}
    places = {"head": centres(gaze.heads.double()), "gaze": gaze.points.double()}
    if gaze.directions is not None:
        places["direction"] = to_points(gaze.directions.double())
    degrees = {name: to_degrees(points) for name, points in places.items()}
    return {
        f"{name}_{angle}": _cells(values)
        for name, both in degrees.items()
        for angle, values in zip(("yaw", "pitch"), both.T, strict=True)
    }


def _cells(values: Tensor) -> list[float | None]:
    return [None if math.isnan(value) else shorten(value) for value in values.tolist()]


def shorten(value: float) -> float:
    """A number with six significant digits, as the table has them."""
    return float(f"{value:.6g}")


def append_csv(rows: Sequence[Row], path: str | Path) -> None:
    """Append rows to a CSV file (UTF-8), which gets its header when it is new.

    The rows of a call reach the file at once, so what is computed survives a crash. Raises
    ValueError if the file has other columns.
    """
    path = Path(path)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, NAMES, lineterminator="\n")
    if _is_new(path):
        writer.writeheader()
    writer.writerows(rows)
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(text.getvalue())


def _is_new(path: Path) -> bool:
    """Whether a CSV file has no header yet; other columns than ours are refused."""
    if not path.exists() or path.stat().st_size == 0:
        return True
    with path.open(encoding="utf-8") as file:
        header = file.readline().rstrip("\r\n")
    if header != ",".join(NAMES):
        raise ValueError(
            f"{path}: has other columns than the table of this version; "
            "choose another file or move this one away."
        )
    return False


def write_parquet(rows: Iterable[Row], path: str | Path) -> None:
    """Write rows as one Parquet file, typed by the schema; needs the extra `table`."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError("Parquet needs pyarrow: pip install 'sightline[table]'.") from error
    arrow = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}
    schema = pyarrow.schema([(column.name, arrow[column.type]) for column in COLUMNS])
    remaining = iter(rows)
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        while some := list(islice(remaining, 50_000)):  # the table of a long film is large
            writer.write_table(pyarrow.Table.from_pylist(some, schema))
