"""Shards of predictions: what was written stays, whatever lies there and whoever else writes."""

from pathlib import Path

import pytest
import torch

from sightline.gaze import Gaze
from sightline.scene import Scene, Truth
from sightline.shards import Pair, ShardWriter, read_shards, shard_files


def pair(key: str) -> Pair:
    truth = Truth(torch.rand(1, 1, 2), torch.ones(1))
    scene = Scene(torch.zeros(3, 4, 6, dtype=torch.uint8), torch.rand(1, 4), truth=truth, key=key)
    return Gaze(torch.rand(1, 4), torch.rand(1, 2), torch.rand(1, 8, 8), torch.rand(1)), scene


def write(folder: Path, *keys: str) -> None:
    """A shard for each key."""
    with ShardWriter(folder, size=1) as writer:
        for key in keys:
            writer.add([pair(key)])


def keys(folder: Path) -> list[str]:
    return [scene.key for _, scene in read_shards(folder)]


def test_a_shard_that_was_deleted_costs_no_other(tmp_path: Path) -> None:
    write(tmp_path, "a", "b", "c")
    shard_files(tmp_path)[0].unlink()
    write(tmp_path, "a", "d")
    assert keys(tmp_path) == ["b", "c", "a", "d"]
    assert {file.suffix for file in tmp_path.iterdir()} == {".safetensors"}


@pytest.mark.parametrize("links", [True, False])
def test_a_shard_of_another_run_is_never_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    write(tmp_path, "a", "b")
    monkeypatch.setattr("sightline.shards.shard_files", lambda _: [])  # they came after this look
    if not links:
        monkeypatch.setattr(Path, "hardlink_to", no_links)
    write(tmp_path, "c")
    monkeypatch.undo()
    assert keys(tmp_path) == ["a", "b", "c"]
    assert len(list(tmp_path.iterdir())) == 3


def no_links(*_: object) -> None:
    raise PermissionError


def test_what_two_runs_wrote_at_once_is_read_once(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, size=1) as one, ShardWriter(tmp_path, size=1) as other:
        for key in ("a", "b"):
            one.add([pair(key)])
            other.add([pair(key)])
    assert len(shard_files(tmp_path)) == 4
    assert keys(tmp_path) == ["a", "b"]
