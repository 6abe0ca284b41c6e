"""From COCO to VOC and back: splits without boxes, names that are odd, splits that are empty."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from goo_worlds import record, write_pickle, write_tiny_goo
from sightline.datasets import check, load_dataset
from sightline.datasets.convert import convert


def write_picture(file: Path, colour: str = "red") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48), colour).save(file)


def write_coco_split(root: Path, split: str, *classes: str, files: tuple[str, ...] = ("a.jpg",)):
    """Pictures with a box of each class."""
    for number, name in enumerate(files):
        write_picture(root / "images" / name, ("red", "green", "blue")[number])
    images = [{"id": number, "file_name": name} for number, name in enumerate(files)]
    boxes = [(image, label) for image in range(len(files)) for label in range(len(classes))]
    content = {
        "images": images,
        "annotations": [
            {"id": 1 + i, "image_id": image, "category_id": label, "bbox": [1, 2, 3 + label, 4]}
            for i, (image, label) in enumerate(boxes)
        ],
        "categories": [{"id": label, "name": name} for label, name in enumerate(classes)],
    }
    (root / f"{split}.json").write_text(json.dumps(content))
    return root


def class_names(root: Path, split: str) -> list[str]:
    """What the boxes of the first picture are called."""
    objects = load_dataset("voc", root, split)[0].objects
    return [objects.name(row) for row in range(len(objects))]


def test_a_split_without_annotations_takes_no_classes_from_another(tmp_path: Path) -> None:
    root = write_coco_split(tmp_path / "shop", "train", "cup", "hat")
    write_coco_split(root, "test", files=("b.jpg",))
    assert convert("coco", root, tmp_path / "voc", to="voc").ok
    assert class_names(tmp_path / "voc", "train") == ["cup", "hat"]
    assert class_names(tmp_path / "voc", "test") == []


def test_splits_with_other_classes_are_all_read(tmp_path: Path) -> None:
    root = write_coco_split(tmp_path / "shop", "train", "cup", "hat")
    write_coco_split(root, "val", "hat", "bag", files=("b.jpg",))
    convert("coco", root, tmp_path / "voc", to="voc")
    assert class_names(tmp_path / "voc", "train") == ["cup", "hat"]
    assert class_names(tmp_path / "voc", "val") == ["hat", "bag"]


@pytest.mark.parametrize("to", ["coco", "voc"])
def test_classes_without_a_box_are_kept(tmp_path: Path, to: str) -> None:
    root = write_coco_split(tmp_path / "shop", "train", "cup")
    file = root / "train.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"annotations": []}))
    convert("coco", root, tmp_path / "out", to=to)
    assert load_dataset(to, tmp_path / "out", "train")[0].objects.classes == ("cup",)


@pytest.mark.parametrize("files", [("x.jpg", "x.png"), ("a/b.jpg", "a_b.jpg")])
def test_of_two_pictures_of_one_name_the_second_is_named_and_left_out(
    tmp_path: Path, files: tuple[str, ...]
) -> None:
    root = write_coco_split(tmp_path / "shop", "train", "cup", files=(*files, "c.jpg"))
    report = convert("coco", root, tmp_path / "voc", to="voc")
    (problem,) = report.problems
    assert problem.startswith(str(root / "images" / files[1]))
    assert problem.endswith("rename one of them.")
    assert report.counts == [("train pictures", 2)]
    assert len(load_dataset("voc", tmp_path / "voc", "train")) == 2


@pytest.mark.parametrize("name", ["IMG_1.JPG", "photo 1.jpg", "photo  1 -1.Jpg"])
def test_voc_reads_what_it_wrote_whatever_the_name(tmp_path: Path, name: str) -> None:
    root = write_coco_split(tmp_path / "shop", "train", "cup", files=(name, "b.jpg"))
    assert convert("coco", root, tmp_path / "voc", to="voc").ok
    voc = load_dataset("voc", tmp_path / "voc", "train")
    assert [len(voc[i].objects) for i in range(2)] == [1, 1]


@pytest.mark.parametrize("line", ["0001", "0001 -1", "0001  1"])
def test_capital_endings_and_lists_of_one_class_are_read(tmp_path: Path, line: str) -> None:
    write_picture(tmp_path / "JPEGImages" / "0001.JPG")
    for folder in ("Annotations", "ImageSets/Main"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "Annotations" / "0001.xml").write_text("<annotation/>")
    (tmp_path / "ImageSets" / "Main" / "train.txt").write_text(f"{line}\n")
    assert load_dataset("voc", tmp_path, "train")[0].key == "0001.JPG"


def write_empty_split(root: Path, split: str) -> None:
    (root / f"{split}.json").write_text('{"images": [], "categories": []}')


def test_an_empty_split_is_a_problem_of_its_own_and_the_others_are_converted(
    tmp_path: Path,
) -> None:
    root = write_coco_split(tmp_path / "shop", "train", "cup")
    write_empty_split(root, "val")
    write_coco_split(root, "test", "cup", files=("b.jpg",))
    for report in (convert("coco", root, tmp_path / "voc", to="voc"), check("coco", root)):
        (problem,) = report.problems
        assert "'val'" in problem
        assert {("train pictures", 1), ("test pictures", 1)} <= set(report.counts)


def test_a_folder_of_which_no_split_can_be_read_is_refused(tmp_path: Path) -> None:
    write_empty_split(tmp_path, "val")
    for work in (
        lambda: convert("coco", tmp_path, tmp_path / "voc", to="voc"),
        lambda: check("coco", tmp_path),
    ):
        with pytest.raises(ValueError, match=r"'val' of .* has no readable picture"):
            work()


def test_the_first_picture_missing_does_not_hide_the_folder_of_the_others(tmp_path: Path) -> None:
    root = write_coco_split(tmp_path, "train", "cup", files=("a.jpg", "b.jpg", "c.jpg"))
    (root / "images").rename(root / "train")
    (root / "train" / "a.jpg").unlink()
    assert load_dataset("coco", root, "train")[1].size == (64, 48)


@pytest.mark.parametrize("to", ["coco", "voc"])
def test_pictures_that_are_only_in_a_store_are_written_anew(tmp_path: Path, to: str) -> None:
    write_tiny_goo(tmp_path / "goo", train=[record(i) for i in range(30)])
    options = {"to": "arrays", "pictures": True, "workers": 1}
    convert("goo-synth", tmp_path / "goo", tmp_path / "fast", **options)
    assert convert("goo-synth", tmp_path / "fast", tmp_path / "out", to=to).ok
    before = load_dataset("goo-synth", tmp_path / "goo", "test")
    after = load_dataset(to, tmp_path / "out", "test")
    assert torch.equal(before[1].image, after[1].image)


def test_a_stored_picture_that_was_no_png_is_named_and_left_out(tmp_path: Path) -> None:
    root = write_tiny_goo(tmp_path / "goo", train=[record(i) for i in range(30)])
    write_picture(root / "goosynth/test/images/photo.jpg")
    write_pickle(
        root / "goosynth/picklefile/goosynth_test_v2_no_segm.pkl",
        [record(0), record(1, filename="photo.jpg")],
    )
    options = {"to": "arrays", "pictures": True, "workers": 1}
    convert("goo-synth", root, tmp_path / "fast", **options)
    report = convert("goo-synth", tmp_path / "fast", tmp_path / "out", to="coco")
    assert "photo.jpg: it is only in a store" in report.problems[0]
    assert len(load_dataset("coco", tmp_path / "out", "test")) == 1
