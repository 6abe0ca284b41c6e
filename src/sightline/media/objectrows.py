"""The forms of a file of objects: our JSON, COCO, CSV, Pascal VOC; row by row.

- JSON `{"photo.jpg": [{"box": [x_min, y_min, x_max, y_max], "label": "cup", "score": 0.9}, ...]}`,
  or such a list alone, for all pictures. A label or score may be missing.
- COCO, the dataset or a list of detections, whose `image_id` is the number that names the picture.
- CSV with a header, one row per object, columns named as in `COLUMNS`.
- Pascal VOC, one XML file per picture, which is named like it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from sightline.media.boxrows import (
    BOX,
    EDGES,
    IMAGE,
    SCORE,
    columns_of,
    corners_of,
    four_numbers,
    number_of,
    picture_name,
    table_records,
)
from sightline.media.textfiles import parse_json, read_text, read_xml, table_lines

COLUMNS = {
    "image": IMAGE,
    "label": ("label", "name", "class", "category", "object"),
    **EDGES,
    "score": SCORE,
}
"""Our columns and the names that they may have; without an image a row is about all pictures."""
NAMELESS = "object"


@dataclass(slots=True)
class Thing:
    """An object, and where in the file it is. box: XYXY pixels."""

    where: str
    box: list[float]
    label: str
    score: float


Row: TypeAlias = tuple[str | None, Thing | None]
"""A picture, None for all, and an object in it, None where the picture is only named."""


def read_rows(path: Path) -> Iterator[Row]:
    """The objects in a file, checked; a `ValueError` names the line or record that is wrong."""
    if path.suffix.lower() == ".xml":
        return _voc_rows(path)
    text = read_text(path)
    if text.lstrip()[:1] in ("{", "["):
        return _json_rows(path, text)
    return _table_rows(path, text)


def _thing(where: str, box: Any, label: Any = None, score: Any = None) -> Thing:
    if not isinstance(box, list | tuple):
        raise ValueError(f"{where}: the box is missing; give {', '.join(BOX)}.")
    corners = four_numbers(where, box)
    if corners[2] < corners[0] or corners[3] < corners[1]:
        raise ValueError(f"{where}: the box {corners} is reversed; give {', '.join(BOX)}.")
    name = "" if label is None else " ".join(str(label).split())
    sure = 1.0 if score in (None, "") else number_of(where, score)
    return Thing(where, corners, name or NAMELESS, sure)


def _table_rows(path: Path, text: str) -> Iterator[Row]:
    lines = table_lines(path, text)
    for where, record in table_records(path, lines) if lines else ():
        found = columns_of(record, COLUMNS)
        if missing := [column for column in BOX if found[column] is None]:
            raise ValueError(
                f"{where}: no {', '.join(missing)}; the columns are called {', '.join(COLUMNS)}, "
                "with commas between them."
            )
        image = found["image"]
        if image is not None and not image.strip():
            raise ValueError(f"{where}: the name of the image is missing.")
        box = [found[column] for column in BOX]
        thing = _thing(where, box, found["label"], found["score"])
        yield (None if image is None else picture_name(image)), thing


def _json_rows(path: Path, text: str) -> Iterator[Row]:
    content = parse_json(path, text)
    try:
        if isinstance(content, list):
            yield from _list_rows(path, content)
        elif "annotations" in content:
            yield from _coco_rows(path, content)
        else:
            for image, things in content.items():
                name = picture_name(image)
                yield name, None
                for number, thing in enumerate(things):
                    yield name, _given(f"{path}, {image}, object {number}", thing)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path}: this JSON is of no form that holds objects; see docs/objects.md."
        ) from error


def _given(where: str, given: Any) -> Thing:
    """An object of our own form, or a bare box."""
    if isinstance(given, list):
        return _thing(where, given)
    return _thing(where, given.get("box"), given.get("label"), given.get("score"))


def _list_rows(path: Path, content: list[Any]) -> Iterator[Row]:
    """A list for all pictures, or COCO's detections."""
    for number, record in enumerate(content):
        where = f"{path}, record {number}"
        if isinstance(record, dict) and "bbox" in record:
            yield _number_of_picture(where, record), _coco_thing(where, record, {})
        else:
            yield None, _given(where, record)


def _coco_rows(path: Path, content: dict[str, Any]) -> Iterator[Row]:
    images = {image["id"]: picture_name(image["file_name"]) for image in content["images"]}
    categories = {c["id"]: c["name"] for c in content.get("categories", [])}
    yield from ((name, None) for name in images.values())
    for number, annotation in enumerate(content["annotations"]):
        where = f"{path}, annotation {number}"
        image = annotation.get("image_id")
        if image not in images:
            raise ValueError(f"{where}: no image has the id {image!r}.")
        if not annotation.get("iscrowd"):
            yield images[image], _coco_thing(where, annotation, categories)


def _coco_thing(where: str, record: dict[str, Any], categories: dict[Any, str]) -> Thing:
    category, given = record.get("category_id"), record.get("bbox")
    box = corners_of(where, given) if isinstance(given, list) else None
    return _thing(where, box, categories.get(category, category), record.get("score"))


def _number_of_picture(where: str, record: dict[str, Any]) -> str:
    """The name that a detection gives to its picture; 7.0 is 7, as some programs write numbers."""
    image = record.get("image_id")
    if image is None:
        raise ValueError(f"{where}: the image_id, the number of the picture, is missing.")
    return str(int(image)) if isinstance(image, float) and image.is_integer() else str(image)


def _voc_rows(path: Path) -> Iterator[Row]:
    try:
        root = read_xml(path)
    except ValueError as error:
        raise ValueError(f"{path}: this is no file of Pascal VOC ({error}).") from error
    if root.tag != "annotation":
        raise ValueError(f"{path}: this is no file of Pascal VOC (it begins with {root.tag}).")
    yield path.stem, None
    for number, found in enumerate(root.iter("object")):
        box = [found.findtext(f"bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax")]
        yield path.stem, _thing(f"{path}, object {number}", box, found.findtext("name"))
