"""The forms of a file of head boxes: CSV, JSON, COCO, MOT, a text file per person; row by row.

- CSV with a header, one row per head, columns named as in `COLUMNS`; further ones are ignored.
- JSON `{"photo.jpg": [[x_min, y_min, x_max, y_max], ...]}`, or a list of records with the keys of
  those columns, or COCO (of several categories the one with "head" in its name).
- MOT challenge, a table without a header: `frame, id, x, y, width, height, score`, frames from 1.
- A table without a header, `image, x_min, y_min, x_max, y_max`, of one person named by the file.

What has no header is MOT if its first line has 6 columns or more and the first two whole numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sightline.media.boxrows import (
    BOX,
    EDGES,
    IMAGE,
    SCORE,
    columns_of,
    corners_of,
    four_numbers,
    is_number,
    number_of,
    picture_name,
    table_records,
)
from sightline.media.sources import natural_order
from sightline.media.textfiles import parse_json, read_text, table_lines

COLUMNS = {
    "image": IMAGE,
    "frame": ("frame",),
    "time": ("time",),
    **EDGES,
    "person": ("person", "name", "track", "track_id", "id"),
    "score": SCORE,
}
"""Our columns and the names that they may have, in small or capital letters; `person` and `score`
may be missing, and of `image`, `frame` and `time` one is enough."""


@dataclass(slots=True)  # a film may have a million
class Row:
    """A head, and where in the file it is.

    image: the picture's name; "" if there is only a time.
    box: XYXY pixels. person: a name or "". score: NaN where nobody said.
    frame: the number of a film's picture, counted from `first`, if the form has such numbers.
    time: seconds since the beginning of a film.
    """

    where: str
    image: str
    box: list[float]
    person: str
    score: float
    frame: int | None = None
    first: int = 0
    time: float | None = None


def checked_rows(path: str | Path, *, over_seam: bool = False) -> list[Row]:
    """The heads in a file or a folder of .txt files, one per person; at least one.

    over_seam: whether boxes may end left of where they begin, for panoramas.
    Raises FileNotFoundError, and ValueError naming the row that is wrong.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file of head boxes; check the path.")
    files = sorted(path.glob("*.txt"), key=natural_order) if path.is_dir() else [path]
    rows = [row for file in files for row in read_rows(file)]
    if not rows:
        raise ValueError(f"{path}: there are no head boxes in it.")
    ends_before = next((row for row in rows if row.box[2] < row.box[0]), None)
    if ends_before is not None and not over_seam:
        raise reversed_box(ends_before.where, ends_before.box)
    if max(max(row.box) for row in rows) <= 1:
        raise ValueError(f"{path}: the boxes look like fractions of the picture; give pixels.")
    return rows


def read_rows(path: Path) -> Iterator[Row]:
    """The heads in a file, checked; a `ValueError` names the line or record that is wrong.

    Boxes may end left of where they begin, as they do over the seam of a panorama.
    """
    text = read_text(path)
    if text.lstrip()[:1] in ("{", "["):
        return _json_rows(path, text)
    return _table_rows(path, text)


def reversed_box(where: str, box: list[float]) -> ValueError:
    """What to raise for a box that ends before it begins."""
    return ValueError(f"{where}: the box {box} is reversed or empty; give {', '.join(BOX)}.")


def _row(
    where: str, image: Any, box: Any, person: Any = None, score: Any = None, time: Any = None
) -> Row:
    if not isinstance(image, str) or not (image.strip() or time is not None):
        raise ValueError(f"{where}: the name of the image is missing.")
    corners = four_numbers(where, box)
    if corners[2] == corners[0] or corners[3] <= corners[1]:
        raise reversed_box(where, corners)
    return Row(
        where=where,
        image=picture_name(image),
        box=corners,
        person="" if person is None else str(person).strip(),
        score=math.nan if score in (None, "") else number_of(where, score),
        time=None if time is None else number_of(where, time),
    )


def _whole(where: str, value: Any) -> int:
    number = number_of(where, value)
    if number != int(number):
        raise ValueError(f"{where}: {value!r} is not a whole number.")
    return int(number)


def _frame(where: str, value: Any) -> int:
    frame = _whole(where, value)
    if frame < 0:
        raise ValueError(f"{where}: the number of a frame is not negative, like {value}.")
    return frame


def _table_rows(path: Path, text: str) -> Iterator[Row]:
    lines = table_lines(path, text)
    if not lines:
        return iter(())
    _, first = lines[0]
    if len(first) >= 6 and all(re.fullmatch(r"\s*-?\d+\s*", cell) for cell in first[:2]):
        return _mot_rows(path, lines)
    is_person = all(map(is_number, first[1:5]))
    return _person_rows(path, lines) if is_person else _csv_rows(path, lines)


def _csv_rows(path: Path, lines: list[tuple[int, list[str]]]) -> Iterator[Row]:
    for where, record in table_records(path, lines):
        yield _record(where, record)


def _person_rows(path: Path, lines: list[tuple[int, list[str]]]) -> Iterator[Row]:
    # A file that names a picture twice is not about one person: its rows get no name.
    images = {cells[0] for _, cells in lines}
    person = path.stem if len(images) == len(lines) else None
    for number, cells in lines:
        where = f"{path}, line {number}"
        if len(cells) < 5:
            raise ValueError(f"{where}: {len(cells)} columns; give image, {', '.join(BOX)}.")
        yield _row(where, cells[0], cells[1:5], person)


def _mot_rows(path: Path, lines: list[tuple[int, list[str]]]) -> Iterator[Row]:
    for number, cells in lines:
        where = f"{path}, line {number}"
        if len(cells) < 6:
            raise ValueError(f"{where}: {len(cells)} columns; give frame, id, x, y, width, height.")
        frame, person = _frame(where, cells[0]), _whole(where, cells[1])
        score = number_of(where, cells[6]) if len(cells) > 6 else -1.0
        if score == 0:  # "to be ignored" in the challenge's ground truth
            continue
        box = corners_of(where, cells[2:6])
        known = (None if value < 0 else value for value in (person, score))
        yield replace(_row(where, str(frame), box, *known), frame=frame, first=1)


def _record(where: str, record: dict[str, Any]) -> Row:
    found = columns_of(record, COLUMNS)
    name = found["frame"]  # a number, or the name of a picture
    frame = _frame(where, name) if is_number(str(name)) else None
    time = None if found["time"] == "" else found["time"]
    if frame is not None and not isinstance(found["image"], str):
        found["image"] = str(frame)
    elif found["image"] is None and time is not None:
        found["image"] = ""
    missing = [column for column in ("image", *BOX) if found[column] is None]
    if missing:
        raise ValueError(
            f"{where}: no {', '.join(missing)}; the columns are called image, {', '.join(BOX)}."
        )
    box = [found[column] for column in BOX]
    row = _row(where, found["image"], box, found["person"], found["score"], time)
    return replace(row, frame=frame)


def _json_rows(path: Path, text: str) -> Iterator[Row]:
    content = parse_json(path, text)
    try:
        if isinstance(content, list):
            for number, record in enumerate(content):
                yield _record(f"{path}, record {number}", record)
        elif "annotations" in content:
            yield from _coco_rows(path, content)
        else:
            for image, boxes in content.items():
                for number, box in enumerate(boxes):
                    yield _row(f"{path}, {image}, box {number}", image, box)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: this JSON is of no form that holds head boxes.") from error


def _coco_rows(path: Path, content: dict[str, Any]) -> Iterator[Row]:
    images = {image["id"]: image for image in content["images"]}
    categories = {c["id"]: c["name"] for c in content.get("categories", [])}
    heads = [key for key, name in categories.items() if "head" in name.lower()]
    if len(categories) > 1 and not heads:
        names = ", ".join(categories.values())
        raise ValueError(f"{path}: none of the categories is called head: {names}.")
    for number, annotation in enumerate(content["annotations"]):
        where = f"{path}, annotation {number}"
        if annotation.get("iscrowd") or (heads and annotation["category_id"] not in heads):
            continue
        box = corners_of(where, annotation["bbox"])
        image = images.get(annotation["image_id"], {})
        frame = _frame(where, image["frame_id"]) if "frame_id" in image else None
        name = image.get("file_name", None if frame is None else str(frame))
        row = _row(where, name, box, annotation.get("track_id"), annotation.get("score"))
        yield replace(row, frame=frame)
