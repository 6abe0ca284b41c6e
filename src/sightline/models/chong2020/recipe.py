"""How the baseline is trained: as published on pictures, and nearly so on video."""

from __future__ import annotations

from functools import partial

from sightline.models.chong2020.loss import chong2020_loss
from sightline.models.optimizers import adam
from sightline.recipe import Recipe, Stage
from sightline.transforms import Chain, ColourJitter, GazeSafeCrop, HeadJitter, HorizontalFlip

AUGMENT = Chain(HeadJitter(0.2), GazeSafeCrop(margin=0.1), HorizontalFlip(), ColourJitter())
AUGMENT_VIDEO = Chain(
    HeadJitter(0.05, clip=True),
    GazeSafeCrop(margin=0.0),
    HorizontalFlip(),
    ColourJitter(saturation=(0.5, 1.5)),
)
LAST_INSIDE = "inside_head.7."
TRAINED_FOR_VIDEO = ("lstm.", *(f"decoder.{layer}." for layer in (0, 3, 6, 9)), LAST_INSIDE)
"""Trunks, attention, fusion and every BatchNorm stay as the picture model left them."""


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
        optimizer=partial(adam, rate=2.5e-4),
        epochs=70,
        batch_size=48,
        augment=AUGMENT,
    )
    return Recipe("chong2020-gazefollow", "chong2020", (stage,), benchmark="gazefollow-val")


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
        optimizer=partial(adam, rate=5e-5, rates={LAST_INSIDE: 2.5e-4}),
        epochs=3,
        batch_size=16,
        trainable=TRAINED_FOR_VIDEO,
        batch_statistics="none",
        augment=AUGMENT_VIDEO,
    )
    return Recipe(
        "chong2020-vat",
        "chong2020-video",
        (stage,),
        benchmark="vat-val",
        starts_from="the weights of chong2020, whose trunks stay as they are: --init FILE",
    )
