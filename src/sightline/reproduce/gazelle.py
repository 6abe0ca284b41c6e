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
from sightline.reproduce.pdp import EPOCHS, PICTURES, ROOMS
from sightline.reproduce.running import weights_of
from sightline.scene import Scene

MODEL = "sightline.reproduce.conv_gazelle:conv_gazelle_small"
CROWD = (1, 2, 4, 8, 16)  # people of a picture whose time is taken
POINTING = 3  # epochs in which the encoder learns where heads point


def prompting() -> Experiment:
    """A prompt per head on one encoding of the picture, or a crop of every head."""
    prompt = System("gazelle", _recipe, ROOMS)
    auc, distance = "gazefollow.auc.float-mirror", "gazefollow.distance.to-mean"
    test = Test(
        "gazefollow-test",
        ROOMS,
        {auc: "AUC", distance: "distance", "gazefollow.distance.minimum": "minimum distance"},
        baselines=("centre", "facing side"),
        grouping=Grouping("By the number of people in the picture", company),
    )
    claims = (
        Claim("prompts are as near as crops", prompt.name, PICTURES.name, test.benchmark, distance),
        Claim("prompts have as good an AUC", prompt.name, PICTURES.name, test.benchmark, auc),
    )
    return Experiment(
        "gazelle",
        "Gaze-LLE: prompts or head crops",
        "A reduced Gaze-LLE, which sees the picture once and is prompted for each head, and the "
        "reduced PDP, which sees a crop of every head, on the same pictures. There is no "
        "pretrained encoder here: a small convolutional one learns where heads point, then "
        "everything learns together. What the paper owes to DINOv2 is therefore not in this comparison.",
        (prompt, PICTURES),
        (test,),
        claims,
        examples=("gazefollow-test", prompt.name),
        extra={"Milliseconds of one core for a picture, by the number of people": time_by_people},
    )


def company(scenes: list[Scene]) -> list[str]:
    """How many people are in the picture of each scene, which is one person's."""
    pictures = [scene.key.rpartition("#")[0] for scene in scenes]
    counts = Counter(pictures)
    return [f"{counts[picture]}" for picture in pictures]


def time_by_people(runs: Runs) -> list[Row]:
    """What a picture with more and more people costs each trained system."""
    rows = []
    for system in (System("gazelle", _recipe, ROOMS), PICTURES):
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


def _recipe() -> Recipe:
    recipe = gazelle_small_synthetic()
    encoder, decoder = recipe.stages
    encoder = replace(
        encoder,
        optimizer=partial(_adamw, rate=2e-3),
        schedule=partial(CosineAnnealingLR, T_max=POINTING),
        epochs=POINTING,
    )
    together = replace(
        decoder,
        name="together",
        loss=_both,
        optimizer=partial(_adamw, rate=1e-3),
        schedule=partial(CosineAnnealingLR, T_max=EPOCHS),
        epochs=EPOCHS,
        trainable=("",),
        augment=encoder.augment,
        clip_gradients=1.0,
    )
    return replace(recipe, model=MODEL, stages=(encoder, together))


def _both(model: GazeLLE, batch: Batch) -> dict[str, Tensor]:
    """The heatmap's loss, and still a little of where heads point."""
    return gazelle_loss(model, batch) | pointing_loss(model, batch)


def _adamw(model: GazeModel, rate: float) -> torch.optim.Optimizer:
    trained = (p for p in model.parameters() if p.requires_grad)
    return torch.optim.AdamW(trained, rate, weight_decay=0.02)
