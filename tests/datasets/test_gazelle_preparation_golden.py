"""Our readers against the annotation files that Gaze-LLE prepares."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from sightline.datasets import load_dataset
from sightline.scene import Scene

pytestmark = pytest.mark.golden
REVERSED = 51.0078  # the right edge of the only box that ends before it starts


def write_pictures(root: Path, sizes: dict[str, tuple[int, int]]) -> None:
    for path, size in sizes.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size).save(root / path)


@pytest.fixture
def gazefollow(golden: Path, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A folder with GazeFollow's two files and pictures, and what Gaze-LLE makes of them."""
    case = json.loads((golden / "gazelle" / "preprocess_gazefollow.json").read_text())
    write_pictures(tmp_path, case["image_sizes_wh"])
    for part in ("train", "test"):
        file = f"{part}_annotations_release.txt"
        (tmp_path / file).write_text("\n".join(case[file]) + "\n")
    return tmp_path, case


@pytest.fixture
def video(golden: Path, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """A folder with VideoAttentionTarget's tracks and pictures, and what Gaze-LLE makes of them."""
    case = json.loads((golden / "gazelle" / "preprocess_vat.json").read_text())
    for path, lines in case["annotations"].items():
        file = tmp_path / "annotations" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n")
        clip = f"images/{file.parent.relative_to(tmp_path / 'annotations').as_posix()}"
        clip = clip.replace("/train/", "/").replace("/test/", "/")
        size = case["image_sizes_wh"][clip]
        write_pictures(tmp_path, {f"{clip}/{line.partition(',')[0]}": size for line in lines})
    return tmp_path, case


def people_of(scene: Scene) -> list[list[float]]:
    """Of each person the box, the annotations as x, y, x, y, ... (-1 for none) and inside."""
    assert scene.truth is not None
    points, inside = scene.truth.points.flatten(1), scene.truth.inside[:, None]
    rows = [
        torch.cat(parts)[~torch.cat(parts).isnan()]
        for parts in zip(scene.heads, points, inside, strict=True)
    ]
    return sorted(row.tolist() for row in rows)


def released_people(heads: list[dict[str, Any]]) -> list[list[float]]:
    """The same of Gaze-LLE's heads; the point of who looks outside is left out."""
    rows = []
    for head in heads:
        points = zip(head["gazex"], head["gazey"], strict=True)
        flat = [value for point in points for value in point] if head["inout"] else []
        rows.append([*map(float, head["bbox"]), *map(float, flat), float(head["inout"])])
    return sorted(rows)


@pytest.mark.parametrize("part", ["train", "test"])
def test_gazelle_frames_of_videos_have_the_released_people(
    video: tuple[Path, dict[str, Any]], part: str
) -> None:
    root, case = video
    split = "test" if part == "test" else "trainval"
    scenes = list(load_dataset("videoattentiontarget-frames", root, split))
    frames = [frame for clip in case[f"{part}_preprocessed"] for frame in clip["frames"]]
    assert [f"images/{scene.key}" for scene in scenes] == [frame["path"] for frame in frames]
    for scene, frame in zip(scenes, frames, strict=True):
        expected = released_people(frame["heads"])
        for person, released in zip(people_of(scene), expected, strict=True):
            assert person == pytest.approx(released, abs=1e-4)


@pytest.mark.parametrize("part", ["train", "test"])
def test_gazelle_people_of_pictures_are_released_ones(
    gazefollow: tuple[Path, dict[str, Any]], part: str
) -> None:
    root, case = gazefollow
    split = "test" if part == "test" else "trainval"
    scenes = {scene.key: scene for scene in load_dataset("gazefollow-pictures", root, split)}
    pictures = {picture["path"]: picture for picture in case[f"{part}_preprocessed"]}
    assert scenes.keys() == pictures.keys()
    for path, scene in scenes.items():
        # Our boxes are those of the file for all models; Gaze-LLE cuts them to the picture ...
        scene.heads = scene.heads.clamp(min=0).minimum(torch.tensor(scene.size * 2))
        released = released_people(pictures[path]["heads"])
        # ... and swaps the edges of a box that ends before it starts, which ours leaves out.
        released = [row for row in released if row[0] != REVERSED]
        for person, expected in zip(people_of(scene), released, strict=True):
            assert person == pytest.approx(expected, abs=1e-3)


def test_gazelle_trains_on_heads_that_look_inside_one_by_one(
    gazefollow: tuple[Path, dict[str, Any]],
) -> None:
    root, _ = gazefollow
    scenes = list(load_dataset("gazefollow-inside", root, "trainval"))
    assert [scene.key for scene in scenes] == ["train/0000/a.jpg#0", "train/0000/b.jpg#0"]
    assert [scene.truth.inside.tolist() for scene in scenes] == [[1.0], [1.0]]
    everybody = load_dataset("gazefollow", root, "trainval")
    assert everybody.keys.tolist() == [scenes[0].key, "train/0000/a.jpg#1", scenes[1].key]
    for scene, index in zip(scenes, (0, 2), strict=True):
        torch.testing.assert_close(scene.truth.points, everybody[index].truth.points)
        assert torch.equal(scene.heads, everybody[index].heads)
