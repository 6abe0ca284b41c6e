"""The optimizers of recipes take what is trained, at the rates that they are told."""

import pytest
from torch import nn

from sightline.models.optimizers import adam, adamw


@pytest.fixture
def model() -> nn.Module:
    model = nn.ModuleDict({name: nn.Linear(2, 2) for name in ("trunk", "head", "frozen")})
    return model.requires_grad_(True)


def test_only_what_is_trained_is_given_to_the_optimizer(model: nn.Module) -> None:
    model["frozen"].requires_grad_(False)
    for optimizer in (adam(model, 1e-3), adamw(model, 1e-3)):
        (group,) = optimizer.param_groups
        assert len(group["params"]) == 4


def test_parts_have_their_own_rates_and_everything_has_one(model: nn.Module) -> None:
    groups = adam(model, 1e-3, rates={"head.": 5e-4}).param_groups
    assert [(group["lr"], len(group["params"])) for group in groups] == [(1e-3, 4), (5e-4, 2)]
    assert groups[1]["params"] == list(model["head"].parameters())
