"""VideoAttentionTarget frame by frame: who is in a picture, every sixth frame, splits."""

from pathlib import Path

import pytest
import torch

from sightline.datasets.videoattentiontarget import VideoAttentionTargetTracks
from sightline.datasets.videoattentiontarget_frames import (
    VideoAttentionTargetEverySixth,
    VideoAttentionTargetFrames,
)
from worlds import SIZE, write_tiny_videoattentiontarget


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three shows for training and one for the test, of a track of 14 and one of 3 frames each."""
    return write_tiny_videoattentiontarget(tmp_path, tracks=(14, 3))


def test_a_frame_holds_everybody_whose_track_has_it(root: Path) -> None:
    frames = VideoAttentionTargetFrames(root, "test")
    tracks = [scene for clip in VideoAttentionTargetTracks(root, "test") for scene in clip]
    assert [len(scene) for scene in frames] == [2] * 3 + [1] * 11
    for scene in frames:
        alone = [one for one in tracks if one.key.endswith(scene.key.rpartition("/")[2])]
        assert torch.equal(scene.image, alone[0].image)
        heads = torch.cat([one.heads for one in alone])
        assert torch.equal(scene.heads, heads)  # smoothed over the same tracks
        for name in ("points", "inside"):
            expected = torch.cat([getattr(one.truth, name) for one in alone])
            torch.testing.assert_close(getattr(scene.truth, name), expected, equal_nan=True)


def test_heads_are_cut_to_the_picture_after_smoothing(root: Path) -> None:
    lines = ["00000000.jpg,-20,-20,30,30,5,5", "00000001.jpg,2,2,120,90,-1,-1"]
    track = root / "annotations/test/Finale/10_90/s00.txt"
    track.write_text("\n".join(lines) + "\n")
    heads = torch.stack([scene.heads[0] for scene in VideoAttentionTargetFrames(root, "test")][:2])
    smooth = torch.cat([one.heads for one in VideoAttentionTargetTracks(root, "test")[0]])
    assert (smooth[:, 0] < 0).any()
    assert torch.equal(heads, smooth.clamp(min=0).minimum(torch.tensor(SIZE * 2)))


def test_every_sixth_frame_of_each_clip_is_taken_from_the_first_on(root: Path) -> None:
    every, sixth = VideoAttentionTargetFrames(root, "trainval"), {}
    chosen = VideoAttentionTargetEverySixth(root, "trainval")
    for scene in chosen:
        sixth[scene.key] = scene
    assert [key.rpartition("/")[2] for key in sixth] == [
        "00000000.jpg",
        "00000006.jpg",
        "00000012.jpg",
    ] * 3
    for scene in every:
        if scene.key in sixth:
            assert torch.equal(scene.heads, sixth[scene.key].heads)


def test_the_keys_and_splits_are_those_of_the_tracks(root: Path) -> None:
    for split in ("train", "val", "trainval", "test"):
        frames, tracks = (
            kind(root, split) for kind in (VideoAttentionTargetFrames, VideoAttentionTargetTracks)
        )
        assert frames.keys.tolist() == [scene.key for scene in frames]
        shows = {key.partition("/")[0] for key in tracks.keys.tolist()}
        assert {key.partition("/")[0] for key in frames.keys.tolist()} == shows
    assert frames[-1].key == frames[len(frames) - 1].key
    with pytest.raises(ValueError, match="no split 'dev'"):
        VideoAttentionTargetFrames(root, "dev")


def test_depth_of_a_frame_is_read_on_demand(root: Path) -> None:
    assert VideoAttentionTargetFrames(root, "test")[0].depth is None
    depth = VideoAttentionTargetFrames(root, "test", depth=True)[0].depth
    assert depth is not None
    assert depth.shape == (1, *SIZE[::-1])


def test_a_frame_in_memory_does_not_hold_those_of_others(root: Path) -> None:
    scene = VideoAttentionTargetFrames(root, "trainval")[0]
    assert scene.truth.points.untyped_storage().nbytes() == scene.truth.points.nbytes
    assert scene.heads.untyped_storage().nbytes() == scene.heads.nbytes
