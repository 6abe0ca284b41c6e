"""What GaTector's loader makes of pictures, against the release, where the pictures are at hand.

They are not ours to give: 0.png, 3.png, ... of the sample that the GaTector repository ships, in a
folder in GOO-Synth's layout named by the environment variable SIGHTLINE_GOO_SAMPLE.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from sightline.geometry.boxes import enlarge, head_masks
from sightline.media.image import read_image
from sightline.models.gatector.labels import HeadsAroundEyes
from sightline.models.gatector.preprocess import GaTectorPreprocess, head_regions
from sightline.models.preprocess import MEAN, STD
from sightline.scene import Scene
from sightline.scene_maps import flip

SAMPLE = os.environ.get("SIGHTLINE_GOO_SAMPLE")
pytestmark = [
    pytest.mark.golden,
    pytest.mark.skipif(SAMPLE is None, reason="SIGHTLINE_GOO_SAMPLE names no folder"),
]
PREPROCESS = GaTectorPreprocess(224, 0.1, as_released=True)


def scene(item: int) -> Scene:
    assert SAMPLE is not None
    records = json.loads(Path(SAMPLE, "annotations.json").read_text())["test"]
    record = records[item]
    image = read_image(Path(SAMPLE, "goosynth/test/images", record["filename"]), upright=False)
    head = torch.tensor(record["ann"]["bboxes"][-1:], dtype=torch.float32)
    return Scene(image, head, eyes=torch.tensor([[record["hx"], record["hy"]]]).float())


def compare(golden: Path, name: str, one: Scene) -> None:
    with np.load(golden / "gatector" / "loader.npz") as arrays:
        expected = {k.removeprefix(f"{name}_"): arrays[k] for k in arrays if k.startswith(name)}
    batch = PREPROCESS([one])
    for part, value in (("image", batch.images[0]), ("face", batch.crops[0])):
        grey_levels = levels(value)
        reference = levels(torch.from_numpy(expected[f"{part}_sub"]))
        assert (grey_levels[:, ::8, ::8] - reference).abs().max() <= 2, (name, part)
        mean = value.mean((1, 2)) - torch.from_numpy(expected[f"{part}_mean"])
        assert mean.abs().max() < 2e-3, (name, part)
    regions = head_regions(batch.heads, batch.eyes, 0.1, as_released=True)
    rows, columns = (head_masks(regions)[0, 0].amax(i).nonzero().flatten() for i in (1, 0))
    found = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    assert [int(v) for v in found] == expected["head_rect"].tolist(), name


def levels(standardised: Tensor) -> Tensor:
    mean, std = (torch.tensor(v)[:, None, None] for v in (MEAN, STD))
    return (standardised * std + mean) * 255


@pytest.mark.parametrize("item", [0, 1, 4])
def test_gatector_sees_picture_and_head_as_released(golden: Path, item: int) -> None:
    compare(golden, f"plain_{item}", scene(item))


def test_gatector_sees_a_larger_head_as_released(golden: Path) -> None:
    (one,) = HeadsAroundEyes()([scene(0)])
    compare(golden, "jitter", replace(one, heads=enlarge(one.heads, 0.1)))


def test_gatector_sees_a_mirrored_picture_as_released(golden: Path) -> None:
    (one,) = HeadsAroundEyes()([scene(0)])
    compare(golden, "flip", flip(one))
