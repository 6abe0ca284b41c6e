"""Box similarities: the reference values, and what each says of plain cases."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sightline.metrics.similarity import iou, nearness, soc, uoc, wuoc

ALL = {"iou": iou, "uoc": uoc, "wuoc": wuoc, "soc": soc}
SQUARE = torch.tensor([0.0, 0.0, 10.0, 10.0])


@pytest.mark.golden
@pytest.mark.parametrize("name", ALL)
def test_gatector_box_similarities_match_in_both_conventions(golden: Path, name: str):
    with np.load(golden / "gatector" / "box_similarity.npz") as file:
        values = {key: torch.from_numpy(value) for key, value in file.items()}
    for pixel, suffix in ((0.0, ""), (1.0, "_plus1")):
        ours = ALL[name](values["pred"], values["gt"], pixel=pixel)
        torch.testing.assert_close(ours, values[name + suffix], rtol=0, atol=1e-12)


@pytest.mark.parametrize("similarity", [*ALL.values(), nearness])
def test_identical_boxes_are_1_and_the_order_of_two_does_not_matter(similarity):
    low, size = torch.rand(50, 2) * 100, torch.rand(50, 2) * 50 + 1
    boxes = torch.cat([low, low + size], 1).double()
    others = boxes.roll(1, 0)
    torch.testing.assert_close(similarity(boxes, boxes), torch.ones(50).double())
    torch.testing.assert_close(similarity(boxes, others), similarity(others, boxes))


def test_only_wuoc_calls_a_neighbour_of_equal_size_a_hit():
    beside = SQUARE + torch.tensor([10.0, 0.0, 10.0, 0.0])
    values = [f(SQUARE, beside).item() for f in (iou, wuoc, soc, nearness)]
    assert values == pytest.approx([0.0, 1.0, 0.5, 0.4])


def test_nearness_falls_with_every_step_away_towards_0():
    steps = torch.tensor([0.0, 1, 5, 10, 11, 20, 100, 10_000])
    moved = SQUARE + steps[:, None] * torch.tensor([1.0, 0.0, 1.0, 0.0])
    values = nearness(SQUARE, moved)
    assert (values.diff() < 0).all()
    assert values[-1] < 0.001


@pytest.mark.parametrize("similarity", [*ALL.values(), nearness])
def test_boxes_without_area_give_a_number(similarity):
    point, line = torch.tensor([5.0, 5, 5, 5]), torch.tensor([0.0, 5, 10, 5])
    boxes = torch.stack([point, line, SQUARE])
    values = similarity(boxes[:, None], boxes)
    assert ((values >= 0) & (values <= 1)).all()
