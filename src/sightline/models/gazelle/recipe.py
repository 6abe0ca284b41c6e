"""How Gaze-LLE is trained: as published, with PDP's idea, and at reduced size on rendered data."""

from __future__ import annotations

import math
from functools import partial

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from sightline.models.gazelle.loss import gazelle_loss
from sightline.models.gazelle.model import GazeLLE
from sightline.recipe import Recipe, Stage
from sightline.transforms import Chain, ColourJitter, GazeSafeCrop, HeadJitter, HorizontalFlip


def gazelle_small_encoder() -> Recipe:
    """The small encoder from nothing on rendered scenes, by the heatmaps alone, for two cores.

    Nothing here tells who looks outside, so that decoders can be compared on its features.
    """
    stage = Stage(
        "encoder",
        loss=gazelle_loss,
        dataset="gazefollow-pictures",
        optimizer=partial(_adamw, rate=1e-3),
        schedule=partial(_warm_cosine, epochs=12),
        epochs=12,
        batch_size=32,
        augment=Chain(HeadJitter(0.1), GazeSafeCrop(margin=0.0), HorizontalFlip(), ColourJitter()),
        clip_gradients=1.0,
    )
    return Recipe(
        "gazelle-small-encoder",
        "gazelle-small",
        (stage,),
        benchmark="gazefollow-val",
        config={"inside": "none", "layers": 1},
    )


def _adamw(model: GazeLLE, rate: float) -> Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.02)


def _warm_cosine(optimizer: Optimizer, epochs: int) -> LambdaLR:
    """One epoch at a fifth of the rate, then down to nothing."""
    return LambdaLR(
        optimizer,
        lambda epoch: 0.2 if epoch == 0 else (1 + math.cos(math.pi * epoch / epochs)) / 2,
    )
