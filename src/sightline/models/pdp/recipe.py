"""How PDP is trained: as published on pictures and video, and for the weights that ship."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR

from sightline.models.optimizers import adam
from sightline.models.pdp.loss import facing_loss, pdp_loss
from sightline.models.pdp.model import PDP
from sightline.recipe import Recipe, Stage
from sightline.transforms import Chain, ColourJitter, GazeSafeCrop, HeadJitter, HorizontalFlip

AUGMENT = Chain(HeadJitter(0.1), GazeSafeCrop(margin=0.1), HorizontalFlip(), ColourJitter())
AUGMENT_VIDEO = Chain(
    HeadJitter(0.05, clip=True),
    GazeSafeCrop(margin=0.0),
    HorizontalFlip(),
    ColourJitter(saturation=(0.5, 1.5)),
)
TRAINED_FOR_VIDEO = (
    "fusion.0.",
    "fusion.3.",
    "tokens.",
    "temporal.",
    "patch_head.",
    *(f"heatmap_head.{convolution}." for convolution in (0, 2, 5, 8, 11)),
)
"""Trunks, scene attention and every BatchNorm stay as the picture model left them."""

PICTURES = "the weights of {}, whose trunks stay as they are: --init FILE"


def pdp_gazefollow() -> Recipe:
    """PDP with depth on GazeFollow, as published."""
    stage = Stage(
        "all",
        loss=pdp_loss,
        dataset="gazefollow",
        optimizer=partial(adam_slow_attention, rate=2.5e-4),
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


def pdp_vat() -> Recipe:
    """PDP on video with depth on VideoAttentionTarget, as published; start from `pdp` weights."""
    stage = Stage(
        "video",
        loss=partial(pdp_loss, heatmap_weight=5_000.0, patch_weight=40.0),
        dataset="videoattentiontarget",
        optimizer=partial(adam, rate=5e-5),
        schedule=partial(MultiStepLR, milestones=[3], gamma=0.5),
        epochs=5,
        batch_size=16,
        trainable=TRAINED_FOR_VIDEO,
        batch_statistics="none",
        augment=AUGMENT_VIDEO,
    )
    return Recipe(
        "pdp-vat",
        "pdp-video",
        (stage,),
        benchmark="vat-val",
        starts_from=PICTURES.format("pdp"),
    )


def pdp_vat_nodepth() -> Recipe:
    """The same from the picture alone; start from `pdp-nodepth` weights."""
    return replace(
        pdp_vat(),
        name="pdp-vat-nodepth",
        model="pdp-video-nodepth",
        starts_from=PICTURES.format("pdp-nodepth"),
    )


def pdp_small_synthetic() -> Recipe:
    """The small PDP on rendered scenes (`sightline data synthesize gazefollow`), for two cores.

    First the face trunk learns where heads point, then everything learns together, with a fifth of
    the published patch weight: from scratch, the heatmap is what learns late.
    """
    faces = Stage(
        "faces",
        loss=facing_loss,
        dataset="gazefollow",
        optimizer=partial(adam, rate=2e-3),
        schedule=partial(CosineAnnealingLR, T_max=3),
        epochs=3,
        batch_size=64,
        trainable=("face_trunk.",),
        augment=AUGMENT,
        clip_gradients=1.0,
        decides="last",  # there is no heatmap yet to score
    )
    whole = replace(
        faces,
        name="all",
        loss=partial(pdp_loss, patch_weight=8.0),
        optimizer=partial(adam_slow_attention, rate=1.5e-3),
        schedule=partial(CosineAnnealingLR, T_max=10),
        epochs=10,
        batch_size=32,
        trainable=("",),
        decides="",
    )
    return Recipe("pdp-small-synthetic", "pdp-small", (faces, whole), benchmark="gazefollow-val")


def adam_slow_attention(model: PDP, rate: float) -> Optimizer:
    """Adam, the query-key-value layer at half the rate."""
    return adam(model, rate, rates={"tokens.qkv.": rate / 2})
