"""Rendered data sets without a disk, beside those that the writers put on one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from sightline.datasets import RENDERED, load_dataset
from sightline.scene import Clip, Scene, as_clip
from sightline.synthetic.batches import RenderedBatches
from sightline.synthetic.difficulty import EASY
from sightline.synthetic.endless import Rendered
from sightline.synthetic.gazefollow import write_gazefollow
from sightline.synthetic.gazefollow360 import write_gazefollow360
from sightline.synthetic.goo import write_goo

NAMES = sorted(set(RENDERED))
SMALL = "rendered:seed=3,images=4,size=96x48"


def rendered(name: str, split: str, source: str = SMALL, **options: bool) -> Any:
    return load_dataset(name, source, split, **options)


def scenes(sample: Scene | Clip) -> list[Scene]:
    return as_clip(sample)


def same(one: Scene | Clip, other: Scene | Clip) -> bool:
    return all(
        torch.equal(a.image, b.image)
        and torch.equal(a.heads, b.heads)
        and torch.equal(a.truth.points.nan_to_num(-1), b.truth.points.nan_to_num(-1))
        and a.key == b.key
        for a, b in zip(scenes(one), scenes(other), strict=True)
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_the_same_whenever_it_is_asked_for(name: str) -> None:
    assert same(rendered(name, "train")[1], rendered(name, "train")[1])
    assert not same(rendered(name, "train")[1], rendered(name, "train")[2])


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_has_people_and_truth_that_fit(name: str) -> None:
    dataset = rendered(name, "train")
    for scene in scenes(dataset[0]):
        assert scene.size == (96, 48)
        assert len(scene) > 0
        assert scene.heads.isfinite().all()
        assert scene.truth.points.shape == (len(scene), 1, 2)
        assert scene.truth.directions.shape == (len(scene), 3)
        assert scene.truth.points.isfinite().all(-1)[:, 0].tolist() == scene.truth.inside.tolist()
        assert scene.projection == getattr(dataset, "projection", "perspective")
    assert len(scenes(dataset[0])) == getattr(dataset, "clip_length", 1)


@pytest.mark.parametrize("name", NAMES)
def test_keys_name_the_first_scenes_of_samples(name: str) -> None:
    dataset = rendered(name, "val", SMALL.replace("=4", "=20"))
    assert list(dataset.keys) == [scenes(sample)[0].key for sample in dataset]
    assert len(set(dataset.keys)) == len(dataset) == 2


def test_training_never_ends_and_the_rest_does() -> None:
    train, val = rendered("gazefollow", "train"), rendered("gazefollow", "val")
    assert (len(train), len(val)) == (4, 1)
    assert not same(train[4], train[0])
    assert len(list(train)) == 4
    with pytest.raises(IndexError, match="no sample 1"):
        val[1]


def test_splits_share_no_room() -> None:
    pictures = [rendered("gazefollow", split)[0].image for split in ("train", "val", "test")]
    assert not any(torch.equal(pictures[i], pictures[j]) for i, j in ((0, 1), (0, 2), (1, 2)))


def test_other_seeds_and_difficulties_have_other_pictures_and_names() -> None:
    one = rendered("gazefollow", "train")[0]
    for source in (SMALL.replace("seed=3", "seed=4"), SMALL + ",difficulty=hard"):
        other = rendered("gazefollow", "train", source)[0]
        assert other.key != one.key
        assert not torch.equal(other.image, one.image)


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ValueError, match="known are train, val, test, trainval"):
        rendered("gazefollow", "vali")


def test_a_picture_that_is_no_panorama_is_refused_before_training() -> None:
    with pytest.raises(ValueError, match="twice as wide as high"):
        rendered("gazefollow360", "train", "rendered:size=64x48")


@pytest.mark.parametrize("name", ["gazefollow", "videoattentiontarget", "goo-synth"])
def test_depth_comes_if_asked_for_and_known(name: str) -> None:
    assert scenes(rendered(name, "train")[0])[0].depth is None
    if name == "goo-synth":
        with pytest.raises(ValueError, match="shelves have no depth"):
            rendered(name, "train", depth=True)
    else:
        depth = scenes(rendered(name, "train", depth=True)[0])[0].depth
        assert depth.shape == (1, 48, 96)


@pytest.mark.parametrize("split", ["trainval", "test"])
def test_rooms_are_those_of_a_folder_with_the_same_seed(split: str, tmp_path: Path) -> None:
    asked = {"images": 4, "size": (96, 72), "test_share": 0.5, "difficulty": EASY}
    write_gazefollow(tmp_path / "set", seed=3, **asked)
    folder = load_dataset("gazefollow-pictures", tmp_path / "set", split)
    source = "rendered:seed=3,images=20,size=96x72,difficulty=easy"
    for read, made in zip(folder, rendered("gazefollow", split, source), strict=False):
        rows = sorted_rows(made), sorted_rows(read).float()
        torch.testing.assert_close(*rows, atol=1e-2, rtol=0)
        difference = made.image.float() - read.image.float()
        assert difference.abs().mean() < 6  # of JPEG


def sorted_rows(scene: Scene) -> torch.Tensor:
    """Heads, what annotators say, and inside, in the order of heads (tests are read in another)."""
    marks = scene.truth.points.sort(1).values.flatten(1).nan_to_num(-1)
    rows = torch.cat([scene.heads, marks, scene.truth.inside[:, None]], 1)
    return rows[rows[:, 0].argsort()]


def test_panoramas_are_those_of_a_folder_with_the_same_seed(tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    write_gazefollow360(tmp_path / "set", images=2, seed=3, size=(96, 48), test_share=0)
    for read, made in zip(
        load_dataset("gazefollow360", tmp_path / "set", "train"),
        rendered("gazefollow360", "train"),
        strict=False,
    ):
        torch.testing.assert_close(sorted_rows(made), sorted_rows(read), atol=1e-3, rtol=0)


def test_shelves_are_those_of_a_folder_but_for_its_rounding(tmp_path: Path) -> None:
    write_goo(tmp_path / "set", images=4, seed=3, size=(320, 240), test_share=0.5)
    source = "rendered:seed=3,images=20,size=320x240"
    (read, *_), (made, *_) = (
        list(load_dataset("goo-synth", root, "test")) for root in (tmp_path / "set", source)
    )
    assert torch.equal(made.image, read.image)
    assert made.objects.labels.tolist() == read.objects.labels.tolist()
    assert made.truth.gaze_object.tolist() == read.truth.gaze_object.tolist()
    torch.testing.assert_close(made.objects.boxes, read.objects.boxes, atol=1.0, rtol=0)
    torch.testing.assert_close(made.truth.points, read.truth.points, atol=1.0, rtol=0)


def test_clips_show_the_same_people_in_every_frame() -> None:
    clip = rendered("videoattentiontarget", "train")[0]
    assert len({len(scene) for scene in clip}) == 1
    assert all(scene.truth.counted.all() for scene in clip)


def test_frames_have_heads_inside_the_picture() -> None:
    for scene in rendered("videoattentiontarget-frames", "train"):
        assert scene.heads.min() >= 0
        assert (scene.heads[:, 2:] <= torch.tensor([96.0, 48.0])).all()


def test_people_who_look_outside_are_left_to_other_sets() -> None:
    source = SMALL.replace("images=4", "images=12")
    shares = [
        np.mean([scene.truth.inside.mean().item() for scene in rendered(name, "train", source)])
        for name in ("gazefollow-inside", "gazefollow")
    ]
    assert shares[0] == 1 > shares[1]


def test_workers_render_what_one_process_does() -> None:
    dataset = rendered("gazefollow", "train")
    loader = DataLoader(dataset, None, num_workers=2)
    assert all(same(a, b) for a, b in zip(loader, dataset, strict=True))


@pytest.mark.parametrize(
    "name", ["gazefollow", "videoattentiontarget", "goo-synth", "gazefollow360"]
)
@pytest.mark.parametrize("workers", [0, 1])
def test_batches_are_the_samples_in_order(name: str, workers: int) -> None:
    dataset: Rendered = rendered(name, "train")
    batches = iter(RenderedBatches(dataset, 2, device="cpu", workers=workers, start=1))
    for first in (2, 4):  # over the end of the epoch
        batch = next(batches)
        assert len(batch) == 2
        assert all(same(sample, dataset[first + i]) for i, sample in enumerate(batch))


def test_batches_of_a_fixed_split_end() -> None:
    dataset = rendered("gazefollow", "test", SMALL.replace("images=4", "images=50"))
    assert [len(batch) for batch in RenderedBatches(dataset, 2)] == [2, 2]
    with pytest.raises(ValueError, match="no batch of 5"):
        RenderedBatches(dataset, 6)
