"""Boxes in the COCO format, in and out, with a list of ours about who looks where.

A picture may have `gaze`, a list of people: {"head": [x, y, width, height], "eyes": [x, y],
"point": [x, y], "inside": 1, "gaze_object": 17}, the last the id of an annotation. All but the
head may be left out or null.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from sightline.datasets.box_records import BoxRecords, Labels, Person
from sightline.datasets.boxes import Boxes, Outlined, outlines, place_picture
from sightline.datasets.pictures import inner_path
from sightline.scene import Scene

FILES = ("{}.json", "instances_{}.json", "instances_{}2017.json")
ANNOTATIONS = ("", "annotations")
PICTURES = ("images", "images/{}", "", "{}", "{}2017")
TRIED = 100  # pictures by which their folder is found
LARGEST = 1e6  # nothing measured in pixels is larger
NOWHERE = (math.nan, math.nan)
FAULTS = (ValueError, KeyError, TypeError, AttributeError, OverflowError)

Rows = dict[Any, tuple[Any, int]]
"""Of each annotation, the image and the row among its boxes."""


class Coco(Boxes):
    """Pictures of `SPLIT.json`, `instances_SPLIT.json` or `instances_SPLIT2017.json` in a folder.

    The file may lie in `annotations`; pictures lie in the folder itself, `images`, `images/SPLIT`,
    `SPLIT` or `SPLIT2017`. Labels count the categories in their order; `iscrowd` is `ignored`.
    """

    name = "coco"

    def _read(self, root: Path, split: str) -> tuple[BoxRecords, Path]:
        records = read_coco(find_coco(root, split))
        return records, _picture_folder(root, split, records)


def find_coco(root: Path, split: str) -> Path:
    """The file of a split; FileNotFoundError says what was looked for."""
    names = [name.format(split) for name in FILES]
    for folder in ANNOTATIONS:
        for name in names:
            if (file := root / folder / name).exists():
                return file
    raise FileNotFoundError(
        f"{root} has no {' or '.join(names)}, nor has its folder annotations; give the folder that "
        "holds the annotations in JSON, or name the file after the split."
    )


def _picture_folder(root: Path, split: str, records: BoxRecords) -> Path:
    """The folder that has the most of the first pictures, some of which may be missing."""
    folders = [root / name.format(split) for name in PICTURES]
    files = records.files[:TRIED].tolist()
    return max(folders, key=lambda folder: sum((folder / file).is_file() for file in files))


def read_coco(file: Path) -> BoxRecords:
    """The pictures of a file in its order; what is faulty is left out, with a sentence each.

    Raises ValueError when the file as a whole is none of COCO.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
        listed, categories = list(content["images"]), content["categories"]
        annotations = list(content.get("annotations", []))
        label_of = {entry["id"]: label for label, entry in enumerate(categories)}
        classes = tuple(str(entry["name"]) for entry in categories)
    except (*FAULTS, RecursionError) as error:
        raise ValueError(
            f"{file} is no COCO file with images and categories ({type(error).__name__}: {error})."
        ) from error
    images, faults = _usable(listed)
    pictures = {entry["id"]: _picture(entry) for entry in images}
    if len(pictures) < len(images) or len(label_of) < len(categories):
        raise ValueError(f"{file}: two images or two categories have the same id.")
    rows, broken = _add_boxes(pictures, label_of, annotations)
    broken += _add_people(pictures, rows, images)
    broken = [f"{file.name}: {fault}" for fault in faults + broken]
    with_gaze = any("gaze" in entry for entry in images)
    return BoxRecords.of(list(pictures.values()), classes, broken, with_gaze=with_gaze)


def _usable(images: list[Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """The images whose entries are whole, each picture once, and what is wrong with the others."""
    usable, files, broken = [], set(), []
    for number, entry in enumerate(images):
        try:
            hash(entry["id"])
            if (file := _picture(entry).file) in files:
                raise ValueError(f"its picture {file} is that of an image before it")
        except FAULTS as error:
            broken.append(f"image {number}: {_why(error)}")
        else:
            files.add(file)
            usable.append(entry)
    return usable, broken


def _add_boxes(
    pictures: dict[Any, Labels], label_of: dict[Any, int], annotations: list[Any]
) -> tuple[Rows, list[str]]:
    rows, broken = {}, []
    for number, entry in enumerate(annotations):
        try:
            key, row = entry["id"], _add_box(pictures, label_of, entry)
            # of two annotations with the same id nobody knows which one is meant
            rows[key] = (None, -1) if key in rows else (entry["image_id"], row)
        except FAULTS as error:
            broken.append(f"annotation {number}: {_why(error)}")
    return rows, broken


def _add_people(pictures: dict[Any, Labels], rows: Rows, images: list[dict[str, Any]]) -> list[str]:
    broken = []
    for entry in images:
        people = entry.get("gaze")
        for number, person in enumerate(people if isinstance(people, list) else []):
            try:
                pictures[entry["id"]].people.append(_person(person, entry["id"], rows))
            except FAULTS as error:
                broken.append(f"{entry['file_name']}, person {number}: {_why(error)}")
        if not isinstance(people, list | None):
            broken.append(f"{entry['file_name']}: gaze is no list of people")
    return broken


def _picture(entry: dict[str, Any]) -> Labels:
    """The picture of an image; a size that is not given is 0."""
    size = int(entry.get("width") or 0), int(entry.get("height") or 0)
    return Labels(inner_path(entry["file_name"]), size)


def _add_box(pictures: dict[Any, Labels], label_of: dict[Any, int], entry: dict[str, Any]) -> int:
    """Enter an annotation; returns its row among those of its picture."""
    if entry["image_id"] not in pictures:
        raise ValueError(f"there is no image {entry['image_id']!r}")
    if entry["category_id"] not in label_of:
        raise ValueError(f"there is no category {entry['category_id']!r}")
    box = _box(entry["bbox"])
    picture = pictures[entry["image_id"]]
    picture.boxes.append(box)
    picture.labels.append(label_of[entry["category_id"]])
    picture.ignored.append(bool(entry.get("iscrowd", 0)))
    return len(picture.boxes) - 1


def _person(entry: dict[str, Any], image: Any, rows: Rows) -> Person:
    eyes, point = (_numbers(entry.get(key), 2) for key in ("eyes", "point"))
    inside = entry.get("inside")
    if inside not in (None, 0, 1):
        raise ValueError(f"inside is {inside!r}, not 1, 0 or null")
    if inside is None:
        inside = math.nan if math.isnan(point[0]) else 1
    target = entry.get("gaze_object")
    if target is not None and rows.get(target, (None,))[0] != image:
        raise ValueError(f"gaze_object is {target!r}, which is not one annotation of this image")
    row = -1 if target is None else rows[target][1]
    head = [math.nan] * 4 if entry.get("head") is None else _box(entry["head"])
    return Person(head, eyes, point, float(inside), row)


def _box(values: Any) -> list[float]:
    """XYXY of x, y, width, height."""
    x, y, width, height = _numbers(values, 4)
    if not (width > 0 and height > 0):
        raise ValueError(f"the box {values} has no width or no height")
    return [x, y, x + width, y + height]


def _numbers(values: Any, count: int) -> list[float]:
    if values is None:
        return [math.nan] * count
    try:
        numbers = [float(value) for value in values]
    except (TypeError, ValueError, OverflowError):
        numbers = []
    if len(numbers) != count or not all(abs(number) < LARGEST for number in numbers):
        raise ValueError(f"{values!r:.80} are not {count} numbers of pixels")
    return numbers


def _why(error: Exception) -> str:
    return f"it has no {error}" if isinstance(error, KeyError) else str(error)


def write_coco(dataset: Outlined, file: Path, pictures: str = "images") -> list[str]:
    """Write the boxes, classes and people of a dataset; pictures go to a folder beside the file.

    Nothing is lost but several annotators' gaze points, of which the first is kept. Samples without
    their picture are left out; returns a sentence about each.
    """
    if file.exists():
        raise FileExistsError(f"{file} exists already; remove it to write it again.")
    images, annotations, classes, faults = [], [], (), []
    for index, scene, source in outlines(dataset, faults):
        name = (
            f"{file.stem}/{scene.key}{'' if scene.key.endswith(source.suffix) else source.suffix}"
        )
        place_picture(dataset, index, file.parent / pictures / name)
        first = len(annotations) + 1  # 0 is no id: evaluation by COCO takes it for none
        annotations += _annotations(scene, index, first)
        width, height = scene.size
        image = {"id": index, "file_name": name, "width": width, "height": height}
        images.append(image | ({"gaze": list(_people(scene, first))} if scene.truth else {}))
        classes = scene.objects.classes if scene.objects is not None else classes
    categories = [{"id": label, "name": name} for label, name in enumerate(classes)]
    content = {"images": images, "annotations": annotations, "categories": categories}
    file.write_text(json.dumps(content) + "\n", encoding="utf-8")
    return faults


def _annotations(scene: Scene, image: int, first: int) -> Iterator[dict[str, Any]]:
    if scene.objects is None:
        return
    ignored = scene.objects.ignored
    ignored = torch.zeros(len(scene.objects)) if ignored is None else ignored
    labels, crowds = scene.objects.labels.tolist(), ignored.int().tolist()
    for row, box in enumerate(scene.objects.boxes.tolist()):
        x, y, width, height = _corner_and_size(box)
        yield {
            "id": first + row,
            "image_id": image,
            "category_id": labels[row],
            "bbox": [x, y, width, height],
            "area": width * height,
            "iscrowd": crowds[row],
        }


def _people(scene: Scene, first: int) -> Iterator[dict[str, Any]]:
    assert scene.truth is not None
    targets = scene.truth.gaze_object
    for i, head in enumerate(scene.heads.tolist()):
        point, inside = scene.truth.points[i, 0].tolist(), scene.truth.inside[i].item()
        eyes = NOWHERE if scene.eyes is None else scene.eyes[i].tolist()
        target = -1 if targets is None else int(targets[i])
        yield {
            "head": None if math.isnan(head[0]) else _corner_and_size(head),
            "eyes": None if math.isnan(eyes[0]) else eyes,
            "point": None if math.isnan(point[0]) else point,
            "inside": None if math.isnan(inside) else int(inside),
            "gaze_object": None if target < 0 else first + target,
        }


def _corner_and_size(box: list[float]) -> list[float]:
    return [box[0], box[1], box[2] - box[0], box[3] - box[1]]
