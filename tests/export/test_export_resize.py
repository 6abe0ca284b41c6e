"""Resizing in graphs against torchvision, pixel by pixel."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from sightline.export.read import Inputs, read
from sightline.export.resize import resized_crops
from sightline.models.gazefollow360.preprocess import PanoramaCrops
from sightline.models.preprocess import STD, HeadCrops
from sightline.scene import Scene

LEVEL = 1 / 255 / min(STD)  # one step of a byte, standardised
BOXES = {
    "inside": [100.0, 60, 220, 190],
    "over the corner": [-30.0, -20, 70, 90],
    "a single pixel": [5.0, 5, 6, 6],
    "empty": [40.0, 40, 40.2, 40.3],
    "larger than the picture": [-300.0, -200, 700, 500],
    "outside the picture": [400.0, 300, 450, 380],
}


def picture(height: int = 200, width: int = 300) -> Tensor:
    noise = torch.randint(0, 256, (1, 3, height, width)).float()
    return avg_pool2d(noise, 3, 1, 1)[0].byte()


@pytest.mark.parametrize("smooth", [False, True], ids=["bilinear", "bicubic"])
@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES)
def test_a_crop_is_that_of_torchvision_up_to_one_level(box: list[float], smooth: bool) -> None:
    preprocess = HeadCrops(64, 0.1, smooth=smooth)
    scene = Scene(picture(), torch.tensor([box]))
    corners = preprocess.regions(scene).trunc().long()
    ours = resized_crops(scene.image[None], corners, torch.tensor([0]), 64, smooth=smooth)
    theirs = torch.stack([preprocess._resize(crop) for crop in preprocess._crops([scene])])
    assert (ours - theirs).abs().max() <= 1
    assert (ours != theirs).float().mean() < 0.1


def test_people_of_several_pictures_are_cut_out_of_their_own() -> None:
    pictures = torch.stack([picture(), picture()])
    boxes = torch.tensor(list(BOXES.values())[:3]).long()
    together = resized_crops(pictures, boxes, torch.tensor([0, 1, 1]), 32)
    alone = [
        resized_crops(pictures[image : image + 1], boxes[i : i + 1], torch.tensor([0]), 32)
        for i, image in enumerate((0, 1, 1))
    ]
    assert torch.equal(together, torch.cat(alone))


def test_head_views_of_a_panorama_are_those_of_preprocess() -> None:
    heads = torch.tensor([[10.0, 40, 30, 70], [180, 60, 380, 260], [560, 130, 690, 250]])
    scene = Scene(picture(300, 600), heads, projection="equirectangular")
    preprocess = PanoramaCrops(16, 0.1, panorama_width=200)
    ours = read(preprocess, Inputs(scene.image[None], heads, torch.zeros(3, dtype=torch.int64)))
    theirs = preprocess([scene])
    assert ours.crops is not None
    torch.testing.assert_close(ours.crops, theirs.crops, atol=0.1 * LEVEL, rtol=0)
    assert ours.panoramas is not None
    assert theirs.panoramas is not None
    assert torch.equal(ours.panoramas[0], theirs.panoramas[0])
