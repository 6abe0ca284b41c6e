"""Gaze-LLE's labels and head masks against its release."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from sightline.geometry.boxes import cell_masks
from sightline.geometry.heatmap import cell_heatmaps, gaussian_heatmaps

pytestmark = pytest.mark.golden


def gazelle_case(golden: Path, name: str) -> tuple[dict[str, Any], Tensor]:
    """A case of `cases.json` and the array that it expects."""
    case = json.loads((golden / "gazelle" / "cases.json").read_text())[name]
    with np.load(golden / "gazelle" / "arrays.npz") as arrays:
        return case, torch.from_numpy(arrays[case["expected"]])


def test_gazelle_target_heatmaps_match_release(golden: Path) -> None:
    case, expected = gazelle_case(golden, "target_heatmaps")
    assert (cell_heatmaps(torch.tensor(case["points"])) - expected).abs().max() < 1e-6


def test_gazelle_labels_differ_from_the_common_ones_near_the_border_only(golden: Path) -> None:
    case, expected = gazelle_case(golden, "target_heatmaps")
    points = torch.tensor(case["points"])
    apart = (gaussian_heatmaps(points) - expected).abs().amax((1, 2)) > 1e-6
    near = (points * 64 < 9).any(1)
    assert apart.any()
    assert not apart[~near].any()


def test_gazelle_head_masks_match_release(golden: Path) -> None:
    case, expected = gazelle_case(golden, "head_maps")
    boxes = torch.tensor([box or [torch.nan] * 4 for box in case["boxes"]])
    masks = cell_masks(boxes)
    assert torch.equal(masks, expected.float())
    assert masks.sum((1, 2)).tolist() == case["cells"]
