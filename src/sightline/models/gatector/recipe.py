"""How GaTector is trained: as published on GOO-Synth, corrected, and on GOO-Real."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR

from sightline.models.gatector.labels import AliasedCrop, HeadsAroundEyes
from sightline.models.gatector.loss import gatector_detector_loss, gatector_loss
from sightline.models.optimizers import adam, adamw
from sightline.recipe import Recipe, Stage
from sightline.transforms import Chain, ColourJitter, GazeSafeCrop, HeadJitter, HorizontalFlip

AUGMENT = Chain(HeadJitter(0.2), GazeSafeCrop(margin=0.1), HorizontalFlip(), ColourJitter())
RELEASED_AUGMENT = Chain(
    HeadsAroundEyes(),
    HeadJitter(0.2),
    AliasedCrop(margin=0.0),  # windows around the eyes have their margin
    HorizontalFlip(),
    ColourJitter(),
    ColourJitter(),  # Chong et al. 2020, whose loader this was, have it once
)
HEADS = ("gaze.", "detection.")
"""All but the backbone with its stems and task-specific blocks."""
IMAGENET = "a backbone that knows pictures, such as ImageNet's ResNet-50: --init resnet50.pth"


def gatector_goo_synth() -> Recipe:
    """GaTector on GOO-Synth by the published schedule: first the heads, then everything.

    Labels are corrected and the frozen backbone's BatchNorm statistics stay. Start from weights
    whose backbone is pretrained: the release freezes one that it has just made random.
    """
    frozen = Stage(
        "heads",
        loss=gatector_loss,
        dataset="goo-synth",
        optimizer=partial(adam, rate=1e-4, weight_decay=5e-4),
        schedule=partial(ExponentialLR, gamma=0.94),
        epochs=50,
        batch_size=16,
        trainable=HEADS,
        augment=AUGMENT,
    )
    whole = replace(frozen, name="all", batch_size=8, trainable=("",))
    return Recipe(
        "gatector-goo-synth",
        "gatector",
        (frozen, whole),
        benchmark="goo-synth-val",
        config={"as_released": False},
        starts_from=IMAGENET,
    )


def gatector_goo_synth_released() -> Recipe:
    """The same with the labels of the release, and statistics that drift while frozen.

    As there, it starts from random values too.
    """
    recipe = gatector_goo_synth()
    stages = (
        replace(stage, batch_statistics="all", augment=RELEASED_AUGMENT) for stage in recipe.stages
    )
    return replace(
        recipe,
        name="gatector-goo-synth-released",
        stages=tuple(stages),
        config={"as_released": True},
        starts_from="",
    )


def gatector_goo_real() -> Recipe:
    """Gaze and objects together on GOO-Real, from weights of `gatector_goo_synth`; ours.

    The release cannot train gaze there. The second stage of GOO-Synth alone: what is frozen in the
    first one has been trained already.
    """
    recipe = gatector_goo_synth()
    whole = replace(recipe.stages[1], dataset="goo-real")
    return replace(
        recipe,
        name="gatector-goo-real",
        stages=(whole,),
        benchmark="goo-real-val",
        starts_from="weights of gatector, such as those of gatector-goo-synth: --init FILE",
    )


def gatector_detector_goo_real() -> Recipe:
    """The three-scale detector on GOO-Real by the published schedule, without gaze."""
    recipe = gatector_goo_synth()
    stages = (
        replace(stage, loss=gatector_detector_loss, dataset="goo-real-objects")
        for stage in recipe.stages
    )
    return replace(
        recipe,
        name="gatector-detector-goo-real",
        model="gatector-detector",
        stages=tuple(stages),
        benchmark="goo-real-val-objects",
    )


def gatector_small_synthetic() -> Recipe:
    """The small GaTector on rendered shelves (`sightline data synthesize goo`), for two cores.

    Everything at once, and features of heads are asked for the direction too; start it from
    `pdp-small.synthetic`, whose trunks know heads. Colours stay as they are: products are told
    apart by them.
    """
    stage = Stage(
        "all",
        loss=partial(gatector_loss, facing_weight=10.0),
        dataset="goo-synth",
        optimizer=partial(adamw, rate=1.5e-3),
        schedule=partial(CosineAnnealingLR, T_max=12),
        epochs=12,
        batch_size=8,
        augment=Chain(HeadJitter(0.2), GazeSafeCrop(margin=0.1), HorizontalFlip()),
        clip_gradients=10.0,
    )
    return Recipe("gatector-small-synthetic", "gatector-small", (stage,), "goo-synth-val")
