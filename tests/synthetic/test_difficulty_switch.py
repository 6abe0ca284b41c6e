"""One switch makes all four rendered worlds easier or harder."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from sightline.scene import Scene
from sightline.synthetic.all_around import render_panoramas
from sightline.synthetic.difficulty import DIFFICULTIES, EASY, HARD, NORMAL
from sightline.synthetic.gazefollow import write_gazefollow
from sightline.synthetic.gazefollow360 import write_gazefollow360
from sightline.synthetic.goo import write_goo
from sightline.synthetic.render import MEMORY, boxes_of, render_clips, render_scenes, world_of
from sightline.synthetic.shelves import render_shelves
from sightline.synthetic.videoattentiontarget import write_videoattentiontarget

WRITERS = [
    (write_gazefollow, {"images": 1, "size": (64, 48)}),
    (write_videoattentiontarget, {"clips": 1, "frames": 1, "size": (64, 48)}),
    (write_goo, {"images": 1, "size": (64, 48)}),
    (write_gazefollow360, {"images": 1, "size": (96, 48)}),
]


@pytest.mark.parametrize(("write", "asked"), WRITERS)
def test_a_folder_is_not_gone_on_with_by_another_difficulty(
    write: Callable, asked: dict, tmp_path: Path
) -> None:
    write(tmp_path / "set", **asked, difficulty=EASY)
    record = json.loads((tmp_path / "set" / "synthetic.json").read_text())
    assert record["difficulty"] == "easy"
    write(tmp_path / "set", **asked, difficulty=EASY)
    with pytest.raises(FileExistsError, match="name a new folder"):
        write(tmp_path / "set", **asked)


def one_clip(count: int, **options) -> list[Scene]:
    return render_clips(count, length=1, **options)[0]


@pytest.mark.parametrize("render", [render_scenes, one_clip, render_shelves, render_panoramas])
def test_scenes_in_memory_are_normal_unless_asked(render: Callable) -> None:
    size = (96, 48)
    normal = render(1, seed=5, size=size)[0].image
    assert torch.equal(render(1, seed=5, size=size, difficulty=NORMAL)[0].image, normal)
    assert not torch.equal(render(1, seed=5, size=size, difficulty=HARD)[0].image, normal)


def test_the_settings_go_by_their_names() -> None:
    assert {name: each.name for name, each in DIFFICULTIES.items()} == {
        "easy": "easy",
        "normal": "normal",
        "hard": "hard",
    }


def test_heads_of_easy_pictures_are_wholly_in_them() -> None:
    for index in range(40):
        world = world_of(1, MEMORY, index, (224, 224), difficulty=EASY)
        boxes = boxes_of(world, world.people.heads)
        assert (boxes > 0).all()
        assert (boxes < 224).all()
