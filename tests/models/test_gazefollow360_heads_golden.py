"""The heads of GazeFollow360 against what the loader of its release makes of them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from released import fill
from torch import Tensor

from sightline.geometry.boxes import head_masks, to_unit
from sightline.geometry.sphere import sight_directions, to_rays
from sightline.models.gazefollow360.released_heads import (
    ReleasedHeads,
    released_crops,
    released_heads,
)

pytestmark = pytest.mark.golden


def cases(golden: Path) -> dict:
    return json.loads((golden / "gazefollow360" / "cases.json").read_text())


def expected(golden: Path, name: str) -> Tensor:
    with np.load(golden / "gazefollow360" / "dataset.npz") as arrays:
        return torch.from_numpy(arrays[name])


def panoramas(golden: Path) -> list[Tensor]:
    shapes = [cases(golden)["inputs"][f"gf360.main.image{i}"]["shape"] for i in (0, 1)]
    values = [fill(golden).uniform(f"gf360.main.image{i}", tuple(s)) for i, s in enumerate(shapes)]
    return [torch.from_numpy(np.floor(255 * v).astype(np.uint8)).permute(2, 0, 1) for v in values]


def heads(golden: Path) -> list[tuple[Tensor, ReleasedHeads]]:
    """Of both panoramas: the picture and its three heads."""
    boxes = np.sort(np.array(cases(golden)["dataset"]["face_box"]), axis=1).reshape(2, 3, 4)
    return [
        (image, released_heads(torch.from_numpy(three), (image.shape[2], image.shape[1])))
        for image, three in zip(panoramas(golden), boxes, strict=True)
    ]


def both(golden: Path, name: str) -> Tensor:
    """A field of all six heads."""
    return torch.cat([getattr(three, name) for _, three in heads(golden)])


@pytest.mark.parametrize(
    ("field", "array"),
    [("points", "face_center_raw"), ("unit_points", "face_center_norm"), ("widths", "wh")],
)
def test_heads_are_enlarged_and_clipped_as_released(golden: Path, field: str, array: str) -> None:
    assert both(golden, field).float().equal(expected(golden, array))


def test_heads_are_where_the_release_sees_them_on_the_sphere(golden: Path) -> None:
    rays = to_rays(both(golden, "unit_points")).float()
    torch.testing.assert_close(rays, expected(golden, "head_position"), atol=1e-6, rtol=0)


def test_directions_are_those_that_the_release_learns(golden: Path) -> None:
    gaze = torch.tensor(cases(golden)["dataset"]["gaze_values"], dtype=torch.float64)
    directions = sight_directions(to_rays(both(golden, "unit_points")), to_rays(gaze))
    torch.testing.assert_close(directions, expected(golden, "direction_target"), atol=1e-6, rtol=0)


def test_sizes_are_width_and_height(golden: Path) -> None:
    sizes = [[image.shape[2], image.shape[1]] for image, _ in heads(golden) for _ in range(3)]
    assert expected(golden, "size").tolist() == sizes


def test_crops_are_those_of_the_release(golden: Path) -> None:
    crops = torch.cat([released_crops(image, three.corners) for image, three in heads(golden)])
    level = 1 / 255 / 0.224  # one of 256 grey levels
    difference = (crops[:, :, ::16, ::16] - expected(golden, "face_subsample")).abs()
    assert difference.max() < 1.01 * level
    torch.testing.assert_close(
        crops.mean((1, 2, 3)), expected(golden, "face_mean"), atol=1e-3, rtol=0
    )
    torch.testing.assert_close(
        crops.flatten(1).std(1), expected(golden, "face_std"), atol=1e-3, rtol=0
    )


def test_head_masks_are_those_of_the_release(golden: Path) -> None:
    case = cases(golden)["head_channel_rect"]
    box = torch.tensor([case["box"]])
    mask = head_masks(to_unit(box, tuple(case["image_wh"])), case["resolution"])[0, 0]
    x0, y0, x1, y1 = case["rect_xyxy"]
    wanted = torch.zeros_like(mask)
    wanted[y0:y1, x0:x1] = 1
    assert mask.equal(wanted)
