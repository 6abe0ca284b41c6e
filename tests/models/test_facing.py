"""What the direction that features of heads tell is worth."""

import pytest
import torch

from sightline.batch import Batch
from sightline.models.facing import beside_target
from sightline.scene import Truth

LEFT = [0.1, 0.4, 0.3, 0.6]  # a head around (0.2, 0.5)


def batch(points: list[list[float]], inside: list[float]) -> Batch:
    truth = Truth(torch.tensor(points)[:, None], torch.tensor(inside))
    people = len(points)
    return Batch(
        torch.zeros(1, 3, 0, 0),
        torch.tensor([LEFT] * people),
        torch.zeros(people, dtype=torch.long),
        truth=truth,
    )


def features(*directions: tuple[float, float]) -> torch.Tensor:
    told = torch.tensor(directions)
    channels = torch.cat([told.clamp(min=0), (-told).clamp(min=0)], 1)
    return channels[:, :, None, None].expand(-1, -1, 2, 2).clone().requires_grad_()


@pytest.mark.parametrize(
    ("direction", "expected"), [((3.0, 0.0), 0.0), ((0.0, 1.0), 1.0), ((-1.0, 0.0), 2.0)]
)
def test_the_loss_is_one_minus_the_cosine(direction, expected: float) -> None:
    loss = beside_target(features(direction), batch([[0.9, 0.5]], [1]))
    assert loss.item() == pytest.approx(expected, abs=1e-6)


def test_who_looks_outside_is_not_asked() -> None:
    seen = batch([[0.9, 0.5], [torch.nan, torch.nan]], [1, 0])
    heads = features((0.0, 1.0), (1.0, 0.0))
    loss = beside_target(heads, seen)
    assert loss.item() == pytest.approx(1)
    loss.backward()
    assert heads.grad[0].abs().sum() > 0
    assert heads.grad[1].abs().sum() == 0
    assert beside_target(heads, batch([[0.9, 0.5]] * 2, [0, 0])).item() == 0


def test_the_mean_is_over_places_and_people() -> None:
    heads = torch.zeros(2, 4, 1, 2)
    heads[0, 0, 0, 0], heads[0, 1, 0, 1] = 1, 1  # right here, down there: both by halves
    heads[1, 0] = 1
    loss = beside_target(heads, batch([[0.9, 0.5], [0.9, 0.5]], [1, 1]))
    assert loss.item() == pytest.approx((1 - 0.5**0.5) / 2)
