"""VOC and COCO: in, out and back, and what each of them loses."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from goo_worlds import record, write_tiny_goo
from sightline.datasets import check, load_dataset
from sightline.datasets.coco import write_coco
from sightline.datasets.convert import convert
from sightline.datasets.voc import write_voc

BOX = {"id": 7, "image_id": 40, "category_id": 90, "bbox": [10, 20, 5, 8]}


def write_picture(file: Path, size: tuple[int, int] = (64, 48)) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, "red").save(file)


def write_shop(root: Path, **changes: object) -> Path:
    """A COCO folder of one picture with a cup, a crowd of plates, and somebody who looks at it."""
    write_picture(root / "images" / "shop.jpg")
    person = {"head": [30, 2, 10, 12], "eyes": [35, 8], "point": [12, 24], "gaze_object": 7}
    content = {
        "images": [
            {"id": 40, "file_name": "shop.jpg", "width": 64, "height": 48, "gaze": [person]}
        ],
        "annotations": [
            {"id": 3, "image_id": 40, "category_id": 5, "bbox": [1, 2, 3, 4], "iscrowd": 1},
            BOX,
        ],
        "categories": [{"id": 90, "name": "cup"}, {"id": 5, "name": "plate"}],
    }
    (root / "train.json").write_text(json.dumps(content | changes))
    return root


def with_person(**person: object) -> dict:
    image = {"id": 40, "file_name": "shop.jpg", "width": 64, "height": 48}
    return {"images": [image | {"gaze": [{"head": [30, 2, 10, 12]} | person]}]}


def test_coco_with_gaze_becomes_a_scene(tmp_path: Path) -> None:
    scene = load_dataset("coco", write_shop(tmp_path), "train")[0]
    assert scene.size == (64, 48)
    assert scene.key == "shop.jpg"
    assert scene.objects.boxes.tolist() == [[1, 2, 4, 6], [10, 20, 15, 28]]
    assert scene.objects.classes == ("cup", "plate")
    assert scene.objects.labels.tolist() == [1, 0]
    assert scene.objects.ignored.tolist() == [True, False]
    assert scene.heads.tolist() == [[30, 2, 40, 14]]
    assert scene.eyes.tolist() == [[35, 8]]
    assert scene.truth.points.tolist() == [[[12, 24]]]
    assert scene.truth.inside.tolist() == [1]
    assert scene.truth.gaze_object.tolist() == [1]


def test_a_person_of_whom_only_the_head_is_known(tmp_path: Path) -> None:
    scene = load_dataset("coco", write_shop(tmp_path, **with_person()), "train")[0]
    assert scene.eyes.isnan().all()
    assert scene.truth.points.isnan().all()
    assert scene.truth.inside.isnan().all()
    assert scene.truth.gaze_object.tolist() == [-1]


def test_a_person_who_looks_out_of_the_picture(tmp_path: Path) -> None:
    root = write_shop(tmp_path, **with_person(point=None, inside=0))
    assert load_dataset("coco", root, "train")[0].truth.inside.tolist() == [0]


@pytest.mark.parametrize(
    ("name", "is_head"),
    [("Head", True), ("human head", True), ("headphones", False), ("arrowhead", False)],
)
def test_coco_without_gaze_has_heads_by_their_class_and_no_truth(
    tmp_path: Path, name: str, is_head: bool
) -> None:
    image = {"id": 40, "file_name": "shop.jpg", "width": 64, "height": 48}
    categories = [{"id": 5, "name": "plate"}, {"id": 90, "name": name}]
    root = write_shop(tmp_path, images=[image], categories=categories)
    scene = load_dataset("coco", root, "train")[0]
    assert scene.heads.tolist() == [[10, 20, 15, 28]] * is_head
    assert scene.truth is None


@pytest.mark.parametrize(
    ("annotation", "why"),
    [
        (BOX | {"bbox": [1, 2, 0, 4]}, "has no width or no height"),
        (BOX | {"bbox": [1, 2, 3]}, "are not 4 numbers"),
        (BOX | {"bbox": "wide"}, "'wide' are not 4 numbers"),
        (BOX | {"category_id": 4}, "there is no category 4"),
        (BOX | {"image_id": 4}, "there is no image 4"),
        ({"id": 1}, "it has no 'image_id'"),
        ({key: value for key, value in BOX.items() if key != "id"}, "it has no 'id'"),
        (BOX | {"bbox": [1, 2, 3, 10**400]}, "are not 4 numbers of pixels"),
        (BOX | {"bbox": [1, 2, 3, 1e300]}, "are not 4 numbers of pixels"),
        (5, "not subscriptable"),
    ],
)
def test_a_faulty_annotation_is_named_and_left_out(
    tmp_path: Path, annotation: dict, why: str
) -> None:
    root = write_shop(tmp_path, annotations=[BOX, annotation])
    with pytest.warns(UserWarning, match=rf"the first: train\.json: annotation 1: .*{why}"):
        assert len(load_dataset("coco", root, "train")[0].objects) == 1


@pytest.mark.parametrize(
    ("person", "why"),
    [
        ({"gaze_object": 99}, "gaze_object is 99, which is not one annotation of this image"),
        ({"inside": 2}, "inside is 2, not 1, 0 or null"),
        ({"point": [1]}, "are not 2 numbers"),
        ({"point": [None, None]}, "are not 2 numbers"),
        ({"head": [1, 2, -3, 4]}, "has no width or no height"),
    ],
)
def test_a_faulty_person_is_named_and_left_out(tmp_path: Path, person: dict, why: str) -> None:
    root = write_shop(tmp_path, **with_person(**person))
    with pytest.warns(UserWarning, match=rf"shop\.jpg, person 0: .*{why}"):
        assert len(load_dataset("coco", root, "train")[0].heads) == 0


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ({"id": 1}, "it has no 'file_name'"),
        ({"id": 1, "file_name": "../a.jpg"}, "outside the folder of pictures"),
        ({"id": [1], "file_name": "a.jpg"}, "unhashable"),
        ({"id": 1, "file_name": "a.jpg", "width": "wide"}, "invalid literal"),
        ({"id": 1, "file_name": "shop.jpg"}, "its picture shop.jpg is that of an image before it"),
        ("shop.jpg", "string indices"),
    ],
)
def test_a_faulty_image_is_named_and_left_out(tmp_path: Path, image: object, why: str) -> None:
    good = {"id": 40, "file_name": "shop.jpg"}  # its size may be missing
    root = write_shop(tmp_path, images=[good, image])
    with pytest.warns(UserWarning, match=rf"the first: train\.json: image 1: .*{why}"):
        assert len(load_dataset("coco", root, "train")) == 1


def test_of_two_annotations_with_one_id_none_is_the_gaze_object(tmp_path: Path) -> None:
    root = write_shop(tmp_path, annotations=[BOX, BOX | {"bbox": [1, 2, 3, 4]}])
    with pytest.warns(UserWarning, match="gaze_object is 7, which is not one annotation"):
        assert len(load_dataset("coco", root, "train")[0].objects) == 2


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = write_shop(tmp_path) / "train.json"
    file.write_text(file.read_text(), encoding="utf-8-sig")
    assert len(load_dataset("coco", tmp_path, "train")) == 1


def test_gaze_that_is_no_list_is_named(tmp_path: Path) -> None:
    image = {"id": 40, "file_name": "shop.jpg", "width": 64, "height": 48, "gaze": 5}
    with pytest.warns(UserWarning, match=r"shop\.jpg: gaze is no list of people"):
        assert len(load_dataset("coco", write_shop(tmp_path, images=[image]), "train")[0]) == 0


@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{}",
        "no json",
    ],
)
def test_a_file_that_is_none_of_coco_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "train.json").write_text(content)
    with pytest.raises(ValueError, match=r"train\.json is no COCO file with images and cat"):
        load_dataset("coco", tmp_path, "train")


@pytest.mark.parametrize(
    ("annotations", "pictures"),
    [("instances_val.json", "val"), ("annotations/instances_val2017.json", "val2017")],
)
def test_the_usual_places_of_coco_are_found(
    tmp_path: Path, annotations: str, pictures: str
) -> None:
    write_shop(tmp_path)
    (tmp_path / annotations).parent.mkdir(exist_ok=True)
    (tmp_path / "train.json").rename(tmp_path / annotations)
    (tmp_path / "images").rename(tmp_path / pictures)
    assert load_dataset("coco", tmp_path, "val")[0].size == (64, 48)


def test_folders_that_are_none_of_coco_or_voc_are_told_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"val\.json or instances_val\.json or inst"):
        load_dataset("coco", tmp_path, "val")
    with pytest.raises(FileNotFoundError, match=r"has no ImageSets/Main/val\.txt; give"):
        load_dataset("voc", tmp_path, "val")


def voc_object(name: str, *edges: object, difficult: int = 0) -> str:
    pairs = zip(("xmin", "ymin", "xmax", "ymax"), edges, strict=True)
    box = "".join(f"<{edge}>{value}</{edge}>" for edge, value in pairs)
    return (
        f"<object><name>{name}</name><difficult>{difficult}</difficult>"
        f"<bndbox>{box}</bndbox></object>"
    )


def write_voc_folder(root: Path, *objects: str, prologue: str = "") -> Path:
    for folder in ("ImageSets/Main", "Annotations"):
        (root / folder).mkdir(parents=True)
    write_picture(root / "JPEGImages" / "0001.png")
    (root / "ImageSets/Main/train.txt").write_text("0001\n")
    size = "<size><width>64</width><height>48</height><depth>3</depth></size>"
    text = f"{prologue}<annotation>{size}{''.join(objects)}</annotation>"
    (root / "Annotations/0001.xml").write_text(text)
    return root


def test_voc_becomes_a_scene(tmp_path: Path) -> None:
    objects = voc_object("cup", 1, 2, 3, 4), voc_object("Head", 5, 6, 20.5, 30, difficult=1)
    scene = load_dataset("voc", write_voc_folder(tmp_path, *objects), "train")[0]
    assert scene.objects.classes == ("Head", "cup")
    assert scene.objects.labels.tolist() == [1, 0]
    assert scene.objects.boxes.tolist() == [[1, 2, 3, 4], [5, 6, 20.5, 30]]
    assert scene.objects.ignored.tolist() == [False, True]
    assert scene.heads.tolist() == [[5, 6, 20.5, 30]]
    assert scene.truth is None


def test_names_that_are_all_of_goo_get_the_labels_of_goo(tmp_path: Path) -> None:
    objects = voc_object("Chuckie", 1, 2, 3, 4), voc_object("Head", 5, 6, 20, 30)
    scene = load_dataset("voc", write_voc_folder(tmp_path, *objects), "train")[0]
    assert scene.objects.labels.tolist() == [24, 25]


def test_a_document_that_could_expand_is_refused(tmp_path: Path) -> None:
    entities = '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">'
    write_voc_folder(tmp_path, voc_object("&b;", 1, 2, 3, 4), prologue=f"<!DOCTYPE x [{entities}]>")
    with pytest.raises(ValueError, match=r"0001\.xml: it has a document type \(DOCTYPE\)"):
        load_dataset("voc", tmp_path, "train")


def test_a_document_in_an_unknown_encoding_is_named_and_left_out(tmp_path: Path) -> None:
    root = write_voc_folder(tmp_path, voc_object("cup", 1, 2, 3, 4))
    (root / "Annotations/0002.xml").write_text('<?xml version="1.0" encoding="martian"?><a/>')
    (root / "ImageSets/Main/train.txt").write_text("0001\n0002\n")
    with pytest.warns(UserWarning, match=r"0002\.xml: it is no XML: unknown encoding"):
        assert len(load_dataset("voc", root, "train")) == 1


@pytest.mark.parametrize(
    ("edges", "why"),
    [
        ((3, 2, 1, 4), "has no width or no height"),
        (("nan", 2, 3, 4), "has no width or no height"),
        (("", 2, 3, 4), "could not convert"),
    ],
)
def test_a_faulty_object_of_voc_is_named_and_left_out(
    tmp_path: Path, edges: tuple, why: str
) -> None:
    root = write_voc_folder(tmp_path, voc_object("cup", 1, 2, 3, 4), voc_object("cup", *edges))
    with pytest.warns(UserWarning, match=rf"0001\.xml: object 1: .*{why}"):
        assert len(load_dataset("voc", root, "train")[0].objects) == 1


def same_objects(one, other) -> bool:
    keys = ("boxes", "labels", "ignored")
    first, second = ([getattr(s.objects, key) for key in keys] for s in (one, other))
    first[2] = torch.zeros(len(first[0])).bool() if first[2] is None else first[2]
    equal = all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    return equal and one.objects.classes == other.objects.classes


def test_goo_to_coco_and_back_keeps_boxes_people_and_pixels(tmp_path: Path) -> None:
    records = [record(0), record(1, gazeIdx=-1, occluded=1), record(2, gaze_cx=-1, gaze_cy=-1)]
    write_tiny_goo(tmp_path / "goo", "goo-real", train=records)
    goo = load_dataset("goo-real", tmp_path / "goo", "trainval")
    write_coco(goo, tmp_path / "train.json")
    coco = load_dataset("coco", tmp_path, "train")
    assert len(coco) == 3
    for before, after in ((goo[i], coco[i]) for i in range(3)):
        assert torch.equal(before.image, after.image)
        assert same_objects(before, after)
        assert torch.equal(before.heads, after.heads)
        assert torch.equal(before.eyes, after.eyes)
        for name in ("points", "inside", "gaze_object"):
            values = getattr(before.truth, name), getattr(after.truth, name)
            torch.testing.assert_close(*values, rtol=0, atol=0, equal_nan=True)


def test_coco_to_voc_and_back_keeps_boxes_and_classes_only(tmp_path: Path) -> None:
    coco = load_dataset("coco", write_shop(tmp_path / "coco"), "train")
    write_voc(coco, tmp_path / "voc", "train")
    voc = load_dataset("voc", tmp_path / "voc", "train")
    assert torch.equal(coco[0].image, voc[0].image)
    assert same_objects(coco[0], voc[0])
    assert voc[0].truth is None
    write_coco(voc, tmp_path / "again" / "train.json")
    again = load_dataset("coco", tmp_path / "again", "train")
    assert same_objects(voc[0], again[0])
    assert again[0].truth is None


@pytest.mark.parametrize("to", ["coco", "voc"])
def test_conversion_writes_the_splits_that_there_are_and_replaces_nothing(
    tmp_path: Path, to: str
) -> None:
    write_shop(tmp_path / "shop")
    report = convert("coco", tmp_path / "shop", tmp_path / "out", to=to)
    assert report.counts == [("train pictures", 1)]
    assert len(report.notes) == 2  # val and test are not there
    assert len(load_dataset(to, tmp_path / "out", "train")) == 1
    with pytest.raises(FileExistsError, match="exists already; remove it"):
        convert("coco", tmp_path / "shop", tmp_path / "out", to=to)


def test_conversions_that_there_are_none_of_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="coco is not converted to arrays; known are goo-synth"):
        convert("coco", tmp_path, tmp_path / "out", to="arrays")
    with pytest.raises(ValueError, match="gazefollow is not converted to voc"):
        convert("gazefollow", tmp_path, tmp_path / "out", to="voc")
    with pytest.raises(FileNotFoundError, match="has none of the splits train, val, test of voc"):
        convert("voc", tmp_path, tmp_path / "out", to="coco")


def test_the_check_counts_and_names_what_is_missing(tmp_path: Path) -> None:
    write_shop(tmp_path)
    (tmp_path / "images/shop.jpg").unlink()
    report = check("coco", tmp_path)
    counts = dict(report.counts)
    assert counts["train boxes"] == 2
    assert counts["train boxes ignored (difficult, crowd)"] == 1
    assert counts["train boxes of class cup"] == 1
    assert counts["train people"] == 1
    assert counts["train pictures missing or unreadable"] == 1
    assert report.problems == [f"{tmp_path / 'images/shop.jpg'}: there is no such file."]


def write_list(root: Path, names: bytes) -> Path:
    """A VOC folder of one picture, listed as given."""
    write_picture(root / "JPEGImages" / "a.jpg")
    for folder in ("Annotations", "ImageSets/Main"):
        (root / folder).mkdir(parents=True)
    (root / "Annotations" / "a.xml").write_text("<annotation/>")
    (root / "ImageSets" / "Main" / "train.txt").write_bytes(names)
    return root


def test_a_picture_that_voc_lists_twice_is_read_once(tmp_path: Path) -> None:
    assert len(load_dataset("voc", write_list(tmp_path, b"a\r\na\n"), "train")) == 1


def test_a_list_of_voc_that_is_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"train\.txt: this is not text in UTF-8"):
        load_dataset("voc", write_list(tmp_path, b"\xe4"), "train")


def test_a_file_of_voc_in_an_unknown_encoding_costs_nobody_else(tmp_path: Path) -> None:
    root = write_list(tmp_path, b"a\nb\n")
    (root / "Annotations" / "b.xml").write_text('<?xml version="1.0" encoding="foo"?><a/>')
    with pytest.warns(UserWarning, match=r"b\.xml: it is no XML: unknown encoding"):
        assert len(load_dataset("voc", root, "train")) == 1


def test_a_conversion_that_broke_off_is_made_again(tmp_path: Path) -> None:
    root, out = write_shop(tmp_path / "shop"), tmp_path / "out"
    convert("coco", root, out, to="coco")
    (out / "train.json").unlink()  # as if it had broken off
    convert("coco", root, out, to="coco")
    assert len(load_dataset("coco", out, "train")) == 1


@pytest.mark.parametrize("to", ["coco", "voc"])
def test_a_picture_that_is_missing_is_not_converted_and_costs_nobody_else(
    tmp_path: Path, to: str
) -> None:
    images = [{"id": 1, "file_name": "gone.jpg"}, {"id": 40, "file_name": "shop.jpg"}]
    root, out = write_shop(tmp_path / "shop", images=images), tmp_path / "out"
    report = convert("coco", root, out, to=to)
    assert ("train pictures", 1) in report.counts
    assert "gone.jpg: there is no such file" in report.problems[0]
    assert len(load_dataset(to, out, "train")[0].objects) == 2
