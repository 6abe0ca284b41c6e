"""Boxes in the format of Pascal VOC, in and out: a text file of XML for every picture.

The format knows no gaze. Coordinates are taken as edges in pixels, as they are written: the copies
of GOO count from 0. The original VOC counts pixels from 1, which makes a difference of one.
"""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from sightline.datasets.box_records import BoxRecords, Labels
from sightline.datasets.boxes import Boxes, Outlined, outlines, place_picture
from sightline.datasets.pictures import inner_path
from sightline.goo_classes import GOO_CLASSES
from sightline.media.image import SUFFIXES
from sightline.media.textfiles import read_text, read_xml
from sightline.scene import Scene

CLASSES = "classes.txt"  # of ours: VOC keeps no list of classes


class Voc(Boxes):
    """The pictures that `ImageSets/Main/SPLIT.txt` lists, from `Annotations` and `JPEGImages`.

    Labels count the lines of `classes.txt`; without it, all names in `Annotations` in alphabetical
    order, or the classes of GOO when they are all of these. "difficult" is `ignored`.
    """

    name = "voc"

    def _read(self, root: Path, split: str) -> tuple[BoxRecords, Path]:
        return read_voc(root, split), root / "JPEGImages"


def read_voc(root: Path, split: str) -> BoxRecords:
    """The pictures of a split; faulty objects and files are left out, with a sentence each.

    Raises FileNotFoundError when the folder is none of VOC.
    """
    listed = root / "ImageSets" / "Main" / f"{split}.txt"
    if not listed.exists():
        raise FileNotFoundError(
            f"{root} has no ImageSets/Main/{split}.txt; give the folder that holds ImageSets, "
            "Annotations and JPEGImages."
        )
    lines = filter(None, map(str.strip, read_text(listed).split("\n")))
    names = dict.fromkeys(_listed_name(root, line) for line in lines)
    classes = _classes(root)
    label_of = {name: label for label, name in enumerate(classes)}
    pictures, broken = [], []
    for name in names:
        file = root / "Annotations" / f"{name}.xml"
        try:
            picture = Labels(inner_path(_picture_name(root, name)), (0, 0))
            tree = read_xml(file)
        except (OSError, ValueError) as error:
            broken.append(f"{file.name}: {error}")
            continue
        picture.size = _size(tree)
        for number, entry in enumerate(tree.iterfind("object")):
            try:
                _add_object(picture, label_of, entry)
            except ValueError as error:
                broken.append(f"{file.name}: object {number}: {error}")
        pictures.append(picture)
    return BoxRecords.of(pictures, classes, broken)


def _listed_name(root: Path, line: str) -> str:
    """The name in a line: all of it, or what comes before a blank, as lists of one class have."""
    return line if (root / "Annotations" / f"{line}.xml").exists() else line.split()[0]


def _classes(root: Path) -> tuple[str, ...]:
    if (file := root / CLASSES).exists():
        return _listed_classes(file)
    names = set()
    for path in (root / "Annotations").glob("*.xml"):
        try:
            names |= {_text(entry, "name") for entry in read_xml(path).iterfind("object")}
        except ValueError:  # told when the file's split is read
            continue
    return GOO_CLASSES if names <= set(GOO_CLASSES) else tuple(sorted(names - {""}))


def _add_object(picture: Labels, label_of: dict[str, int], entry: ElementTree.Element) -> None:
    if (name := _text(entry, "name")) not in label_of:
        raise ValueError(f"its name {name!r} is no class of {CLASSES}")
    box = [float(_text(entry, f"bndbox/{edge}")) for edge in ("xmin", "ymin", "xmax", "ymax")]
    if not (all(map(math.isfinite, box)) and box[0] < box[2] and box[1] < box[3]):
        raise ValueError(f"its box {box} has no width or no height")
    picture.boxes.append(box)
    picture.labels.append(label_of[name])
    picture.ignored.append(_text(entry, "difficult") == "1")


def _text(entry: ElementTree.Element, path: str) -> str:
    return (entry.findtext(path) or "").strip()


def _size(tree: ElementTree.Element) -> tuple[int, int]:
    """Width and height that the file gives; 0 where it gives none."""
    width, height = (_text(tree, f"size/{side}") for side in ("width", "height"))
    return (int(width), int(height)) if width.isdecimal() and height.isdecimal() else (0, 0)


def _picture_name(root: Path, name: str) -> str:
    """The file's name with its ending; the `filename` in the XML is often wrong."""
    folder = root / "JPEGImages"
    endings = (*SUFFIXES, *map(str.upper, SUFFIXES))
    return next((f"{name}{s}" for s in endings if (folder / f"{name}{s}").exists()), f"{name}.jpg")


def write_voc(dataset: Outlined, root: Path, split: str) -> list[str]:
    """Write a dataset as a split of a VOC folder: boxes, classes and what is ignored.

    Lost are the people: their eyes, where they look, and heads that are not among the objects.
    Samples without their picture are left out, and so is the second of two pictures of one name;
    returns a sentence about each. Classes are added to those of the splits before.
    """
    listed = root / "ImageSets" / "Main" / f"{split}.txt"
    if listed.exists():
        raise FileExistsError(f"{listed} exists already; remove it to write it again.")
    for folder in (listed.parent, root / "Annotations", root / "JPEGImages"):
        folder.mkdir(parents=True, exist_ok=True)
    names, classes, faults = {}, (), []
    for index, scene, source in outlines(dataset, faults):
        name = f"{split}_{scene.key.removesuffix(source.suffix)}".replace("/", "_")
        if name in names:  # of x.jpg and x.png, or of a/b.jpg and a_b.jpg
            faults.append(f"{source}: in VOC it is called as {names[name]} is; rename one of them.")
            continue
        names[name] = source
        file = f"{name}{source.suffix.lower()}"
        place_picture(dataset, index, root / "JPEGImages" / file)
        (root / "Annotations" / f"{name}.xml").write_text(_document(scene, file), encoding="utf-8")
        classes = scene.objects.classes if scene.objects is not None else classes
    _add_classes(root / CLASSES, classes)
    listed.write_text("\n".join(names) + "\n", encoding="utf-8")
    return faults


def _add_classes(file: Path, classes: tuple[str, ...]) -> None:
    """Write the classes after those that the file has already: other splits name these."""
    known = _listed_classes(file) if file.exists() else ()
    if together := dict.fromkeys((*known, *classes)):
        file.write_text("\n".join(together) + "\n", encoding="utf-8")


def _listed_classes(file: Path) -> tuple[str, ...]:
    return tuple(filter(None, file.read_text(encoding="utf-8").split("\n")))


def _document(scene: Scene, file: str) -> str:
    width, height = scene.size
    lines = ["<annotation>", f"<filename>{escape(file)}</filename>"]
    lines.append(f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>")
    objects = scene.objects
    for row in range(len(objects) if objects else 0):
        assert objects is not None
        edges = zip(("xmin", "ymin", "xmax", "ymax"), objects.boxes[row].tolist(), strict=True)
        box = "".join(f"<{edge}>{value:.9g}</{edge}>" for edge, value in edges)
        difficult = int(objects.ignored is not None and objects.ignored[row])
        name = f"<name>{escape(objects.name(row))}</name>"
        flag = f"<difficult>{difficult}</difficult>"
        lines.append(f"<object>{name}{flag}<bndbox>{box}</bndbox></object>")
    return "\n".join([*lines, "</annotation>", ""])
