"""How PDP is trained: as published on GazeFollow, and for the weights that ship."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR

from sightline.models.pdp.loss import pdp_loss
from sightline.models.pdp.model import PDP
from sightline.recipe import Recipe, Stage
from sightline.transforms import Chain, ColourJitter, GazeSafeCrop, HeadJitter, HorizontalFlip

AUGMENT = Chain(HeadJitter(0.1), GazeSafeCrop(margin=0.1), HorizontalFlip(), ColourJitter())


def pdp_gazefollow() -> Recipe:
    """PDP with depth on GazeFollow, as published."""
    stage = Stage(
        "all",
        loss=pdp_loss,
        dataset="gazefollow",
        optimizer=adam,
        schedule=partial(MultiStepLR, milestones=[18, 22, 28], gamma=0.2),
        epochs=35,
        batch_size=80,
        augment=AUGMENT,
    )
    return Recipe("pdp-gazefollow", "pdp", (stage,), benchmark="gazefollow-val")


def pdp_gazefollow_nodepth() -> Recipe:
    """PDP from the picture alone on GazeFollow, as published."""
    (stage,) = pdp_gazefollow().stages
    stage = replace(
        stage,
        loss=partial(pdp_loss, patch_weight=40.0),
        schedule=partial(MultiStepLR, milestones=[15, 22, 30], gamma=0.2),
    )
    return Recipe("pdp-gazefollow-nodepth", "pdp-nodepth", (stage,), benchmark="gazefollow-val")


def adam(model: PDP, rate: float = 2.5e-4) -> Optimizer:
    """Adam, the query-key-value layer at half the rate, no weight decay."""
    attention = list(model.tokens.qkv.parameters())
    others = [p for name, p in model.named_parameters() if not name.startswith("tokens.qkv.")]
    return torch.optim.Adam([{"params": others, "lr": rate}, {"params": attention, "lr": rate / 2}])


def pdp_small_synthetic() -> Recipe:
    """The small PDP on rendered scenes (`sightline data synthesize gazefollow`), for two cores.

    A fifth of the published patch weight: from scratch, the heatmap is what learns late.
    """
    stage = Stage(
        "all",
        loss=partial(pdp_loss, patch_weight=8.0),
        dataset="gazefollow",
        optimizer=partial(adam, rate=2e-3),
        schedule=partial(CosineAnnealingLR, T_max=10),
        epochs=10,
        batch_size=32,
        augment=AUGMENT,
        clip_gradients=1.0,
    )
    return Recipe("pdp-small-synthetic", "pdp-small", (stage,), benchmark="gazefollow-val")
