"""The released layout of GazeFollow, as written for rendered pictures."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sightline.datasets import check
from sightline.synthetic.gazefollow import ANNOTATORS, write_gazefollow
from sightline.synthetic.render import TEST, TRAIN, boxes_of, world_of

SIZE = (160, 120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set") / "new"
    write_gazefollow(folder, images=8, seed=3, size=SIZE, test_share=0.25)
    return folder


def rows(folder: Path, split: str) -> list[list[str]]:
    with (folder / f"{split}_annotations_release.txt").open(newline="") as file:
        return list(csv.reader(file))


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_rows_have_the_released_columns_and_name_existing_pictures(folder: Path) -> None:
    train, test = rows(folder, "train"), rows(folder, "test")
    assert {len(row) for row in train} == {17}
    assert {len(row) for row in test} == {16}
    for row in train + test:
        assert Image.open(folder / row[0]).size == SIZE
    assert len({row[0] for row in train}) == 6
    assert len({row[0] for row in test}) == 2


def test_rows_tell_the_truth_of_their_worlds(folder: Path) -> None:
    train = rows(folder, "train")
    for index in range(6):
        world = world_of(3, TRAIN, index, SIZE)
        mine = [row for row in train if row[0] == f"train/00000000/{index:08d}.jpg"]
        assert [int(row[14]) for row in mine] == world.people.inside.astype(int).tolist()
        targets = world.camera.project(world.people.targets)[0] / SIZE
        targets[~world.people.inside] = -1
        np.testing.assert_allclose(np.array([row[8:10] for row in mine], float), targets, atol=1e-6)
        heads = boxes_of(world, world.people.heads).numpy()
        np.testing.assert_allclose(np.array([r[10:14] for r in mine], float), heads, atol=1e-3)


def test_ten_annotators_stray_around_the_target_of_each_test_person(folder: Path) -> None:
    test = rows(folder, "test")
    persons = {(row[0], row[6]) for row in test}
    people = [world_of(3, TEST, i, SIZE, outside_share=0.0).people for i in range(2)]
    assert len(persons) == sum(len(p) for p in people)
    for person in persons:
        points = np.array([row[8:10] for row in test if (row[0], row[6]) == person], float)
        assert len(points) == ANNOTATORS
        assert len(np.unique(points, axis=0)) > 1
        assert points.min() >= 0
        assert points.max() <= 1
        assert (points.std(0) < 0.25).all()


def test_eyes_lie_in_head_boxes_and_body_boxes_in_the_picture(folder: Path) -> None:
    for row in rows(folder, "train") + rows(folder, "test"):
        x, y, width, height, eye_x, eye_y = map(float, row[2:8])
        left, top, right, bottom = map(float, row[10:14])
        assert left <= eye_x * SIZE[0] <= right
        assert top <= eye_y * SIZE[1] <= bottom
        assert 0 <= x < x + width <= 1 + 1e-6
        assert 0 <= y < y + height <= 1 + 1e-6


def test_depth_maps_are_16_bit_and_near_is_large(folder: Path) -> None:
    for row in rows(folder, "train"):
        depth = np.array(Image.open(folder / "depth" / (row[0][:-3] + "png")))
        assert depth.dtype == np.uint16
        assert (depth.min(), depth.max()) == (0, 65535)
        assert depth.shape == (SIZE[1], SIZE[0])


def test_the_same_seed_writes_the_same_bytes_with_two_workers(folder: Path, tmp_path: Path) -> None:
    write_gazefollow(tmp_path / "b", images=8, seed=3, size=SIZE, test_share=0.25, workers=2)
    assert contents(tmp_path / "b") == contents(folder)


def test_another_seed_writes_other_pictures(folder: Path, tmp_path: Path) -> None:
    write_gazefollow(tmp_path / "c", images=1, seed=4, size=SIZE, test_share=0)
    name = "train/00000000/00000000.jpg"
    assert (tmp_path / "c" / name).read_bytes() != (folder / name).read_bytes()


def test_after_a_break_finished_files_stay_and_missing_ones_come(
    folder: Path, tmp_path: Path
) -> None:
    asked = {"images": 8, "seed": 3, "size": SIZE, "test_share": 0.25}
    write_gazefollow(tmp_path / "d", **asked)
    gone = [
        tmp_path / "d" / "train/00000000/00000002.jpg",
        tmp_path / "d" / "depth/train/00000000/00000003.png",
        tmp_path / "d" / "test_annotations_release.txt",
    ]
    for path in gone:
        path.unlink()
    rest = [path for path in (tmp_path / "d").rglob("*.*") if path.is_file()]
    for path in rest:
        os.utime(path, (1, 1))
    write_gazefollow(tmp_path / "d", **asked)
    assert contents(tmp_path / "d") == contents(folder)
    assert all(path.stat().st_mtime == 1 for path in rest)


def test_a_folder_with_something_in_it_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileExistsError, match="not an empty folder"):
        write_gazefollow(folder, images=1)
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError, match="name a new folder"):
        write_gazefollow(tmp_path / "file", images=1)


@pytest.mark.parametrize("share", [2, -0.1, float("nan")])
def test_a_share_that_is_none_is_refused_before_anything_is_written(
    tmp_path: Path, share: float
) -> None:
    with pytest.raises(ValueError, match=r"test_share is .*; give a number from 0 to 1"):
        write_gazefollow(tmp_path / "none", images=2, test_share=share)
    assert not (tmp_path / "none").exists()


def test_a_small_set_has_a_test_too_and_passes_the_check(tmp_path: Path) -> None:
    write_gazefollow(tmp_path / "small", images=2, size=SIZE)
    assert check("gazefollow", tmp_path / "small").ok
