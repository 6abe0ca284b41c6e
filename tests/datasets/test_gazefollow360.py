import pickle
import struct
import sys
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image
from scipy.io import savemat
from scipy.sparse import csc_array

from gazefollow360_worlds import (
    BOX,
    GAZE,
    write_index,
    write_panorama,
    write_tiny_gazefollow360,
)
from sightline.cli import run
from sightline.datasets import check, load_dataset
from sightline.datasets.gazefollow360 import GazeFollow360
from sightline.scene import Scene, Truth

NAN = float("nan")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_tiny_gazefollow360(tmp_path)


def truth(scene: Scene) -> Truth:
    assert scene.truth is not None
    return scene.truth


def quiet(root: Path, split: str) -> GazeFollow360:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return GazeFollow360(root, split)  # pyright: ignore


def test_a_row_is_a_panorama_with_head_and_target_in_pixels(root: Path) -> None:
    write_index(root, "test", ["test film/1.jpg"], [[[30.25, 20], [40.5, 32]]], [[0.25, 0.75]])
    (scene,) = GazeFollow360(root, "test")
    assert scene.key == "test film/1.jpg"
    assert scene.projection == "equirectangular"
    assert scene.size == (96, 48)
    assert scene.heads.tolist() == [[30.25, 20, 40.5, 32]]
    assert truth(scene).points.tolist() == [[[24, 36]]]
    assert truth(scene).inside.tolist() == [1]
    assert scene.depth is None


@pytest.mark.parametrize(
    "box",
    [
        [[30, 20], [40, 32]],
        [[40, 32], [30, 20]],
        [[30, 32], [40, 20]],
        [[40, 20], [30, 32]],
    ],
)
def test_corners_may_come_in_any_order(root: Path, box: list) -> None:
    write_index(root, "test", ["test film/1.jpg"], [box])
    assert GazeFollow360(root, "test")[0].heads.tolist() == [[30, 20, 40, 32]]


def test_rows_of_one_picture_are_its_people_in_their_order(root: Path) -> None:
    paths = ["test film/1.jpg", "test film/0.jpg", "test film/1.jpg"]
    boxes = [[[x, 20], [x + 9, 30]] for x in (50, 10, 20)]
    write_index(root, "test", paths, boxes, [[0.5, 0.5], [0.1, 0.5], [0.75, 0.5]])
    dataset = GazeFollow360(root, "test")
    assert dataset.keys.tolist() == ["test film/0.jpg", "test film/1.jpg"]
    assert len(dataset) == 2
    assert dataset[1].heads[:, 0].tolist() == [50, 20]
    assert truth(dataset[1]).points[:, 0, 0].tolist() == [48, 72]
    assert truth(dataset[0]).points[:, 0, 0].tolist() == pytest.approx([9.6])


def test_blanks_behind_a_path_are_not_part_of_it(root: Path) -> None:
    write_panorama(root, "a name/with a longer path.jpg")
    write_index(root, "test", ["test film/1.jpg", "a name/with a longer path.jpg  "])
    keys = GazeFollow360(root, "test").keys.tolist()
    assert keys == ["a name/with a longer path.jpg", "test film/1.jpg"]


def test_the_splits_are_the_three_files(root: Path) -> None:
    sets = {split: GazeFollow360(root, split) for split in ("train", "val", "test")}
    assert [len(dataset) for dataset in sets.values()] == [6, 2, 2]
    assert sets["val"].keys[0] == "val film/0.jpg"
    with pytest.raises(ValueError, match="no split 'vali'; known are train, val, test"):
        GazeFollow360(root, "vali")  # pyright: ignore


def test_the_right_edge_is_the_left_edge(root: Path) -> None:
    write_index(root, "test", ["test film/1.jpg"], gaze=[[1.0, 1.0]])
    assert truth(GazeFollow360(root, "test")[0]).points.tolist() == [[[0, 48]]]


def test_pictures_are_taken_as_they_are_stored(root: Path) -> None:
    file = root / "all the videos/test film/1.jpg"
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    with Image.open(file) as picture:
        picture.save(file, exif=exif)
    assert GazeFollow360(root, "test")[1].size == (96, 48)


def test_depth_is_read_on_demand(root: Path) -> None:
    file = root / "depth/test film/0.png"
    file.parent.mkdir(parents=True)
    Image.fromarray(np.full((48, 96), 65535 // 5, dtype=np.uint16)).save(file)
    scene = GazeFollow360(root, "test", depth=True)[0]
    assert scene.depth is not None
    torch.testing.assert_close(scene.depth, torch.full((1, 48, 96), 0.2))


def test_a_scene_does_not_carry_everybody_to_another_process(root: Path) -> None:
    write_index(root, "test", ["test film/0.jpg", *(f"{i}.jpg" for i in range(2000))])
    dataset = GazeFollow360(root, "test")
    scene = dataset[len(dataset) - 1]
    assert len(pickle.dumps((scene.heads, scene.truth))) < 3000


@pytest.mark.parametrize("content", [None, b"no picture"])
def test_a_missing_or_damaged_picture_is_named_with_its_row(
    root: Path, content: bytes | None
) -> None:
    file = root / "all the videos/test film/1.jpg"
    file.unlink()
    if content:
        file.write_bytes(content)
    dataset = GazeFollow360(root, "test")
    with pytest.raises(ValueError, match=r"test_data\.mat: row 2: .*test film/1\.jpg: .*no"):
        dataset[1]
    assert len(dataset[0]) == 1


ODD = {
    "a box that is no number": ([[NAN, 20], [40, 32]], GAZE, "face_box is .*not four numbers"),
    "a box without an area": ([[30, 20], [30, 32]], GAZE, "face_box is .*has no area"),
    "a target that is no number": (BOX, [NAN, 0.5], "gaze is .*not two numbers in"),
    "a target beside the picture": (BOX, [0.5, 1.5], "gaze is .*not two numbers in"),
}


@pytest.mark.parametrize(("box", "gaze", "reason"), ODD.values(), ids=ODD.keys())
def test_a_row_that_cannot_be_right_is_left_out_with_a_warning(
    root: Path, box: list, gaze: list, reason: str
) -> None:
    write_index(root, "test", ["test film/0.jpg", "test film/1.jpg"], [BOX, box], [GAZE, gaze])
    with pytest.warns(UserWarning, match=f"^1 rows .* test_data.mat: row 2: {reason}"):
        dataset = GazeFollow360(root, "test")
    assert dataset.keys.tolist() == ["test film/0.jpg"]


@pytest.mark.parametrize("path", ["../elsewhere.jpg", "/elsewhere.jpg", ".\\..\\x.jpg", ".", "  "])
def test_a_path_that_leads_elsewhere_is_left_out(root: Path, path: str) -> None:
    write_index(root, "test", ["test film/0.jpg", path])
    assert quiet(root, "test").keys.tolist() == ["test film/0.jpg"]


def test_a_split_without_a_sound_row_is_refused(root: Path) -> None:
    write_index(root, "test", ["test film/0.jpg"], gaze=[[2, 2]])
    with pytest.raises(ValueError, match=r"'test' of .* is empty"):
        quiet(root, "test")


HANDLE = np.zeros(1, dtype=[("function_handle", object)])
WRONG = {
    "no box": (
        {"face_box": None},
        "face_box of plain numbers; it must hold path, face_box, gaze",
    ),
    "boxes in rows of four": (
        {"face_box": np.zeros((2, 4))},
        "face_box must be N x 2 x 2, not 2 x",
    ),
    "a third corner": ({"face_box": np.zeros((2, 3, 2))}, "face_box must be N x 2 x 2, not 2 x 3"),
    "a target in 3D": ({"gaze": np.zeros((2, 3))}, "gaze must be N x 2, not 2 x 3"),
    "too few targets": ({"gaze": np.zeros((1, 2))}, "equally many .*: 2 of path, 2 of .*, 1 of ga"),
    "targets as text": ({"gaze": np.array(["a", "b"])}, "has no field gaze of plain numbers"),
    "paths as numbers": ({"path": np.zeros((2, 4))}, "has no field path of plain text"),
    "paths in cells": ({"path": np.array(["a", "b"], object)}, "has no field path of plain text"),
    "a structure": ({"path": HANDLE}, "has no field path of plain text"),
    "a sparse matrix": ({"gaze": csc_array(np.eye(2))}, "has no field gaze of plain numbers"),
    "complex numbers": ({"gaze": np.zeros((2, 2), complex)}, "has no field gaze of plain numbers"),
}


@pytest.mark.parametrize(("changes", "reason"), WRONG.values(), ids=WRONG.keys())
def test_an_index_with_other_fields_is_refused_in_one_sentence(
    root: Path, changes: dict, reason: str
) -> None:
    write_index(root, "test", ["test film/0.jpg", "test film/1.jpg"], **changes)
    with pytest.raises(ValueError, match=rf"test_data\.mat.*{reason}[^\n]*\.$"):
        GazeFollow360(root, "test")


def test_an_index_without_a_row_is_refused(root: Path) -> None:
    write_index(root, "test", [], face_box=np.zeros((0, 2, 2)), gaze=np.zeros((0, 2)))
    with pytest.raises(ValueError, match="equally many rows, at least one"):
        GazeFollow360(root, "test")


def test_a_function_handle_in_place_of_a_field_is_refused(root: Path) -> None:
    file = write_index(root, "test", ["test film/0.jpg"], path=None)
    inner = BytesIO()
    savemat(inner, {"workspace": HANDLE})
    handle = struct.pack("<4I4I2I4s4x", 6, 8, 16, 0, 5, 8, 1, 1, 1, 4, b"path")  # class 16
    handle += inner.getvalue()[128:]
    file.write_bytes(file.read_bytes() + struct.pack("<2I", 14, len(handle)) + handle)
    with pytest.raises(ValueError, match="has no field path of plain text"):
        GazeFollow360(root, "test")


HDF5 = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(500)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no MATLAB file, or damaged"),
        (b"path,face_box,gaze\n" * 20, "no MATLAB file, or damaged"),
        (b"\x89HDF\r\n\x1a\n" + bytes(500), "no MATLAB file, or damaged"),
        (HDF5, r"of version 7\.3 \(HDF5\).* save it again in MATLAB with `save -v7`"),
    ],
)
def test_another_file_in_the_place_of_an_index_is_refused(
    root: Path, content: bytes, reason: str
) -> None:
    (root / "train_vali_test_data/test_data.mat").write_bytes(content)
    with pytest.raises(ValueError, match=rf"test_data\.mat is .*{reason}"):
        GazeFollow360(root, "test")


def test_an_old_matlab_file_is_refused(root: Path) -> None:
    savemat(root / "train_vali_test_data/test_data.mat", {"gaze": np.zeros((2, 2))}, format="4")
    with pytest.raises(ValueError, match="of version 4, the released ones are of version 5"):
        GazeFollow360(root, "test")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_an_index_that_was_cut_short_is_refused(root: Path, share: float) -> None:
    file = root / "train_vali_test_data/test_data.mat"
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"test_data\.mat"):
        GazeFollow360(root, "test")


def test_a_folder_without_index_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"has no .*train_data\.mat; give the folder that"):
        GazeFollow360(tmp_path, "train")


def test_without_scipy_the_reader_says_how_to_get_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(ImportError, match=r"need scipy: run `pip install 'sightline\[panorama\]'`"):
        GazeFollow360(root, "train")


def test_the_dataset_is_found_by_name(root: Path) -> None:
    assert isinstance(load_dataset("gazefollow360", root, "test"), GazeFollow360)


def test_the_check_of_a_small_sound_copy_says_that_it_is_not_the_published_set(root: Path) -> None:
    report = check("gazefollow360", root)
    assert report.ok
    (note,) = report.notes
    assert note.startswith("This is not the published set, or not all of it: that has 10,058 rows")
    counts = dict(report.counts)
    assert [counts[f"{split} rows"] for split in ("train", "val", "test")] == [6, 2, 2]
    assert counts["train pictures"] == 6
    assert not any(counts[label] for label in counts if "whose" in label or "left" in label)


def test_the_check_of_the_published_number_of_rows_has_no_note(root: Path) -> None:
    paths = [f"train film/{i % 6}.jpg" for i in range(10_058 - 4)]
    boxes = [[[0, i / 1000], [9, 20 + i / 1000]] for i in range(len(paths))]
    write_index(root, "train", paths, boxes)
    report = check("gazefollow360", root)
    assert report.ok
    assert not report.notes


def test_the_check_names_what_is_wrong_with_each_row(root: Path) -> None:
    write_panorama(root, "test film/square.jpg", (50, 50))
    rows = [
        ("test film/0.jpg", BOX, [0.5, -0.1]),
        ("test film/missing.jpg", BOX, GAZE),
        ("test film/1.jpg", [[96, 20], [110, 30]], GAZE),
        ("test film/square.jpg", BOX, GAZE),
        ("train film/2.jpg", BOX, GAZE),
        ("test film/1.jpg", [[90, 20], [110, 30]], GAZE),
        ("test film/1.jpg", [[110, 30], [90, 20]], [0.1, 0.1]),
    ]
    write_index(root, "test", *map(list, zip(*rows, strict=True)))
    report = check("gazefollow360", root)
    file = "test_data.mat: row"
    missing = f"{root}/all the videos/test film/missing.jpg: there is no such file."
    assert report.problems == [
        f"{file} 1: gaze is [0.5, -0.1], not two numbers in [0, 1]",
        f"{file} 2: {missing}",
        f"{file} 3: the head box lies outside the picture",
        f"{file} 4: its picture is not twice as wide as high",
        f"{file} 7: its head is that of an earlier row",
        f"{file} 5: its picture is also in train",
    ]
    counts = dict(report.counts)
    assert counts["test rows"] == 7
    assert counts["test rows left out: unreadable"] == 1
    assert counts["test pictures missing or unreadable"] == 1
    assert counts["test heads reaching outside the picture"] == 3


def test_the_check_goes_on_without_a_split_or_with_a_broken_one(root: Path) -> None:
    (root / "train_vali_test_data/vali_data.mat").unlink()
    report = check("gazefollow360", root)
    assert report.ok
    assert report.notes[0].startswith("The split val is missing")
    (root / "train_vali_test_data/train_data.mat").write_bytes(b"")
    report = check("gazefollow360", root)
    assert "no MATLAB file" in report.problems[0]
    assert dict(report.counts)["test rows"] == 2


def test_the_check_of_another_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="give the folder"):
        check("gazefollow360", tmp_path)


def test_the_check_is_a_command(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "check", "gazefollow360", str(root)]) == 0
    assert "train rows" in capsys.readouterr().out
