"""Gaze-LLE: one encoding of the picture with a prompt per head, against a crop of every head."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor
from torch.optim.lr_scheduler import CosineAnnealingLR

from sightline.batch import Batch
from sightline.models import load
from sightline.models.base import GazeModel
from sightline.models.gazelle.loss import gazelle_loss, pointing_loss
from sightline.models.gazelle.model import GazeLLE
from sightline.models.gazelle.recipe import gazelle_small_synthetic
from sightline.recipe import Recipe
from sightline.reproduce.experiment import (
    Claim,
    Experiment,
    Grouping,
    Row,
    Runs,
    System,
    Test,
)
from sightline.reproduce.pdp import BASELINES, EPOCHS, PICTURES, ROOMS
from sightline.reproduce.running import weights_of
from sightline.scene import Scene

MODEL = "sightline.reproduce.conv_gazelle:conv_gazelle_small"
CROWD = (1, 2, 4, 8, 16)  # people of a picture whose time is taken
SIZE = {"image_size": 160, "patch_grid": 5}
POINTING = 2  # epochs in which the encoder learns where heads point


def prompting() -> Experiment:
    """A prompt per head on one encoding of the picture, or a crop of every head."""
    auc, distance = "gazefollow.auc.float-mirror", "gazefollow.distance.to-mean"
    test = Test(
        "gazefollow-test",
        ROOMS,
        {auc: "AUC", distance: "distance", "gazefollow.distance.minimum": "minimum distance"},
        baselines=BASELINES,
        grouping=Grouping("By the number of people in the picture", company),
    )
    claims = (
        Claim(
            "prompts are as near as crops", PROMPTS.name, PICTURES.name, test.benchmark, distance
        ),
        Claim("prompts have as good an AUC", PROMPTS.name, PICTURES.name, test.benchmark, auc),
    )
    return Experiment(
        "gazelle",
        "Gaze-LLE: prompts or head crops",
        "A reduced Gaze-LLE, which sees the picture once and is prompted for each head, and the "
        "reduced PDP, which sees a crop of every head, on the same pictures. There is no "
        "pretrained encoder here: a small convolutional one learns where heads point, then "
        "everything learns together. What DINOv2 does for the paper is therefore left out.",
        (PROMPTS, PICTURES),
        (test,),
        claims,
        examples=("gazefollow-test", PROMPTS.name),
        extra={"Milliseconds of one core for a picture, by the number of people": time_by_people},
    )


def patches() -> Experiment:
    """What PDP's patches do for Gaze-LLE, in place of its score for "in frame"."""
    systems = (
        PROMPTS,
        System("gazelle-light-score", partial(_recipe, inside_weight=0.1), ROOMS, POINTER),
        System(
            "gazelle-patches",
            partial(_recipe, inside="patches", patch_weight=0.1),
            ROOMS,
            POINTER,
        ),
    )
    auc, distance = "gazefollow.auc.float-mirror", "gazefollow.distance.to-mean"
    inside = "vat.ap.inside-positive"
    shown = {auc: "AUC", distance: "distance"}
    test = Test("gazefollow-test", ROOMS, shown)
    validation = Test(
        "gazefollow-val", ROOMS, {inside: "AP inside", "vat.ap.outside-positive": "AP outside"}
    )
    _, light, patch = (system.name for system in systems)
    claims = (
        Claim("patches are nearer than the score", patch, PROMPTS.name, test.benchmark, distance),
        Claim("and than a score that weighs as little", patch, light, test.benchmark, distance),
        Claim("they tell better who looks inside", patch, light, validation.benchmark, inside),
    )
    return Experiment(
        "gazelle-patches",
        "Gaze-LLE with PDP's patches",
        'An experiment of ours with the reduced Gaze-LLE: its score for "in frame" as published, '
        "the same counted for a tenth in the loss, and PDP's distribution over patches and "
        '"outside" in its place, counted for a tenth too.',
        systems,
        (test, validation),
        claims,
    )


def company(scenes: list[Scene]) -> list[str]:
    """How many people are in the picture of each scene, which is one person's."""
    pictures = [scene.key.rpartition("#")[0] for scene in scenes]
    counts = Counter(pictures)
    return [f"{counts[picture]}" for picture in pictures]


def time_by_people(runs: Runs) -> list[Row]:
    """What a picture with more and more people costs each trained system."""
    rows = []
    for system in (PROMPTS, PICTURES):
        recipe = system.recipe()
        weights = weights_of(recipe, runs.run(system.name, runs.seeds[0]))
        model = load(recipe.model, weights, precision="float32")
        times = {str(people): 1e3 * _seconds(model, people) for people in CROWD}
        rows.append({"system": system.name, **times})
    return rows


def _seconds(model: GazeModel, people: int, repeats: int = 3) -> float:
    corner = torch.rand(people, 2, generator=torch.Generator().manual_seed(0)) * 160
    scene = Scene(torch.zeros(3, 224, 224, dtype=torch.uint8), torch.cat([corner, corner + 40], 1))
    taken = [_time(lambda: model.predict([scene])) for _ in range(repeats + 1)]
    return min(taken[1:])


def _time(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _pointing() -> Recipe:
    """The encoder learns where heads point."""
    recipe = gazelle_small_synthetic()
    stage = replace(
        recipe.stages[0],
        optimizer=partial(_adamw, rate=2e-3),
        schedule=partial(CosineAnnealingLR, T_max=POINTING),
        epochs=POINTING,
    )
    return replace(recipe, model=MODEL, stages=(stage,), config=SIZE)


def _recipe(*, inside: str = "score", **weights: float) -> Recipe:
    """Then everything learns together."""
    recipe = gazelle_small_synthetic()
    encoder, decoder = recipe.stages
    together = replace(
        decoder,
        name="together",
        loss=partial(_both, **weights),
        optimizer=partial(_adamw, rate=1e-3),
        schedule=partial(CosineAnnealingLR, T_max=EPOCHS),
        epochs=EPOCHS,
        trainable=("",),
        augment=encoder.augment,
        clip_gradients=1.0,
    )
    return replace(recipe, model=MODEL, stages=(together,), config=SIZE | {"inside": inside})


def _both(model: GazeLLE, batch: Batch, **weights: float) -> dict[str, Tensor]:
    """The heatmap's loss, and still a little of where heads point, on one encoding."""
    batch = replace(batch, features=model.backbone(batch.images))
    return gazelle_loss(model, batch, **weights) | pointing_loss(model, batch)


def _adamw(model: GazeModel, rate: float) -> torch.optim.Optimizer:
    trained = (p for p in model.parameters() if p.requires_grad)
    return torch.optim.AdamW(trained, rate, weight_decay=0.02)


POINTER = System("gazelle-pointing", _pointing, ROOMS)
"""An encoder that knows where heads point, from which all start."""

PROMPTS = System("gazelle", _recipe, ROOMS, POINTER)
"""The reduced Gaze-LLE as published but for its encoder."""
