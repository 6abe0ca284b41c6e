"""Training on stored features: which stages can, what they leave out, and their store."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

from sightline.benchmark import Benchmark
from sightline.datasets import load_dataset
from sightline.encoding import Encoding, encode_pictures
from sightline.feature_store import FeatureStore
from sightline.models.base import GazeModel
from sightline.recipe import Recipe, Stage
from sightline.transforms import keeping_pictures


def keep_pictures(recipe: Recipe, model: GazeModel) -> tuple[Recipe, list[str]]:
    """The recipe for stored features: no stage with a frozen encoder changes pictures.

    With the names of the augmentations that it leaves out, which are logged too. Raises ValueError
    where no stage can be trained on features.
    """
    if model.encoder is None:
        raise ValueError(
            f"{recipe.model} has no encoder that sees pictures alone, so there are no features to "
            "store; leave --features out, or train a model of Gaze-LLE"
        )
    if all(trains_encoder(model, stage) for stage in recipe.stages):
        raise ValueError(
            "every stage of the recipe trains the encoder, whose features therefore change; leave "
            "--features out, or freeze the encoder with Stage.trainable"
        )
    stages, left_out = [], {}
    for stage in recipe.stages:
        if not trains_encoder(model, stage):
            augment, changing = keeping_pictures(stage.augment)
            stage = replace(stage, augment=augment)
            left_out |= dict.fromkeys(_name(transform) for transform in changing)
        stages.append(stage)
    if left_out:
        logging.getLogger(__name__).warning(
            "with stored features the pictures are as they are, left out: %s; heads still vary as "
            "the recipe says",
            ", ".join(left_out),
        )
    return replace(recipe, stages=tuple(stages)), list(left_out)


def _name(transform: Any) -> str:
    return getattr(transform, "__name__", type(transform).__name__)


def trains_encoder(model: GazeModel, stage: Stage) -> bool:
    """Whether a stage changes the encoder, so that its features cannot be kept."""
    encoder = set(model.encoder.parameters()) if model.encoder else set()
    named = model.named_parameters()
    return any(p in encoder and name.startswith(stage.trainable) for name, p in named)


def encode_stage(
    encoding: Encoding,
    stage: Stage,
    benchmark: Benchmark | None,
    data: Path,
    folder: Path,
    *,
    workers: int,
) -> FeatureStore:
    """The features of all pictures that a stage trains on or is validated on, kept in `folder`."""
    parts = [(stage.dataset, "train")]
    if benchmark is not None:
        parts.append((benchmark.dataset, benchmark.split))
    datasets = [load_dataset(name, data, split) for name, split in parts]
    return encode_pictures(encoding, datasets, data, folder, workers=workers)
