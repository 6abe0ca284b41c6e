"""The released layouts of GOO, as written for rendered shelves."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sightline.datasets import check
from sightline.datasets.goo import GOOReal, GOOSynth
from sightline.datasets.goo_pickles import read_goo_pickle
from sightline.synthetic.goo import record_of, write_goo
from sightline.synthetic.render import TEST_SHELVES, TRAIN_SHELVES
from sightline.synthetic.shelves import TEST_HUMANS, TRAIN_HUMANS, photograph, shelf_of
from sightline.synthetic.shop import PRODUCT

SIZE = (160, 120)
ASKED = {"images": 6, "seed": 3, "size": SIZE, "test_share": 1 / 3}
TRAIN = "goosynth/picklefile/goosynth_train_v2_no_segm.pkl"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set") / "new"
    write_goo(folder, **ASKED)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_files_lie_where_the_release_has_them(folder: Path) -> None:
    train = {f"goosynth/train/images/{i}.png" for i in range(4)}
    test = {f"goosynth/test/images/{i}.png" for i in range(2)}
    pickles = {TRAIN, TRAIN.replace("train", "test")}
    assert set(contents(folder)) == {"synthetic.json"} | train | test | pickles
    assert all(Image.open(folder / name).size == SIZE for name in train | test)


def test_records_have_the_released_schema_and_are_read_without_complaint(folder: Path) -> None:
    for part, count in (("train", 4), ("test", 2)):
        records = read_goo_pickle(folder / TRAIN.replace("train", part))
        assert not records.broken
        assert len(records) == count
        assert records.sizes.tolist() == [list(SIZE)] * count
        assert (records.labels[records.ends - 1] == 25).all()


def test_records_tell_the_truth_of_their_shelves_in_the_released_frame() -> None:
    for index in range(8):
        shelf = shelf_of(3, TRAIN_SHELVES, index, SIZE)
        picture = photograph(shelf)
        record = record_of(shelf, picture, "0.png")
        boxes = np.array(record["ann"]["bboxes"])
        np.testing.assert_array_equal(boxes[:, :2] / 4, picture.boxes[:, :2])
        np.testing.assert_array_equal((boxes[:, 2:] + 1) / 4, picture.boxes[:, 2:])
        assert boxes.min() >= 0
        assert (boxes.max(0) <= (639, 479, 639, 479)).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()
        x, y = shelf.world.camera.project(shelf.world.people.targets[0])[0] * 4
        assert (record["gaze_cx"], record["gaze_cy"]) == (int(x), int(y))


def test_a_hidden_product_has_no_row_class_or_item_and_a_seen_one_has_all() -> None:
    hidden = 0
    for index in range(16):
        shelf = shelf_of(3, TRAIN_SHELVES, index, SIZE)
        record = record_of(shelf, photograph(shelf), "0.png")
        row, item, label = record["gazeIdx"], record["segm_gazeIdx"], record["gaze_item"]
        facing = shelf.facings[shelf.world.people.target_owners[0] - PRODUCT]
        hidden += record["occluded"]
        if record["occluded"]:
            assert (row, item, label) == (-1, 0, -1)
        else:
            assert (item, label) == (facing.item, facing.label)
            assert record["ann"]["labels"][row] == label
    assert 0 < hidden < 8


def test_shoppers_of_the_test_are_never_seen_in_training() -> None:
    train = {shelf_of(0, TRAIN_SHELVES, i, SIZE).setting.human for i in range(20)}
    test = {shelf_of(0, TEST_SHELVES, i, SIZE, humans=TEST_HUMANS).setting.human for i in range(9)}
    assert train <= set(range(2, 20)) == set(TRAIN_HUMANS)
    assert test == {1, 20}


def test_the_reader_of_goo_synth_gives_the_same_shelf(folder: Path) -> None:
    shelf = shelf_of(3, TEST_SHELVES, 1, SIZE, humans=TEST_HUMANS)
    picture, scene = photograph(shelf), GOOSynth(folder, "test")[1]
    assert torch.equal(scene.image, picture.image)
    assert scene.objects is not None
    assert torch.equal(scene.objects.labels, picture.labels)
    torch.testing.assert_close(scene.objects.boxes, picture.boxes, atol=0.25, rtol=0)
    assert scene.truth is not None
    assert scene.truth.gaze_object is not None
    assert scene.truth.gaze_object.tolist() == [picture.gaze_object]


def test_goo_real_counts_on_in_its_test_and_is_read_with_heads(tmp_path: Path) -> None:
    write_goo(tmp_path / "real", images=3, size=(192, 108), test_share=1 / 3, layout="goo-real")
    names = {name for name in contents(tmp_path / "real") if name.startswith("gooreal")}
    pictures = {f"gooreal/{name}.png" for name in ("train_data/0", "train_data/1", "test_data/2")}
    assert names == pictures | {"gooreal/train.pickle", "gooreal/test.pickle"}
    pickled = (tmp_path / "real/gooreal/test.pickle").read_bytes()
    assert b"envparams" not in pickled
    assert b"pitch" not in pickled
    scene = GOOReal(tmp_path / "real", "test")[0]
    assert scene.size == (192, 108)
    assert scene.objects is not None
    assert scene.objects.labels[-1] == 25
    assert torch.equal(scene.objects.boxes[-1:], scene.heads)


def test_two_workers_write_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_goo(tmp_path / "b", **ASKED, workers=2)
    assert contents(tmp_path / "b") == contents(folder)


@pytest.mark.parametrize("gone", [["goosynth/train/images/2.png"], [TRAIN]])
def test_after_a_break_finished_files_stay_and_missing_ones_come(
    folder: Path, tmp_path: Path, gone: list[str]
) -> None:
    shutil.copytree(folder, tmp_path / "d")
    for name in gone:
        (tmp_path / "d" / name).unlink()
    rest = [path for path in (tmp_path / "d").rglob("*.*") if path.is_file()]
    for path in rest:
        os.utime(path, (1, 1))
    write_goo(tmp_path / "d", **ASKED)
    assert contents(tmp_path / "d") == contents(folder)
    assert all(path.stat().st_mtime == 1 for path in rest)


def test_a_folder_with_something_in_it_is_refused(folder: Path) -> None:
    with pytest.raises(FileExistsError, match="not an empty folder"):
        write_goo(folder, images=1)


@pytest.mark.parametrize("share", [2, -0.1, float("nan")])
def test_a_share_that_is_none_is_refused_before_anything_is_written(
    tmp_path: Path, share: float
) -> None:
    with pytest.raises(ValueError, match=r"test_share is .*; give a number from 0 to 1"):
        write_goo(tmp_path / "none", images=2, test_share=share)
    assert not (tmp_path / "none").exists()


def test_a_small_set_has_a_test_too_and_passes_the_check(tmp_path: Path) -> None:
    write_goo(tmp_path / "small", images=2, size=SIZE)
    assert check("goo-synth", tmp_path / "small").ok
