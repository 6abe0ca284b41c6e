"""GaTector's losses against the release's values, naive versions, and with nothing to see."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from gatector_grids import ANCHORS, ANCHORS_OF_THREE, raw_grid
from released import fill
from torch import Tensor, nn
from torchvision.ops import box_convert, complete_box_iou

from sightline.batch import Batch
from sightline.models.gatector.loss import (
    complete_iou,
    detection_loss,
    energy_loss,
    gatector_detector_loss,
    gatector_loss,
)
from sightline.scene import Objects, Truth


@pytest.fixture(scope="module")
def expected(golden: Path):
    return np.load(golden / "gatector/losses.npz")


def objects(rows: np.ndarray) -> Objects:
    rows = torch.from_numpy(rows)
    boxes = box_convert(rows[:, :4], "cxcywh", "xyxy")
    return Objects(boxes, rows[:, 4].long(), torch.ones(len(rows)))


@pytest.mark.golden
@pytest.mark.parametrize("case", ["full", "empty_second"])
def test_gatector_detection_loss_and_gradient_are_those_of_the_release(
    golden: Path, expected, case: str
) -> None:
    second = expected["targets_1"][: 25 if case == "full" else 0]
    truths = [objects(expected["targets_0"]), objects(second)]
    grid = raw_grid(golden, "gatector/loss/raw", 2, 56).requires_grad_()
    loss = detection_loss([grid], ANCHORS, 224, truths)
    loss.backward()
    # The gradient is with respect to the noise that the raw rule scales.
    slope = torch.ones(31)
    torch.testing.assert_close(loss.item(), float(expected[f"{case}_total"]), rtol=1e-5, atol=0)
    gradient = (grid.grad * slope[:, None, None]).flatten(1, 2)
    torch.testing.assert_close(
        gradient[:, :, ::8, ::8],
        torch.from_numpy(expected[f"{case}_grad_sub"]),
        rtol=1e-3,
        atol=1e-6,
    )
    total = float(expected[f"{case}_grad_absum"])
    assert gradient.abs().sum().item() == pytest.approx(total, rel=1e-4)


@pytest.mark.golden
def test_gatector_detection_loss_on_three_scales_is_that_of_the_release(
    golden: Path, expected
) -> None:
    truths = [objects(expected[f"targets_{image}"]) for image in (0, 1)]
    sides = enumerate((7, 14, 28))
    grids = [raw_grid(golden, f"gatector/loss3/raw{i}", 2, side) for i, side in sides]
    loss = detection_loss(grids, ANCHORS_OF_THREE, 224, truths)
    assert loss.item() == pytest.approx(float(expected["three_head_total"]), rel=1e-5)


@pytest.mark.golden
def test_gatector_complete_iou_is_that_of_the_release_and_of_torchvision(expected) -> None:
    one, other = (torch.from_numpy(expected[f"ciou_{which}"]) for which in "ab")
    found = complete_iou(one, other)
    torch.testing.assert_close(found, torch.from_numpy(expected["ciou"]), rtol=1e-5, atol=1e-6)
    corners = [box_convert(boxes, "cxcywh", "xyxy") for boxes in (one, other)]
    torch.testing.assert_close(found, complete_box_iou(*corners).diag(), rtol=1e-4, atol=1e-5)
