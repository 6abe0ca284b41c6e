"""VideoAttentionTarget: lines to scenes, windows, splits, released pickles, the check."""

import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sightline.datasets import check, load_dataset
from sightline.datasets.videoattentiontarget import (
    VideoAttentionTarget,
    VideoAttentionTargetTracks,
)
from worlds import write_tiny_videoattentiontarget

NAN = float("nan")
TEST = "annotations/test/Finale/10_90"
LINES = [
    "00000000.jpg,10,4,18,12,20,7",
    "00000001.jpg,12,4,20,12,-1,-1",  # looks outside
    "00000002.jpg,14,4,22,12,-1,7",  # a single -1 is a coordinate beyond the edge
    "00000003.jpg,16,4,24,12,-5,80",  # beyond the bottom edge
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three shows for training and one for the test, of a track of 12 and one of 3 frames each."""
    return write_tiny_videoattentiontarget(tmp_path)


def rewrite(root: Path, lines: list[str]) -> None:
    """Let the first test track be these lines."""
    (root / TEST / "s00.txt").write_text("\n".join(lines) + "\n", encoding="utf-8-sig")


def names(keys) -> list[str]:
    """Keys without the part that they share."""
    return [key.removeprefix("Finale/10_90/") for key in keys]


def test_a_line_is_a_scene_in_pixels(root: Path) -> None:
    rewrite(root, LINES)
    clip = VideoAttentionTargetTracks(root, "test")[0]
    assert [scene.key for scene in clip] == [
        f"Finale/10_90/s00.txt/0000000{frame}.jpg" for frame in range(4)
    ]
    assert {scene.size for scene in clip} == {(96, 72)}
    stored = np.asarray(Image.open(root / "images/Finale/10_90/00000002.jpg"))
    assert torch.equal(clip[2].image.permute(1, 2, 0), torch.from_numpy(stored.copy()))
    assert clip[0].depth is None


def test_outside_is_minus_one_twice_and_other_negative_coordinates_are_zero(root: Path) -> None:
    rewrite(root, LINES)
    truths = [scene.truth for scene in VideoAttentionTargetTracks(root, "test")[0]]
    assert [truth.inside.tolist() for truth in truths] == [[1], [0], [1], [1]]
    points = torch.cat([truth.points for truth in truths])[:, 0]
    expected = torch.tensor([[20.0, 7.0], [NAN, NAN], [0.0, 7.0], [0.0, 80.0]])
    torch.testing.assert_close(points, expected, equal_nan=True)


def moving_average(boxes: np.ndarray) -> np.ndarray:
    """Of 11 boxes each, the ends repeated 5 times, one by one."""
    last = len(boxes) - 1
    near = [[boxes[min(max(t + d, 0), last)] for d in range(-5, 6)] for t in range(len(boxes))]
    return np.array(near).mean(1)


@pytest.mark.parametrize("kind", [VideoAttentionTarget, VideoAttentionTargetTracks])
def test_heads_are_smoothed_over_the_sample(root: Path, kind: type) -> None:
    rows = np.loadtxt(root / TEST / "s00.txt", delimiter=",", usecols=(1, 2, 3, 4))
    length = 5 if kind is VideoAttentionTarget else 12
    heads = torch.cat([scene.heads for scene in kind(root, "test")[0]])
    np.testing.assert_allclose(heads, moving_average(rows[:length]), rtol=1e-6)


def test_reading_a_sample_twice_gives_the_same(root: Path) -> None:
    dataset = VideoAttentionTarget(root, "test")
    first, second = dataset[0], dataset[0]
    assert all(torch.equal(a.heads, b.heads) for a, b in zip(first, second, strict=True))


def test_windows_count_every_frame_once_and_each_scene_has_its_own_key(root: Path) -> None:
    clips = list(VideoAttentionTarget(root, "test"))
    assert [names(scene.key for scene in clip) for clip in clips[2:]] == [
        [
            "s00.txt/00000007.jpg#0",
            "s00.txt/00000008.jpg#1",
            "s00.txt/00000009.jpg#2",
            "s00.txt/00000010.jpg",
            "s00.txt/00000011.jpg",
        ],
        [
            "s01.txt/00000000.jpg",
            "s01.txt/00000001.jpg",
            "s01.txt/00000002.jpg",
            "s01.txt/00000002.jpg#3",
            "s01.txt/00000002.jpg#4",
        ],
    ]
    scenes = [scene for clip in clips for scene in clip]
    assert len({scene.key for scene in scenes}) == len(scenes) == 20
    counted = [scene.key for scene in scenes if scene.truth.counted.all()]
    tracks = VideoAttentionTargetTracks(root, "test")
    assert counted == [scene.key for clip in tracks for scene in clip]


def test_the_keys_are_those_of_the_first_scenes(root: Path) -> None:
    for kind in (VideoAttentionTarget, VideoAttentionTargetTracks):
        dataset = kind(root, "trainval")
        assert dataset.keys.tolist() == [clip[0].key for clip in dataset]


def test_a_picture_is_read_once_per_sample(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sightline.datasets import videoattentiontarget

    read, original = [], videoattentiontarget.read_image
    monkeypatch.setattr(
        videoattentiontarget,
        "read_image",
        lambda path, **options: (read.append(path), original(path, **options))[1],
    )
    assert len(VideoAttentionTarget(root, "test")[3]) == 5
    assert [path.name for path in read] == ["00000000.jpg", "00000001.jpg", "00000002.jpg"]


def test_depth_is_read_on_demand(root: Path) -> None:
    scene = VideoAttentionTarget(root, "test", depth=True)[0][1]
    stored = np.asarray(Image.open(root / "depth/Finale/10_90/00000001.png"))
    assert scene.depth is not None
    np.testing.assert_allclose(scene.depth[0], stored / 65535, atol=1e-6)


def shows(dataset: VideoAttentionTarget) -> set[str]:
    return {key.partition("/")[0] for key in dataset.keys.tolist()}


def test_validation_keeps_whole_shows_of_the_training_part(tmp_path: Path) -> None:
    write_tiny_videoattentiontarget(tmp_path, train_shows=40, tracks=(1,))
    train, val, both, test = (
        VideoAttentionTarget(tmp_path, split) for split in ("train", "val", "trainval", "test")
    )
    assert not shows(train) & shows(val)
    assert shows(train) | shows(val) == shows(both)
    assert (len(shows(val)), len(shows(both))) == (2, 40)
    assert shows(test) == {"Finale"}


def test_a_small_copy_keeps_one_show_for_validation(root: Path) -> None:
    assert len(shows(VideoAttentionTarget(root, "val"))) == 1
    tracks = VideoAttentionTargetTracks(root, "val")
    assert shows(tracks) == shows(VideoAttentionTarget(root, "val"))


BROKEN = [
    LINES[0],
    "00000001.jpg,12,4,20,12,-1",
    "00000002.jpg,14,4,wide,12,5,7",
    "00000003.jpg,16,4,24,12,nan,80",
    LINES[0],
    "",
]


def test_lines_that_cannot_be_read_are_left_out_with_a_warning(root: Path) -> None:
    rewrite(root, BROKEN)
    with pytest.warns(UserWarning, match=rf"4 lines are left out; the first: {TEST}/s00.txt:2: 6"):
        dataset = VideoAttentionTarget(root, "test")
    assert names(dataset.keys) == ["s00.txt/00000000.jpg", "s01.txt/00000000.jpg"]


def test_clean_files_cause_no_warning(root: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        VideoAttentionTarget(root, "test")


def test_a_track_without_a_readable_line_is_left_out(root: Path) -> None:
    rewrite(root, ["nothing"])
    with pytest.warns(UserWarning, match="1 lines are left out"):
        assert names(VideoAttentionTarget(root, "test").keys) == ["s01.txt/00000000.jpg"]


def test_a_missing_picture_is_named(root: Path) -> None:
    (root / "images/Finale/10_90/00000002.jpg").unlink()
    with pytest.raises(ValueError, match=r"Finale/10_90/00000002\.jpg: there is no such file"):
        VideoAttentionTarget(root, "test")[0]


def test_a_folder_without_annotations_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"has no folder annotations/test; give the folder"):
        VideoAttentionTarget(tmp_path, "test")


def test_a_folder_without_tracks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "annotations/test").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"no readable track \(there is no file SHOW/CLIP/sNN"):
        VideoAttentionTarget(tmp_path, "test")


def test_an_empty_split_is_refused(tmp_path: Path) -> None:
    write_tiny_videoattentiontarget(tmp_path, train_shows=1)
    with pytest.raises(ValueError, match=r"'train' of .* is empty; give a larger set"):
        VideoAttentionTarget(tmp_path, "train")


def test_an_unknown_split_is_answered_with_the_known_ones(root: Path) -> None:
    with pytest.raises(ValueError, match="known are train, val, test, trainval"):
        VideoAttentionTarget(root, "valid")  # pyright: ignore


def test_the_datasets_are_found_by_name(root: Path) -> None:
    assert isinstance(load_dataset("videoattentiontarget", root, "test"), VideoAttentionTarget)
    assert len(load_dataset("videoattentiontarget-tracks", root, "test")) == 2  # pyright: ignore


def pickled(root: Path, name: str = "vat_test_sequences.pkl") -> Path:
    """Two windows of the first test track, the second with two frames that are new."""
    table = [
        [cell if i == 0 else float(cell) for i, cell in enumerate(line)] for line in cells(root)
    ]
    windows = [
        ("Finale", "10_90", [1, 1, 1, 1, 1], table[:5]),
        ("Finale", "10_90", [0, 0, 0, 1, 1], table[2:7]),
    ]
    (root / name).write_bytes(pickle.dumps(windows))
    return root / name


def cells(root: Path) -> list[list[str]]:
    return [line.split(",") for line in (root / TEST / "s00.txt").read_text().splitlines()]


def test_released_windows_are_taken_where_there_are_some(root: Path) -> None:
    cut = VideoAttentionTarget(root, "test")
    pickled(root)
    windows = VideoAttentionTarget(root, "test")
    assert names(windows.keys) == ["00000/00000000.jpg", "00001/00000002.jpg#0"]
    for ours, theirs in zip(cut[0], windows[0], strict=True):
        assert torch.equal(ours.heads, theirs.heads)
        assert torch.equal(ours.image, theirs.image)
        torch.testing.assert_close(ours.truth.points, theirs.truth.points, equal_nan=True)
    counted = [scene.truth.counted.item() for scene in windows[1]]
    assert counted == [False, False, False, True, True]


def test_released_windows_concern_their_part_only_and_not_the_tracks(root: Path) -> None:
    before = len(VideoAttentionTarget(root, "trainval"))
    pickled(root)
    assert len(VideoAttentionTarget(root, "trainval")) == before
    assert len(VideoAttentionTargetTracks(root, "test")[0]) == 12


def test_two_files_of_released_windows_are_one_too_many(root: Path) -> None:
    pickled(root)
    pickled(root, "other_test.pkl")
    with pytest.raises(
        ValueError, match=r"other_test\.pkl, vat_test_sequences\.pkl; leave the one"
    ):
        VideoAttentionTarget(root, "test")


def test_the_check_counts_what_is_there(root: Path) -> None:
    report = check("videoattentiontarget", root)
    assert report.ok
    assert dict(report.counts) == {
        "train shows": 3,
        "train clips": 3,
        "train tracks": 6,
        "train person-frames": 45,
        "train person-frames inside": 36,
        "train lines left out: unreadable": 0,
        "train pictures": 36,
        "train pictures missing or unreadable": 0,
        "train pictures with depth": 36,
        "train heads reaching outside the picture": 0,
        "train windows": 12,
        "test shows": 1,
        "test clips": 1,
        "test tracks": 2,
        "test person-frames": 15,
        "test person-frames inside": 12,
        "test lines left out: unreadable": 0,
        "test pictures": 12,
        "test pictures missing or unreadable": 0,
        "test pictures with depth": 12,
        "test heads reaching outside the picture": 0,
        "test windows": 4,
    }
    assert "The test windows are cut from the tracks, 5 frames each." in report.notes
    assert "not 8 with 60, 48 (test: 2 with 15)." in report.notes[-1]


def test_the_check_names_line_and_reason_of_each_problem(root: Path) -> None:
    boxes = ["00000004.jpg,30,4,10,12,5,5", "00000005.jpg,200,4,210,12,5,5"]
    rewrite(root, [*BROKEN[:3], *boxes, "00000099.jpg,10,4,18,12,5,5"])
    assert check("videoattentiontarget", root).problems == [
        f"{TEST}/s00.txt:2: 6 columns where 7 are needed",
        f"{TEST}/s00.txt:3: column 4 (head x_max) is 'wide', not a number",
        f"{TEST}/s00.txt:6: {root}/images/Finale/10_90/00000099.jpg: there is no such file.",
        f"{TEST}/s00.txt:5: the head box lies outside the picture",
        f"{TEST}/s00.txt:4: the head box is reversed or empty",
    ]


def test_the_check_says_which_windows_are_used(root: Path) -> None:
    file = pickled(root)
    notes = check("videoattentiontarget", root).notes
    assert f"The test windows are read from {file.name}." in notes
    assert "The test windows count 7 person-frames; the tracks have 15." in notes


def test_the_check_names_a_pickle_that_holds_something_else(root: Path) -> None:
    pickled(root).write_bytes(pickle.dumps("weights"))
    (problem,) = check("videoattentiontarget", root).problems
    assert "vat_test_sequences.pkl holds no list of windows" in problem
