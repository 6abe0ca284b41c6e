"""The released layout of GazeFollow360, as written for rendered panoramas."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import loadmat

from sightline.cli import run
from sightline.synthetic.all_around import surroundings_of
from sightline.synthetic.gazefollow360 import SPLITS, Written, write_gazefollow360
from sightline.synthetic.panorama import boxes_around

SIZE = (128, 64)
ASKED: dict[str, Any] = {"images": 8, "seed": 3, "size": SIZE, "test_share": 0.25}
COUNTS = {"train": 4, "vali": 2, "test": 2}
TRAIN = "train_vali_test_data/train_data.mat"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set") / "new"
    write_gazefollow360(folder, **ASKED)
    return folder


def index(folder: Path, split: str) -> dict[str, np.ndarray]:
    return loadmat(folder / f"train_vali_test_data/{split}_data.mat")


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_files_lie_where_the_release_has_them(folder: Path) -> None:
    pictures = {
        f"all the videos/{split}/{i:06d}.jpg"
        for split, count in COUNTS.items()
        for i in range(count)
    }
    indices = {f"train_vali_test_data/{split}_data.mat" for split in COUNTS}
    assert set(contents(folder)) == {"synthetic.json"} | pictures | indices
    assert all(Image.open(folder / name).size == SIZE for name in pictures)


@pytest.mark.parametrize("split", COUNTS)
def test_rows_tell_the_truth_of_their_worlds(folder: Path, split: str) -> None:
    arrays = index(folder, split)
    worlds = [surroundings_of(3, SPLITS[split], i, SIZE) for i in range(COUNTS[split])]
    people = sum(len(world.people) for world in worlds)
    assert arrays["face_box"].shape == (people, 2, 2)
    assert arrays["gaze"].shape == arrays["face_box"].shape[:2]
    names = [f"{split}/{i:06d}.jpg" for i, w in enumerate(worlds) for _ in range(len(w.people))]
    assert [name.rstrip() for name in arrays["path"]] == names
    boxes = np.vstack([boxes_around(w, w.people.heads) for w in worlds])
    np.testing.assert_allclose(arrays["face_box"].reshape(-1, 4), boxes, atol=1e-4)
    rays = np.vstack([(w.people.targets - w.camera.position) @ w.camera.rotation.T for w in worlds])
    x, y, z = rays.T / np.linalg.norm(rays, axis=1)
    longitude, latitude = np.arctan2(y, x) % (2 * np.pi), np.arcsin(z)
    gaze = np.stack([1 - longitude / (2 * np.pi), 0.5 - latitude / np.pi], 1)
    np.testing.assert_allclose(arrays["gaze"], gaze, atol=1e-9)


def test_paths_of_a_file_have_one_width(tmp_path: Path) -> None:
    write_gazefollow360(tmp_path / "a", images=1, size=SIZE, test_share=0)
    raw = loadmat(tmp_path / "a" / TRAIN, chars_as_strings=False)["path"]
    assert raw.dtype == "<U1"
    assert raw.shape[1] == len("train/000000.jpg")


def test_an_empty_split_has_no_file(tmp_path: Path) -> None:
    assert write_gazefollow360(tmp_path / "g", images=1, size=SIZE)["test"] == (0, 0)
    assert not (tmp_path / "g/train_vali_test_data/test_data.mat").exists()


def test_splits_share_no_room() -> None:
    heights = [surroundings_of(0, stream, 0, SIZE).camera.position[2] for stream in SPLITS.values()]
    assert len(set(heights)) == 3


def test_two_workers_write_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_gazefollow360(tmp_path / "b", **ASKED, workers=2)
    assert contents(tmp_path / "b") == contents(folder)


def test_another_seed_writes_other_pictures(folder: Path, tmp_path: Path) -> None:
    write_gazefollow360(tmp_path / "c", images=1, seed=4, size=SIZE, test_share=0)
    name = "all the videos/train/000000.jpg"
    assert (tmp_path / "c" / name).read_bytes() != (folder / name).read_bytes()


@pytest.mark.parametrize("gone", ["all the videos/vali/000001.jpg", TRAIN])
def test_after_a_break_finished_files_stay_and_missing_ones_come(
    folder: Path, tmp_path: Path, gone: str
) -> None:
    shutil.copytree(folder, tmp_path / "d")
    (tmp_path / "d" / gone).unlink()
    rest = [path for path in (tmp_path / "d").rglob("*.*") if path.is_file()]
    for path in rest:
        os.utime(path, (1, 1))
    write_gazefollow360(tmp_path / "d", **ASKED)
    assert contents(tmp_path / "d") == contents(folder)
    assert all(path.stat().st_mtime == 1 for path in rest)


def test_a_folder_with_something_in_it_is_refused(folder: Path) -> None:
    with pytest.raises(FileExistsError, match="not an empty folder"):
        write_gazefollow360(folder, images=1)


def test_a_wrong_size_or_share_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="twice as wide"):
        write_gazefollow360(tmp_path / "e", images=1, size=(64, 64))
    with pytest.raises(ValueError, match=r"from 0 to 0\.5"):
        write_gazefollow360(tmp_path / "e", images=2, size=SIZE, test_share=0.9)
    assert not (tmp_path / "e").exists()


def test_the_command_tells_what_it_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = f"data synthesize gazefollow360 {tmp_path / 'f'} --images 2 --size 128 64 --workers 1"
    assert run([*words.split(), "--test-share", "0.5"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "train: 0 panoramas, 0 people"
    assert told[1].startswith("vali: 1 panoramas")
    assert (
        Written(0, 0)
        == write_gazefollow360(tmp_path / "f", images=2, size=SIZE, test_share=0.5)["train"]
    )


@pytest.mark.parametrize("images", [0, -3])
def test_a_number_of_panoramas_that_cannot_be_is_refused(tmp_path: Path, images: int):
    with pytest.raises(ValueError, match="at least 1"):
        write_gazefollow360(tmp_path / "none", images=images)
    assert not (tmp_path / "none").exists()
