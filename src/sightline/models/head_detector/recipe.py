"""How the head detector is trained: from scratch, on any dataset whose scenes have heads."""

from __future__ import annotations

from functools import partial

from torch.optim.lr_scheduler import CosineAnnealingLR

from sightline.models.head_detector.loss import head_detector_loss
from sightline.models.optimizers import adamw
from sightline.recipe import Recipe, Stage
from sightline.transforms import Chain, ColourJitter, HorizontalFlip


def head_detector() -> Recipe:
    """On the pictures of GazeFollow, real or rendered; the last epoch is kept.

    Another dataset is its name in `replace(stage, dataset=...)`; it should give all heads of a
    picture in one scene, because the rest of the picture counts as background. GazeFollow leaves
    heads unlabelled: trained on it, the detector learns to overlook some.
    """
    stage = Stage(
        "all",
        loss=head_detector_loss,
        dataset="gazefollow-pictures",
        optimizer=partial(adamw, rate=1e-3, weight_decay=1e-4),  # momentum alone needs a warm-up
        schedule=partial(CosineAnnealingLR, T_max=5),
        epochs=5,
        batch_size=4,
        augment=Chain(HorizontalFlip(), ColourJitter()),
        clip_gradients=10.0,
    )
    return Recipe("head-detector", "head-detector", (stage,), benchmark=None)
