"""The optimizers of recipes: Adam over what a stage trains, parts of it at their own rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.optim import Adam, AdamW, Optimizer


def adam(
    model: nn.Module,
    rate: float,
    *,
    rates: Mapping[str, float] | None = None,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Adam over what is trained; `weight_decay` is part of the gradient, other than AdamW's.

    rates: of parameters whose names begin so, instead of `rate`.
    """
    rates = rates or {}
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    others = [p for name, p in trained.items() if not name.startswith(tuple(rates))]
    groups: list[dict[str, Any]] = [{"params": others, "lr": rate}]
    for start, own in rates.items():
        part = [p for name, p in trained.items() if name.startswith(start)]
        groups.append({"params": part, "lr": own})
    return Adam(groups, weight_decay=weight_decay)


def adamw(model: nn.Module, rate: float, weight_decay: float = 0.01) -> Optimizer:
    """AdamW over what is trained."""
    trained = (p for p in model.parameters() if p.requires_grad)
    return AdamW(trained, rate, weight_decay=weight_decay)
