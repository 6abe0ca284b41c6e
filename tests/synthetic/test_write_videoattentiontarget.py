"""The released layout of VideoAttentionTarget, as written for rendered clips."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sightline.synthetic.render import TEST_CLIPS, TRAIN_CLIPS, boxes_of, clip_of
from sightline.synthetic.videoattentiontarget import write_videoattentiontarget

ASKED: dict[str, Any] = {
    "clips": 4,
    "frames": 5,
    "seed": 3,
    "size": (96, 72),
    "fps": 4.0,
    "test_share": 0.25,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set") / "new"
    write_videoattentiontarget(folder, **ASKED)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def tracks(folder: Path, split: str) -> dict[tuple[str, str, int], dict[str, list[float]]]:
    """Rows by picture, by show, clip and person."""
    found = {}
    for file in (folder / "annotations" / split).glob("*/*/s[0-9][0-9].txt"):
        rows = [line.split(",") for line in file.read_text().splitlines()]
        key = file.parts[-3], file.parts[-2], int(file.stem[1:])
        found[key] = {row[0]: [float(cell) for cell in row[1:]] for row in rows}
    return found


@pytest.mark.parametrize(("split", "stream"), [("train", TRAIN_CLIPS), ("test", TEST_CLIPS)])
def test_tracks_tell_the_truth_of_their_worlds(folder: Path, split: str, stream: int) -> None:
    found = tracks(folder, split)
    numbers = {int(clip) for _, clip, _ in found}
    assert numbers == set(range(3 if split == "train" else 1))
    for (_, clip, person), rows in found.items():
        worlds = clip_of(3, stream, int(clip), (96, 72), length=5, fps=4.0)
        seen = [k for k, world in enumerate(worlds) if world.people.visible[person]]
        assert list(rows) == [f"{k:08d}.jpg" for k in seen]
        for values, world in zip(rows.values(), (worlds[k] for k in seen), strict=True):
            box, gaze = np.split(np.array(values), [4])
            np.testing.assert_allclose(box, boxes_of(world, world.people.heads)[person], atol=1e-3)
            target = world.camera.project(world.people.targets[person])[0]
            np.testing.assert_allclose(
                gaze, target if world.people.inside[person] else (-1, -1), atol=1e-3
            )


def test_everybody_who_is_seen_has_a_track(folder: Path) -> None:
    found = tracks(folder, "train")
    for clip in range(3):
        worlds = clip_of(3, TRAIN_CLIPS, clip, (96, 72), length=5, fps=4.0)
        seen = np.any([world.people.visible for world in worlds], axis=0)
        persons = {person for _, name, person in found if int(name) == clip}
        assert persons == set(np.flatnonzero(seen).tolist())


def test_every_row_has_a_picture_and_a_depth_map(folder: Path) -> None:
    for split in ("train", "test"):
        for (show, clip, _), rows in tracks(folder, split).items():
            for name in rows:
                path = Path(show, clip, name)
                depth = np.array(Image.open(folder / "depth" / path.with_suffix(".png")))
                assert Image.open(folder / "images" / path).size == (96, 72)
                assert (depth.shape, depth.dtype) == ((72, 96), np.uint16)


def test_there_are_several_shows_for_training_and_others_for_the_test(folder: Path) -> None:
    train = {show for show, *_ in tracks(folder, "train")}
    assert len(train) == 3
    assert not train & {show for show, *_ in tracks(folder, "test")}


def test_the_same_seed_writes_the_same_bytes_with_two_workers(folder: Path, tmp_path: Path) -> None:
    write_videoattentiontarget(tmp_path / "b", workers=2, **ASKED)
    assert contents(tmp_path / "b") == contents(folder)


def test_after_a_break_finished_files_stay_and_missing_ones_come(
    folder: Path, tmp_path: Path
) -> None:
    write_videoattentiontarget(tmp_path / "c", **ASKED)
    files = sorted(path for path in (tmp_path / "c").rglob("*.*") if path.is_file())
    gone = [path for path in files[::3] if path.name != "synthetic.json"]
    for path in gone:
        path.unlink()
    half = gone[0].with_name(f".{gone[0].name}")
    half.write_bytes(b"half a file")
    for path in set(files) - set(gone):
        os.utime(path, (1, 1))
    write_videoattentiontarget(tmp_path / "c", **ASKED)
    assert contents(tmp_path / "c") == contents(folder)
    assert {path for path in files if path.stat().st_mtime == 1} == set(files) - set(gone)


def test_what_was_asked_otherwise_is_refused(folder: Path, tmp_path: Path) -> None:
    before = contents(folder)
    with pytest.raises(FileExistsError, match="name a new folder"):
        write_videoattentiontarget(folder, **{**ASKED, "frames": 6})
    (tmp_path / "mine.txt").touch()
    with pytest.raises(FileExistsError, match="name a new folder"):
        write_videoattentiontarget(tmp_path, **ASKED)
    assert contents(folder) == before


def test_two_clips_are_one_for_each_part(tmp_path: Path) -> None:
    written = write_videoattentiontarget(tmp_path / "e", clips=2, frames=1, size=(32, 24))
    assert (written["train"].clips, written["test"].clips) == (1, 1)


def test_no_frames_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 frames"):
        write_videoattentiontarget(tmp_path / "d", **{**ASKED, "frames": 0})
    assert not (tmp_path / "d").exists()
