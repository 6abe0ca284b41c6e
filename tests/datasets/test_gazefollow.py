import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import tensor

from sightline.datasets import check, load_dataset
from sightline.datasets.gazefollow import GazeFollow
from sightline.datasets.report import Report

NAN = float("nan")
BODY = "0.1,0.1,0.5,0.8"
HELD_OUT = next(f"train/{i}.jpg" for i in range(999) if not zlib.crc32(b"train/%d.jpg" % i) % 20)

TRAIN = [
    f"train/a.jpg,0,{BODY},0.3,0.2,0.5,0.25,10,4,18,12,1,coco,COCO_1.jpg",
    f"train/a.jpg,1,{BODY},0.6,0.2,-1,-1,20,4,28,12,0,coco,COCO_1.jpg",  # looks outside
    f'train/b.jpg,2,{BODY},0.6,0.2,0.1,0.9,20,4,28,12,-1,coco,"quoted',  # invalid
    f"train/b.jpg,3,{BODY},0.6,0.2,0.1,0.9,28,4,20,12,1,coco,COCO_2.jpg",  # box reversed
    "train/b.jpg,4,0.1,0.1",  # short
    f"train/b.jpg,5,{BODY},0.6,0.2,0.1,north,20,4,28,12,1,coco,COCO_2.jpg",  # no number
    f"train/b.jpg,6,{BODY},0.6,0.2,0.1,0.9,20,4,28,12,2,coco,COCO_2.jpg",  # no such inside
    f"train/b.jpg,7,{BODY},0.6,0.2,0.1,0.9,-3,4,28,12,1,coco,COCO_2.jpg",  # reaches outside
    f"train/missing.jpg,8,{BODY},0.6,0.2,0.1,0.9,20,4,28,12,1,coco,COCO_3.jpg",
    f"{HELD_OUT},9,{BODY},0.6,0.2,0.1,0.9,50,4,60,12,1,coco,COCO_4.jpg",  # box apart
]
TEST = [
    f"test2/b.jpg,0,{BODY},0.6,0.2,0.25,0.5,20,4,28,12,coco,COCO_6.jpg",
    f"test2/a.jpg,1,{BODY},0.6,0.2,0.5,0.5,20,4,28,12,coco,COCO_5.jpg",
    f"test2/a.jpg,2,{BODY},0.3,0.2,0.1,0.2,10,4,18,12,coco,COCO_5.jpg",
    f"test2/b.jpg,3,{BODY},0.6,0.2,-1,-1,20,4,28,12,coco,COCO_6.jpg",
    f"test2/b.jpg,4,{BODY},0.6,0.2,-1,0.75,20,4,28,12,coco,COCO_6.jpg",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A dozen rows in the released layout, with every oddity; pictures are 40 x 30."""
    write(tmp_path / "train_annotations_release.txt", TRAIN)
    write(tmp_path / "test_annotations_release.txt", TEST)
    for name in ("train/a.jpg", "train/b.jpg", HELD_OUT, "test2/a.jpg", "test2/b.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (40, 30), "red").save(tmp_path / name)
    (tmp_path / "depth/train").mkdir(parents=True)
    depth = np.full((30, 40), 65535 // 5, dtype=np.uint16)
    Image.fromarray(depth).save(tmp_path / "depth/train/a.png")
    return tmp_path


def write(file: Path, rows: list[str]) -> None:
    file.write_text("\n".join([*rows, ""]), encoding="utf-8-sig")  # with a byte-order mark


def quiet(root: Path, split: str, **options: bool) -> GazeFollow:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return GazeFollow(root, split, **options)  # pyright: ignore


def test_a_training_row_is_a_scene_in_pixels(root: Path) -> None:
    scene = quiet(root, "train")[0]
    assert scene.key == "train/a.jpg#0"
    assert scene.size == (40, 30)
    assert scene.heads.tolist() == [[10, 4, 18, 12]]
    assert scene.truth is not None
    assert scene.truth.points.tolist() == [[[20, 7.5]]]
    assert scene.truth.inside.tolist() == [1]
    assert scene.depth is None


def test_somebody_who_looks_outside_has_no_target(root: Path) -> None:
    scene = quiet(root, "train")[1]
    assert scene.key == "train/a.jpg#1"
    assert scene.truth is not None
    assert scene.truth.inside.tolist() == [0]
    assert scene.truth.points.isnan().all()


def test_a_target_written_for_somebody_who_looks_outside_is_ignored(root: Path) -> None:
    outside = TRAIN[0].replace("12,1,coco", "12,0,coco")
    write(root / "train_annotations_release.txt", [outside])
    truth = quiet(root, "trainval")[0].truth
    assert truth is not None
    assert truth.points.isnan().all()


def test_invalid_and_unreadable_rows_are_left_out(root: Path) -> None:
    keys = quiet(root, "trainval").keys.tolist()
    expected = ["train/a.jpg#0", "train/a.jpg#1", "train/b.jpg#0", "train/missing.jpg#0"]
    assert keys == [*expected, f"{HELD_OUT}#0"]


def test_unreadable_rows_cause_a_warning_with_their_place(root: Path) -> None:
    with pytest.warns(UserWarning, match=r"3 rows.*train_annotations_release.txt:5: 4 columns"):
        GazeFollow(root, "train")


def test_clean_files_cause_no_warning(root: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GazeFollow(root, "test")


def test_train_and_val_share_no_picture_and_are_all_of_the_training_rows(root: Path) -> None:
    rows = [TRAIN[0].replace("train/a.jpg", f"train/{i // 2}.jpg") for i in range(4000)]
    write(root / "train_annotations_release.txt", rows)
    train, val, both = (quiet(root, split).keys for split in ("train", "val", "trainval"))
    pictures = [{key.partition("#")[0] for key in keys} for keys in (train, val)]
    assert not pictures[0] & pictures[1]
    assert set(train) | set(val) == set(both)
    assert len(both) == len(set(both)) == 4000
    assert 0.03 < len(val) / len(both) < 0.07


def test_a_key_names_the_same_sample_in_every_split(root: Path) -> None:
    scene, whole = quiet(root, "val")[0], quiet(root, "trainval")[4]
    assert scene.key == whole.key == f"{HELD_OUT}#0"
    assert scene.heads.equal(whole.heads)


def test_test_rows_are_grouped_into_people_in_sorted_order(root: Path) -> None:
    dataset = quiet(root, "test")
    assert dataset.keys.tolist() == ["test2/a.jpg#0", "test2/a.jpg#1", "test2/b.jpg#0"]
    assert [scene.heads[0, 0].item() for scene in dataset] == [10, 20, 20]


def test_all_annotators_are_kept_in_the_order_of_the_file_and_the_rest_is_nan(root: Path) -> None:
    alone, many = quiet(root, "test")[0].truth, quiet(root, "test")[2].truth
    assert alone is not None
    assert many is not None
    # (-1, -1) is nothing said; a single -1 is a coordinate like any other
    expected = tensor([[[10.0, 15.0], [NAN, NAN], [-40.0, 22.5]]])
    torch.testing.assert_close(many.points, expected.double(), equal_nan=True)
    expected = tensor([[[4.0, 6.0], [NAN, NAN], [NAN, NAN]]])
    torch.testing.assert_close(alone.points, expected.double(), equal_nan=True)
    assert many.inside.tolist() == [1]


def test_depth_is_read_on_demand(root: Path) -> None:
    scene = quiet(root, "train", depth=True)[0]
    assert scene.depth is not None
    torch.testing.assert_close(scene.depth, torch.full((1, 30, 40), 0.2))


def test_depth_of_another_size_is_refused(root: Path) -> None:
    Image.fromarray(np.zeros((8, 8), dtype=np.uint16)).save(root / "depth/train/a.png")
    with pytest.raises(ValueError, match=r"a\.png has \(height, width\) \(8, 8\)"):
        quiet(root, "train", depth=True)[0]


def test_a_missing_picture_is_named(root: Path) -> None:
    with pytest.raises((OSError, ValueError), match=r"train/missing\.jpg"):
        quiet(root, "train")[3]


def test_the_original_release_is_recognised_by_its_name(root: Path) -> None:
    for file in root.glob("*_annotations_release.txt"):
        file.rename(root / file.name.replace("_release", ""))
    with pytest.raises(ValueError, match=r"original GazeFollow release .* without head boxes; get"):
        GazeFollow(root, "train")
    with pytest.raises(ValueError, match="original GazeFollow release"):
        check("gazefollow", root)


def test_a_folder_without_annotations_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"has no test_annotations_release\.txt"):
        GazeFollow(tmp_path, "test")


@pytest.mark.parametrize("text", ["", "some text\n"])
def test_a_file_without_a_readable_row_is_refused(root: Path, text: str) -> None:
    (root / "test_annotations_release.txt").write_text(text)
    with pytest.raises(ValueError, match="no readable row"):
        GazeFollow(root, "test")


def test_an_empty_split_is_refused(root: Path) -> None:
    write(root / "train_annotations_release.txt", TRAIN[:2])
    with pytest.raises(ValueError, match=r"'val' of .* is empty"):
        GazeFollow(root, "val")


def test_an_unknown_split_is_answered_with_the_known_ones(root: Path) -> None:
    with pytest.raises(ValueError, match="known are train, val, test, trainval"):
        GazeFollow(root, "valid")  # pyright: ignore


def test_the_dataset_is_found_by_name(root: Path) -> None:
    dataset = load_dataset("gazefollow", str(root), "test")
    assert isinstance(dataset, GazeFollow)
    assert len(dataset) == 3


def test_a_misspelt_name_is_answered_with_the_nearest(root: Path) -> None:
    with pytest.raises(ValueError, match="did you mean gazefollow"):
        load_dataset("gazefolow", root, "test")
    with pytest.raises(ValueError, match=r"known: .*gazefollow"):
        check("imagenet", root)


def test_the_check_counts_what_is_there(root: Path) -> None:
    counts = dict(check("gazefollow", root).counts)
    assert counts == {
        "train rows": 10,
        "train rows inside": 5,
        "train rows outside": 1,
        "train rows left out: invalid (inside is -1)": 1,
        "train rows left out: head box reversed": 1,
        "train rows left out: unreadable": 3,
        "train people": 5,
        "train people kept for validation": 1,
        "train pictures": 4,
        "train pictures missing or unreadable": 1,
        "train pictures with depth": 1,
        "train heads reaching outside the picture": 2,
        "test rows": 5,
        "test rows inside": 5,
        "test rows outside": 0,
        "test rows left out: invalid (inside is -1)": 0,
        "test rows left out: head box reversed": 0,
        "test rows left out: unreadable": 0,
        "test people": 3,
        "test pictures": 2,
        "test pictures missing or unreadable": 0,
        "test pictures with depth": 0,
        "test heads reaching outside the picture": 0,
    }


def test_the_check_names_line_column_and_reason_of_each_problem(root: Path) -> None:
    report = check("gazefollow", root)
    file = "train_annotations_release.txt"
    assert not report.ok
    assert report.problems == [
        f"{file}:5: 4 columns where at least 15 are needed",
        f"{file}:6: column 10 (gaze y) is 'north', not a number",
        f"{file}:7: column 15 (inside) is '2', not 1, 0 or -1",
        f"{file}:9: {root}/train/missing.jpg: there is no such file.",
        f"{file}:10: the head box lies outside the picture",
    ]
    assert report.notes[0] == f"The first reversed head box is in {file}:4."
    assert "125,557 training rows" in report.notes[1]


def test_the_check_names_a_picture_that_is_none(root: Path) -> None:
    (root / "test2/a.jpg").write_bytes(b"")
    problem = f"test_annotations_release.txt:3: {root}/test2/a.jpg: the file is empty."
    assert problem in check("gazefollow", root).problems


def test_a_sound_copy_is_ok(root: Path) -> None:
    write(root / "train_annotations_release.txt", TRAIN[:2])
    assert check("gazefollow", root).ok


def test_a_report_prints_counts_notes_and_the_first_five_problems() -> None:
    report = Report("some set", [("rows", 1234)], ["small"], [f"row {i}" for i in range(8)])
    lines = str(report).splitlines()
    assert lines[0] == "some set"
    assert lines[1].split() == ["1,234", "rows"]
    assert lines[2] == "note: small"
    assert lines[3:8] == [f"problem: row {i}" for i in range(5)]
    assert lines[8] == "... and 3 more problems"


def test_the_pixel_of_an_annotation_is_that_of_the_digits_in_the_file(tmp_path: Path) -> None:
    row = "test2/a.jpg,0,0,0,1,1,0.1,0.1,0.29,0.58,1,1,9,9,source,a.jpg\n"
    (tmp_path / "test_annotations_release.txt").write_text(row)
    (tmp_path / "test2").mkdir()
    Image.new("RGB", (100, 100)).save(tmp_path / "test2" / "a.jpg")
    ((x, y),) = GazeFollow(tmp_path, "test")[0].truth.points[0].long().tolist()
    assert (x, y) == (int(0.29 * 100), int(0.58 * 100)) == (28, 57)
