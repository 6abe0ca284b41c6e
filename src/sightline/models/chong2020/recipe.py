"""How the baseline is trained: as published on pictures, and nearly so on video."""

from __future__ import annotations

import torch
from torch.optim import Optimizer

from sightline.models.chong2020.loss import chong2020_loss
from sightline.models.chong2020.model import Chong2020
from sightline.recipe import Recipe, Stage
from sightline.transforms import Chain, ColourJitter, GazeSafeCrop, HeadJitter, HorizontalFlip


def chong2020_gazefollow() -> Recipe:
    """The model for general use on GazeFollow, at a constant rate, from official initial weights.

    The published GazeFollow scores are of a model whose inside branch was not trained
    (`partial(chong2020_loss, inside_weight=0.0)`); this one's was, so that `inside` means
    something.
    """
    stage = Stage(
        "all",
        loss=chong2020_loss,
        dataset="gazefollow",
        optimizer=_adam,
        epochs=70,
        batch_size=48,
        augment=Chain(HeadJitter(0.2), GazeSafeCrop(margin=0.1), HorizontalFlip(), ColourJitter()),
    )
    return Recipe("chong2020-gazefollow", "chong2020", (stage,), benchmark="gazefollow-val")


def _adam(model: Chong2020, rate: float = 2.5e-4) -> Optimizer:
    return torch.optim.Adam(model.parameters(), lr=rate)


LAST_INSIDE = "inside_head.7."
TRAINED_FOR_VIDEO = ("lstm.", *(f"decoder.{layer}." for layer in (0, 3, 6, 9)), LAST_INSIDE)
"""Trunks, attention, fusion and every BatchNorm stay as the picture model left them."""


def chong2020_vat() -> Recipe:
    """The video model on VideoAttentionTarget; start from `chong2020` weights.

    Not as published is the way through a track. The release takes up to 50 frames, three at a time,
    with a step each and the state carried on, and smooths heads over the track; here a sample is a
    window of five frames, smoothed by itself, that starts without a memory, and 16 are one step.
    """
    stage = Stage(
        "video",
        loss=chong2020_loss,
        dataset="videoattentiontarget",
        optimizer=_adam_two_rates,
        epochs=3,
        batch_size=16,
        trainable=TRAINED_FOR_VIDEO,
        batch_statistics="none",
        augment=Chain(
            HeadJitter(0.05, clip=True),
            GazeSafeCrop(margin=0.0),
            HorizontalFlip(),
            ColourJitter(saturation=(0.5, 1.5)),
        ),
    )
    return Recipe("chong2020-vat", "chong2020-video", (stage,), benchmark="vat-val")


def _adam_two_rates(model: Chong2020, rate: float = 5e-5, inside: float = 2.5e-4) -> Optimizer:
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    last = [p for name, p in trained if name.startswith(LAST_INSIDE)]
    others = [p for name, p in trained if not name.startswith(LAST_INSIDE)]
    return torch.optim.Adam([{"params": others, "lr": rate}, {"params": last, "lr": inside}])
