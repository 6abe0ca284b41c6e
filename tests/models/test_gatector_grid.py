"""Decoding of GaTector's grids: the release's rows, and what a batch must and must not mix."""

from pathlib import Path

import numpy as np
import pytest
import torch
from gatector_grids import ANCHORS, ANCHORS_OF_THREE, raw_grid
from torchvision.ops import batched_nms, box_convert

from sightline.geometry.boxes import to_pixels
from sightline.goo_classes import GOO_CLASSES
from sightline.models.gatector.grid import (
    anchors_by_scale,
    detect,
    grid_boxes,
    without_letterbox,
)

THREE = [("gatector/decode3/raw0", 7), ("gatector/decode3/raw1", 14), ("gatector/decode3/raw2", 28)]


def decoded(grid: torch.Tensor, anchors: torch.Tensor) -> torch.Tensor:
    """All of a grid as the release lists it: box, objectness and class probabilities."""
    boxes = grid_boxes(grid, anchors)
    rest = grid[:, :, 4:].sigmoid().permute(0, 1, 3, 4, 2)
    return torch.cat([boxes, rest], -1).flatten(1, 3)


def assert_rows(objects, size: tuple[int, int], expected: np.ndarray) -> None:
    rows = torch.from_numpy(expected)
    assert objects.labels.tolist() == rows[:, 6].int().tolist()
    torch.testing.assert_close(objects.scores, rows[:, 4] * rows[:, 5], atol=1e-6, rtol=1e-6)
    boxes = to_pixels(objects.boxes, size)
    torch.testing.assert_close(boxes, rows[:, [1, 0, 3, 2]], atol=1e-3, rtol=0)


@pytest.mark.golden
def test_gatector_decodes_grids_as_released(golden: Path) -> None:
    expected = np.load(golden / "gatector/decode_nms.npz")
    grid = raw_grid(golden, "gatector/decode/raw", 2, 56)
    one = decoded(grid, *anchors_by_scale(ANCHORS, [grid], 224))
    assert list(one.shape) == expected["decoded_shape"].tolist()
    torch.testing.assert_close(
        one[:, ::97], torch.from_numpy(expected["decoded_sub"]), atol=1e-6, rtol=1e-6
    )
    grids = [raw_grid(golden, name, 1, side) for name, side in THREE]
    anchors = anchors_by_scale(ANCHORS_OF_THREE, grids, 224)
    three = [decoded(*pair)[:, ::13] for pair in zip(grids, anchors, strict=True)]
    reference = torch.from_numpy(expected["decoded3"])
    torch.testing.assert_close(torch.cat(three, 1), reference, atol=1e-6, rtol=1e-6)


@pytest.mark.golden
@pytest.mark.parametrize("case", ["a", "b", "c"])
def test_gatector_finds_the_released_objects(golden: Path, case: str) -> None:
    expected = np.load(golden / "gatector/decode_nms.npz")
    threshold, overlap, height, width, letterbox = expected[f"nms_{case}_params"].tolist()
    size = int(width), int(height)
    grid = raw_grid(golden, "gatector/decode/raw", 2, 56)
    found = detect([grid], ANCHORS, 224, threshold=threshold, overlap=overlap)
    for image, objects in enumerate(found):
        if letterbox:
            objects.boxes = without_letterbox(objects.boxes, size, 224)
        assert_rows(objects, size, expected[f"nms_{case}_{image}"])


@pytest.mark.golden
def test_gatector_finds_the_released_objects_on_three_scales(golden: Path) -> None:
    grids = [raw_grid(golden, name, 1, side) for name, side in THREE]
    (found,) = detect(grids, ANCHORS_OF_THREE, 224, threshold=0.3, overlap=0.5)
    assert_rows(found, (1920, 1080), np.load(golden / "gatector/decode_nms.npz")["nms3"])


def test_each_image_of_a_batch_is_decoded_as_if_alone() -> None:
    grids = torch.randn(3, 3, 9, 8, 8)
    together = detect([grids], ANCHORS, 32, threshold=0.001, overlap=0.5)
    for one, grid in zip(together, grids, strict=True):
        (alone,) = detect([grid[None]], ANCHORS, 32, threshold=0.001, overlap=0.5)
        assert torch.equal(one.boxes, alone.boxes)
        assert torch.equal(one.labels, alone.labels)
        assert torch.equal(one.scores, alone.scores)


def test_suppression_equals_that_of_every_class_by_itself() -> None:
    grid = torch.randn(1, 3, 9, 8, 8)
    (found,) = detect([grid], ANCHORS, 32, threshold=0.1, overlap=0.5)
    rows = decoded(grid, *anchors_by_scale(ANCHORS, [grid], 32))[0]
    probability, labels = rows[:, 5:].max(1)
    boxes, scores = box_convert(rows[:, :4], "cxcywh", "xyxy"), rows[:, 4] * probability
    for label in range(4):
        mine = ((labels == label) & (scores >= 0.1)).nonzero()[:, 0]
        kept = mine[batched_nms(boxes[mine], scores[mine], torch.zeros(len(mine)), 0.5)]
        torch.testing.assert_close(found.boxes[found.labels == label], boxes[kept])


def test_nothing_above_the_threshold_is_no_objects_per_image() -> None:
    found = detect([torch.full((2, 3, 31, 4, 4), -9.0)], ANCHORS, 224, classes=GOO_CLASSES)
    assert [len(objects) for objects in found] == [0, 0]
    assert found[0].boxes.shape == (0, 4)
    assert found[0].classes == GOO_CLASSES


def test_grids_in_bfloat16_are_decoded_in_float32() -> None:
    boxes = grid_boxes(torch.randn(1, 3, 9, 8, 8).bfloat16(), torch.rand(3, 2))
    assert boxes.dtype == torch.float32
    (found,) = detect([torch.randn(1, 3, 9, 8, 8).bfloat16()], ANCHORS, 32, threshold=0.1)
    assert found.scores.dtype == torch.float32
