"""Files of objects: every form says the same; what is wrong is named."""

import json
from pathlib import Path
from time import perf_counter

import pytest
import torch

from sightline.media.objectfiles import read_objects

CUP, DOOR = [10.0, 20.0, 40.0, 60.0], [50.0, 5.0, 90.0, 95.0]
COCO = {
    "images": [{"id": 7, "file_name": "photo.jpg"}, {"id": 8, "file_name": "empty.jpg"}],
    "categories": [{"id": 3, "name": "cup"}, {"id": 9, "name": "door"}],
    "annotations": [
        {"image_id": 7, "category_id": 3, "bbox": [10, 20, 30, 40], "score": 0.5},
        {"image_id": 7, "category_id": 9, "bbox": [50, 5, 40, 90]},
        {"image_id": 7, "category_id": 9, "bbox": [0, 0, 9, 9], "iscrowd": 1},
    ],
}
VOC = """<annotation><filename>elsewhere.jpg</filename>
<object><name>cup</name><bndbox><xmin>10</xmin><ymin>20</ymin><xmax>40</xmax><ymax>60</ymax>
</bndbox></object>
<object><bndbox><xmin>50</xmin><ymin>5</ymin><xmax>90</xmax><ymax>95</ymax></bndbox>
<name>door</name></object></annotation>"""
CSV = "image,label,x_min,y_min,x_max,y_max,score\nphoto.jpg,cup,10,20,40,60,0.5\n" + (
    "photo.jpg,door,50,5,90,95,\n"
)
OURS = {
    "photo.jpg": [{"box": CUP, "label": "cup", "score": 0.5}, {"box": DOOR, "label": "door"}],
    "empty.jpg": [],
}


def write(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("name", "content"), [("a.json", OURS), ("a.json", COCO), ("a.csv", CSV), ("photo.xml", VOC)]
)
def test_every_form_gives_boxes_names_and_scores(tmp_path: Path, name: str, content) -> None:
    table = read_objects(write(tmp_path / name, content))
    found = table.of("somewhere/photo.jpg")
    assert found.boxes.tolist() == [CUP, DOOR]
    assert [found.name(row) for row in range(2)] == ["cup", "door"]
    assert found.scores.tolist() == ([1, 1] if name == "photo.xml" else [0.5, 1])


@pytest.mark.parametrize("content", [OURS, COCO])
def test_a_picture_may_be_named_without_objects(tmp_path: Path, content: object) -> None:
    table = read_objects(write(tmp_path / "a.json", content))
    assert "empty.jpg" in table
    assert len(table.of("empty.jpg")) == 0


def test_a_picture_that_the_file_does_not_name_has_no_objects(tmp_path: Path) -> None:
    table = read_objects(write(tmp_path / "a.json", OURS))
    assert "other.jpg" not in table
    assert len(table.of("other.jpg")) == 0


def test_a_list_holds_for_all_pictures(tmp_path: Path) -> None:
    table = read_objects(write(tmp_path / "a.json", [{"box": CUP, "label": "cup"}, DOOR]))
    found = table.of("any.jpg")
    assert "any.jpg" in table
    assert [found.name(row) for row in range(2)] == ["cup", "object"]
    assert table.of_frame(99).boxes.tolist() == [CUP, DOOR]


def test_a_table_without_an_image_holds_for_all_pictures(tmp_path: Path) -> None:
    rows = "label,xmin,ymin,xmax,ymax\ncup,10,20,40,60\n"
    assert read_objects(write(tmp_path / "a.csv", rows)).of("any.jpg").boxes.tolist() == [CUP]


def test_objects_of_the_same_name_are_of_one_class(tmp_path: Path) -> None:
    twice = {"a.jpg": [{"box": CUP, "label": "cup"}], "b.jpg": [{"box": DOOR, "label": "cup"}]}
    table = read_objects(write(tmp_path / "a.json", twice))
    assert table.of("a.jpg").labels.equal(table.of("b.jpg").labels)
    assert table.of("a.jpg").classes == ("cup",)


def test_detections_of_coco_go_by_the_number_that_names_the_picture(tmp_path: Path) -> None:
    found = [{"image_id": 139, "category_id": 3, "bbox": [10, 20, 30, 40], "score": 0.5}]
    table = read_objects(write(tmp_path / "a.json", found))
    assert table.of("val/000000000139.jpg").boxes.tolist() == [CUP]
    assert table.of("139.png").name(0) == "3"
    assert len(table.of("140.jpg")) == 0


def test_a_picture_may_be_numbered_by_a_whole_float(tmp_path: Path) -> None:
    found = [{"image_id": 139.0, "bbox": [10, 20, 30, 40]}]
    assert read_objects(write(tmp_path / "a.json", found)).of("139.jpg").boxes.tolist() == [CUP]


def test_a_name_for_every_object_is_read_fast(tmp_path: Path) -> None:
    many = [{"box": CUP, "label": str(number)} for number in range(30_000)]
    begin = perf_counter()
    table = read_objects(write(tmp_path / "a.json", many))
    assert perf_counter() - begin < 5  # a search per name took ten times as long
    assert table.of("a.jpg").name(29_999) == "29999"


def test_a_folder_of_voc_files_is_about_the_pictures_of_their_names(tmp_path: Path) -> None:
    write(tmp_path / "photo.xml", VOC)
    write(tmp_path / "empty.xml", "<annotation/>")
    table = read_objects(tmp_path)
    assert len(table.of("photo.jpg")) == 2
    assert "empty.jpg" in table
    assert "elsewhere.jpg" not in table


def test_odd_boxes_are_read_as_they_are(tmp_path: Path) -> None:
    odd = [[-5, -5, 2000, 3], [10, 10, 10, 30]]
    assert (
        read_objects(write(tmp_path / "a.json", odd))
        .of("a.jpg")
        .boxes.equal(torch.tensor(odd).float())
    )


def test_frames_of_a_film_go_by_number_or_picture(tmp_path: Path) -> None:
    bare = read_objects(write(tmp_path / "a.json", {"0": [CUP], "2": [DOOR]}))
    assert [bare.of_frame(frame).boxes.tolist() for frame in range(3)] == [[CUP], [], [DOOR]]
    assert bare.of_frame(1, first=1).boxes.tolist() == [DOOR]
    named = {"f_0007.jpg": [CUP], "f_0008.jpg": [DOOR]}
    pictures = read_objects(write(tmp_path / "b.json", named))
    assert pictures.of_frame(1).boxes.tolist() == [DOOR]
    assert pictures.of_frame(0, "f_0008.jpg").boxes.tolist() == [DOOR]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", {"p.jpg": [{"label": "cup"}]}, "p.jpg, object 0: the box is missing"),
        ("a.json", [[1, 2, 3]], "record 0: a box has 4 numbers, not 3"),
        ("a.json", [[1, 2, 3, "x"]], "record 0: 'x' is not a usable number"),
        ("a.json", [[9, 2, 3, 4]], "record 0: the box .* is reversed"),
        ("a.json", [[0.1, 0.2, 0.3, 0.4]], "look like fractions"),
        ("a.json", [[0.1, -0.02, 1.03, 0.4]], "look like fractions"),
        ("a.json", [], "there are no objects in it"),
        ("a.json", "", "there are no objects in it"),
        ("a.json", {"p.jpg": 5}, "of no form that holds objects"),
        ("a.json", {"p.jpg": [5]}, "of no form that holds objects"),
        ("a.json", [{"bbox": [1, 2, 3, 4]}], "record 0: the image_id, .* is missing"),
        ("a.json", "{", "no valid JSON"),
        ("a.json", COCO | {"images": []}, "annotation 0: no image has the id 7"),
        (
            "a.json",
            COCO | {"annotations": [{"image_id": 7, "segmentation": [[1, 2, 3, 4, 5, 6]]}]},
            "annotation 0: the box is missing",
        ),
        ("a.csv", "x_min;y_min;x_max;y_max\n1;2;3;4\n", "with commas between them"),
        ("a.csv", "image,label,x_min\np.jpg,cup,1\n", "line 2: no y_min, x_max, y_max"),
        ("a.csv", CSV + "p.jpg,cup,1\n", "line 4: 3 columns"),
        ("a.csv", CSV + ",cup,1,2,3,4,\n", "line 4: the name of the image is missing"),
        ("p.xml", "<annotation>", "it is no XML"),
        ("p.xml", "<html/>", "it begins with html"),
        ("p.xml", "<annotation><object/></annotation>", "object 0: None is not a usable number"),
    ],
)
def test_a_wrong_file_says_where_and_what(tmp_path: Path, name, content, message) -> None:
    with pytest.raises(ValueError, match=message):
        read_objects(write(tmp_path / name, content))


def test_of_a_voc_folder_the_annotations_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "Annotations").mkdir()
    with pytest.raises(ValueError, match="no XML files; give the one called Annotations"):
        read_objects(tmp_path)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file of objects"):
        read_objects(tmp_path / "gone.json")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_no_entity_of_an_xml_file_is_expanded(tmp_path: Path, encoding: str) -> None:
    secret = write(tmp_path / "secret.txt", "secret")
    text = f"""<?xml version="1.0" encoding="{encoding}"?>
<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>
<annotation><object><name>&x;</name></object></annotation>"""
    (tmp_path / "p.xml").write_bytes(text.encode(encoding))
    with pytest.raises(ValueError, match="a document type"):
        read_objects(tmp_path / "p.xml")
