"""Stored pictures: the same pixels as the files', and those that are not there are named."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sightline.datasets.picture_store import PictureStore, index_of, write_store
from sightline.media.image import ImageError, read_image

NAMES = ["a.png", "b/c.png", "rgba.png"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    (tmp_path / "b").mkdir()
    for name, shape in zip(NAMES, [(5, 7, 3), (40, 30, 3), (9, 4, 4)], strict=True):
        pixels = random.integers(0, 256, shape, dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / name)
    (tmp_path / "damaged.png").write_bytes((tmp_path / "b/c.png").read_bytes()[:200])
    return tmp_path


def test_stored_pictures_are_those_of_the_files(folder: Path) -> None:
    assert write_store(folder / "all.pictures", folder, NAMES, workers=1) == []
    store = PictureStore(folder / "all.pictures")
    for name in reversed(NAMES):
        expected = read_image(folder / name, transparency="dropped")
        assert torch.equal(store[name], expected)
        assert store[name].stride() == expected.stride()
        assert store.size(name) == (expected.shape[2], expected.shape[1])


def test_pictures_that_cannot_be_read_are_named_and_left_out(folder: Path) -> None:
    names = ["a.png", "damaged.png", "none.png"]
    faults = write_store(folder / "all.pictures", folder, names, workers=1)
    assert [Path(fault.partition(":")[0]).name for fault in faults] == names[1:]
    store = PictureStore(folder / "all.pictures")
    assert store["a.png"].shape == (3, 5, 7)
    with pytest.raises(ImageError, match=r"has no picture none\.png; it was missing"):
        store["none.png"]


def test_a_store_cut_short_or_without_its_index_is_refused(folder: Path) -> None:
    file = folder / "all.pictures"
    write_store(file, folder, NAMES, workers=1)
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with pytest.raises(ValueError, match=r"remove it and all\.pictures and convert"):
        PictureStore(file)
    file.write_bytes(whole)
    index_of(file).unlink()
    with pytest.raises(ValueError, match="is no index of stored pictures"):
        PictureStore(file)


def test_a_stored_picture_that_is_damaged_is_named(folder: Path) -> None:
    file = folder / "all.pictures"
    write_store(file, folder, NAMES, workers=1)
    file.write_bytes(b"\0" * file.stat().st_size)
    with pytest.raises(ImageError, match=r"the picture a\.png is damaged"):
        PictureStore(file)["a.png"]
