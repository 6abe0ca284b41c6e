"""GOO: coordinates of the released frame in the picture's pixels, and what each sample holds."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from goo_worlds import PATHS, record, write_pickle, write_tiny_goo
from sightline.datasets import load_dataset
from sightline.goo_classes import GOO_CLASSES, HEAD
from sightline.scene import Scene


def first(root: Path, name: str = "goo-synth", **changes: object) -> Scene:
    """The only training scene of a release with one record in it."""
    write_tiny_goo(root, name, train=[record(0, **changes)])
    return load_dataset(name, root, "trainval")[0]


def boxes_and_labels(*rows: list[float]) -> dict:
    table = np.array(rows, float)
    return {"bboxes": table[:, :4], "labels": table[:, 4].astype(np.int32)}


def test_a_record_becomes_a_scene_in_pixels(tmp_path: Path) -> None:
    scene = first(tmp_path)
    assert scene.size == (640, 480)
    assert scene.key == "train/images/0.png"
    assert scene.heads.tolist() == [[300, 50, 360, 120]]
    assert scene.eyes.tolist() == [[330, 80]]
    assert scene.objects.boxes.tolist() == record()["ann"]["bboxes"].tolist()
    assert scene.objects.labels.tolist() == [4, 7, 12, HEAD]
    assert scene.objects.classes == GOO_CLASSES
    assert scene.objects.scores.tolist() == [1] * 4
    assert scene.truth.points.tolist() == [[[140, 220]]]
    assert scene.truth.inside.tolist() == [1]
    assert scene.truth.gaze_object.tolist() == [1]


def test_coordinates_of_goo_real_are_scaled_to_the_picture(tmp_path: Path) -> None:
    scene = first(tmp_path, "goo-real", width=1920, height=1080)
    assert scene.size == (960, 540)  # what the file has, whatever the record says
    assert scene.heads.tolist() == [[450, 56.25, 540, 135]]
    assert scene.eyes.tolist() == [[495, 90]]
    assert scene.objects.boxes[0].tolist() == [150, 225, 180, 270]
    assert scene.truth.points.tolist() == [[[210, 247.5]]]


def test_transparency_is_dropped_as_pillow_converts(tmp_path: Path) -> None:
    scene = first(tmp_path)
    with Image.open(tmp_path / "goosynth/train/images/0.png") as picture:
        assert picture.mode == "RGBA"
        expected = np.array(picture.convert("RGB"))
    assert np.array_equal(scene.image.permute(1, 2, 0).numpy(), expected)


@pytest.mark.parametrize(
    "changes",
    [{"gazeIdx": -1, "occluded": 1}, {"gazeIdx": 1, "occluded": 1}, {"gazeIdx": 3}],
    ids=["no row", "a row, but occluded", "the head"],
)
def test_what_cannot_be_seen_is_no_gaze_object_but_keeps_its_point(
    tmp_path: Path, changes: dict
) -> None:
    truth = first(tmp_path, **changes).truth
    assert truth.gaze_object.tolist() == [-1]
    assert truth.points.tolist() == [[[140, 220]]]
    assert truth.inside.tolist() == [1]


def test_a_point_that_is_not_given_is_nan_and_inside_unknown(tmp_path: Path) -> None:
    truth = first(tmp_path, gaze_cx=-1, gaze_cy=-1).truth
    assert truth.points.isnan().all()
    assert truth.inside.isnan().all()


def test_boxes_without_area_or_outside_are_left_out_and_rows_follow(tmp_path: Path) -> None:
    rows = [10, 10, 10, 30, 3], [700, 10, 720, 30, 4], [-9, 10, 20, 30, 5], [9, 9, 20, 20, 25]
    scene = first(tmp_path, ann=boxes_and_labels(*rows), gazeIdx=2)
    assert scene.objects.labels.tolist() == [5, HEAD]
    assert scene.objects.boxes[0].tolist() == [-9, 10, 20, 30]
    assert scene.truth.gaze_object.tolist() == [0]


def test_a_gazed_box_without_area_is_no_gaze_object(tmp_path: Path) -> None:
    rows = [10, 10, 10, 30, 3], [9, 9, 20, 20, 25]
    assert first(tmp_path, ann=boxes_and_labels(*rows), gazeIdx=0).truth.gaze_object.tolist() == [
        -1
    ]


def test_an_empty_shelf_has_the_head_only(tmp_path: Path) -> None:
    scene = first(tmp_path, ann=boxes_and_labels([9, 9, 20, 20, 25]), gazeIdx=-1)
    assert scene.objects.labels.tolist() == [HEAD]
    assert scene.heads.tolist() == [[9, 9, 20, 20]]


def test_a_head_without_area_is_a_person_without_a_box(tmp_path: Path) -> None:
    scene = first(tmp_path, ann=boxes_and_labels([9, 9, 20, 20, 3], [9, 9, 9, 20, 25]), gazeIdx=0)
    assert scene.heads.isnan().all()
    assert scene.eyes.tolist() == [[330, 80]]


@pytest.mark.parametrize("inner", ["", "goosynth"])
def test_the_folder_may_hold_the_release_or_be_it(tmp_path: Path, inner: str) -> None:
    write_tiny_goo(tmp_path)
    assert len(load_dataset("goo-synth", tmp_path / inner, "test")) == 3


def test_validation_is_a_fixed_part_of_the_training_pictures(tmp_path: Path) -> None:
    write_pickle(tmp_path / PATHS["goo-synth"][0].format("train"), [record(i) for i in range(400)])
    keys = {
        split: load_dataset("goo-synth", tmp_path, split).keys.tolist()
        for split in ("train", "val", "trainval")
    }
    assert sorted(keys["train"] + keys["val"]) == sorted(keys["trainval"])
    assert 8 < len(keys["val"]) < 32


def test_a_picture_in_two_records_is_two_samples_with_their_own_keys(tmp_path: Path) -> None:
    write_tiny_goo(tmp_path, train=[record(0), record(1), record(0, gazeIdx=2)])
    keys = load_dataset("goo-synth", tmp_path, "trainval").keys.tolist()
    assert keys == ["train/images/0.png#0", "train/images/1.png", "train/images/0.png#2"]


def boxes_only(number: int) -> dict:
    return {key: record(number)[key] for key in ("filename", "width", "height", "ann")}


def test_records_without_gaze_are_left_out_and_counted(tmp_path: Path) -> None:
    write_tiny_goo(tmp_path, train=[record(0), boxes_only(1), record(2)])
    with pytest.warns(UserWarning, match="1 records without gaze are left out"):
        dataset = load_dataset("goo-synth", tmp_path, "trainval")
    assert dataset.keys.tolist() == ["train/images/0.png", "train/images/2.png"]


def test_broken_records_are_left_out_and_counted(tmp_path: Path) -> None:
    write_tiny_goo(tmp_path, train=[record(0), record(1, hx=None)])
    with pytest.warns(UserWarning, match=r"1 records are left out; the first: .*record 1: hx is"):
        assert len(load_dataset("goo-synth", tmp_path, "trainval")) == 1


def test_scenes_for_detectors_hold_objects_and_no_truth(tmp_path: Path) -> None:
    write_tiny_goo(tmp_path, "goo-real", train=[boxes_only(0), record(1)])
    dataset = load_dataset("goo-real-objects", tmp_path, "trainval")
    assert len(dataset) == 2
    assert [scene.truth for scene in map(dataset.__getitem__, range(2))] == [None, None]
    assert [len(scene.objects) for scene in map(dataset.__getitem__, range(2))] == [4, 4]


def test_the_one_shot_split_takes_pickles_by_a_word_in_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "gooreal-oneshot"
    write_pickle(folder / "oneshot-some.pickle", [record(i) for i in range(2)])
    write_pickle(folder / "sometest-new.pickle", [record(i) for i in range(5)])
    (folder / "images").mkdir()
    Image.new("RGB", (1280, 960)).save(folder / "images" / "1.png")
    assert len(load_dataset("goo-real-oneshot", tmp_path, "test")) == 5
    scene = load_dataset("goo-real-oneshot", folder, "trainval")[1]
    assert scene.heads.tolist() == [[602, 100, 722, 240]]
    write_pickle(folder / "test-sparse.pkl", [record()])
    with pytest.raises(ValueError, match=r"sometest-new\.pickle, test-sparse\.pkl may all be"):
        load_dataset("goo-real-oneshot", folder, "test")


def test_a_folder_without_annotations_is_told_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"for train \(looked for .*train\.pickle\); give"):
        load_dataset("goo-real", tmp_path, "train")


def test_a_split_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="GOO has no split 'dev'; known are train, val"):
        load_dataset("goo-real", tmp_path, "dev")


def test_depth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="GOO has no depth maps"):
        load_dataset("goo-real", tmp_path, "train", depth=True)


def test_an_outline_is_the_scene_without_pixels(tmp_path: Path) -> None:
    write_tiny_goo(tmp_path, "goo-real")
    dataset = load_dataset("goo-real", tmp_path, "test")
    scene, outline = dataset[1], dataset.outline(1)
    assert outline.size == scene.size
    assert not outline.image.any()
    assert torch.equal(outline.objects.boxes, scene.objects.boxes)
    assert torch.equal(outline.truth.points, scene.truth.points)
