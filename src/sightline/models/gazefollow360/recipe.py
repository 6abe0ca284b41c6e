"""How GazeFollow360 is trained: direction, regions and fusion, one after the other."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from torch.optim.lr_scheduler import CosineAnnealingLR

from sightline.models.gazefollow360.loss import direction_loss, fusion_loss, regions_loss
from sightline.models.optimizers import adam, adamw
from sightline.recipe import Recipe, Stage
from sightline.transforms import Chain, ColourJitter, HeadJitter, HorizontalFlip, Yaw

DIRECTION_ALONE = "gazefollow360.sphere-distance.direction"
AUGMENT = Chain(Yaw(), HorizontalFlip(), HeadJitter(0.2), ColourJitter())


def gazefollow360() -> Recipe:
    """Three stages by the schedule of the release, the first one from ImageNet's ResNet-50.

    Frozen parts keep their statistics and the epoch is chosen on the validation split, neither of
    which is so in the release. Of the second stage, whose heatmaps nobody has fused yet, the last
    epoch is kept.
    """
    direction = Stage(
        "direction",
        loss=direction_loss,
        dataset="gazefollow360",
        optimizer=partial(adam, rate=3e-4),
        epochs=50,
        batch_size=256,
        trainable=("direction.",),
        augment=AUGMENT,
        decides=DIRECTION_ALONE,
    )
    regions = replace(
        direction,
        name="regions",
        loss=regions_loss,
        batch_size=320,
        trainable=("distant.", "local."),
        decides="last",
    )
    fusion = replace(
        direction,
        name="fusion",
        loss=fusion_loss,
        epochs=25,
        batch_size=512,
        trainable=("fusion.",),
        decides="",
    )
    stages = (direction, regions, fusion)
    return Recipe("gazefollow360", "gazefollow360", stages, "gazefollow360-val", seed=423)


def gazefollow360_released() -> Recipe:
    """The same as released: nothing augmented, statistics of frozen parts drift, no validation."""
    recipe = gazefollow360()
    stages = tuple(
        replace(stage, batch_statistics="all", augment=None, decides="last")
        for stage in recipe.stages
    )
    return replace(
        recipe,
        name="gazefollow360-released",
        model="gazefollow360-released",
        stages=stages,
        benchmark=None,
    )


def gazefollow360_small_synthetic(epochs: tuple[int, int, int] = (9, 6, 5)) -> Recipe:
    """The small model on rendered panoramas (`sightline data synthesize gazefollow360`).

    For two cores. Start it from `pdp-small.synthetic`, whose face trunk has seen such heads.
    """
    recipe = gazefollow360()
    stages = (small_stage(stage, count) for stage, count in zip(recipe.stages, epochs, strict=True))
    return replace(
        recipe,
        name="gazefollow360-small-synthetic",
        model="gazefollow360-small",
        stages=tuple(stages),
    )


def small_stage(stage: Stage, epochs: int) -> Stage:
    """A stage for a small model and rendered pictures, which need no change of colours."""
    return replace(
        stage,
        optimizer=partial(adamw, rate=1e-3),
        schedule=partial(CosineAnnealingLR, T_max=epochs),
        epochs=epochs,
        batch_size=16,
        augment=Chain(Yaw(), HorizontalFlip(), HeadJitter(0.2)),
        clip_gradients=10.0,
    )
