"""GaTector's recipes: what is frozen, at which rate, and whose statistics drift."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from sightline.models.base import GazeModel
from sightline.models.gatector.loss import gatector_detector_loss
from sightline.models.gatector.recipe import (
    gatector_detector_goo_real,
    gatector_goo_real,
    gatector_goo_synth,
    gatector_goo_synth_released,
)
from sightline.recipe import Recipe
from sightline.scene import Objects, Scene, Truth
from sightline.stage_module import StageModule


class TinyGaTector(GazeModel):
    """The parts that the recipes name, one BatchNorm each."""

    def __init__(self, config: object) -> None:
        super().__init__()
        self.config = config
        for part in ("backbone", "gaze", "detection"):
            self.add_module(part, nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)))


def first_stage(recipe: Recipe) -> StageModule:
    model = TinyGaTector(SimpleNamespace(**recipe.config))
    module = StageModule(model, recipe.stages[0], None, Path(), seed=0, workers=0)
    module.on_train_epoch_start()
    return module


@pytest.mark.parametrize(
    ("recipe", "drifts"), [(gatector_goo_synth, False), (gatector_goo_synth_released, True)]
)
def test_statistics_of_the_frozen_backbone_drift_as_released_only(recipe, drifts: bool) -> None:
    model = first_stage(recipe()).model
    before = {name: value.clone() for name, value in model.named_buffers()}
    for part in (model.backbone, model.gaze, model.detection):
        part(torch.rand(4, 3, 8, 8) + 5)
    moved = {name for name, value in model.named_buffers() if not torch.equal(value, before[name])}
    assert ("backbone.1.running_mean" in moved) is drifts
    assert {"gaze.1.running_mean", "detection.1.running_mean"} <= moved


def test_first_the_heads_are_trained_and_then_everything() -> None:
    heads, whole = gatector_goo_synth().stages
    module = first_stage(gatector_goo_synth())
    trained = {name for name, p in module.model.named_parameters() if p.requires_grad}
    assert {name.partition(".")[0] for name in trained} == {"gaze", "detection"}
    assert (heads.epochs, heads.batch_size) == (50, 16)
    assert (whole.epochs, whole.batch_size, whole.trainable) == (50, 8, ("",))


def test_the_rate_falls_by_six_percent_an_epoch() -> None:
    (optimizer,), (schedule,) = first_stage(gatector_goo_synth()).configure_optimizers()
    assert sum(len(group["params"]) for group in optimizer.param_groups) == 8
    assert optimizer.defaults["weight_decay"] == 5e-4
    optimizer.step()
    schedule["scheduler"].step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.94e-4)


def test_released_labels_belong_to_the_released_recipe_alone() -> None:
    ours = gatector_goo_synth(), gatector_goo_real(), gatector_detector_goo_real()
    assert all(recipe.config == {"as_released": False} for recipe in ours)
    assert gatector_goo_synth_released().config == {"as_released": True}


def test_recipes_on_goo_real_read_goo_real() -> None:
    for recipe in (gatector_goo_real(), gatector_detector_goo_real()):
        assert {stage.dataset for stage in recipe.stages} == {"goo-real"}
        assert recipe.benchmark.startswith("goo-real-val")
    assert gatector_detector_goo_real().stages[0].loss is gatector_detector_loss
    assert [stage.name for stage in gatector_goo_real().stages] == ["all"]


def shopper() -> Scene:
    objects = Objects(torch.tensor([[50.0, 60.0, 70.0, 90.0]]), torch.ones(1), torch.ones(1))
    return Scene(
        torch.randint(0, 256, (3, 100, 200), dtype=torch.uint8),
        heads=torch.tensor([[95.0, 15.0, 105.0, 25.0]]),
        objects=objects,
        truth=Truth(torch.tensor([[[60.0, 75.0]]]), torch.ones(1), torch.zeros(1).long()),
        eyes=torch.tensor([[100.0, 20.0]]),
    )


@pytest.mark.parametrize("recipe", [gatector_goo_synth, gatector_goo_synth_released])
def test_augmentation_keeps_the_target_and_the_head_in_the_picture(recipe) -> None:
    augment = recipe().stages[0].augment
    for _ in range(20):
        (scene,) = augment([shopper()])
        width, height = scene.size
        x, y = scene.truth.points[0, 0].tolist()
        assert 0 <= x <= width
        assert 0 <= y <= height
        assert scene.truth.inside.item() == 1
        centre = (scene.heads[0, :2] + scene.heads[0, 2:]) / 2
        assert (centre > 0).all()


def test_augmentation_leaves_the_gazed_box_around_the_target_but_not_as_released() -> None:
    gone = {True: 0, False: 0}
    for released, recipe in ((False, gatector_goo_synth()), (True, gatector_goo_synth_released())):
        for _ in range(20):
            (scene,) = recipe.stages[0].augment([shopper()])
            (x, y), (x0, y0, x1, y1) = scene.truth.points[0, 0], scene.objects.boxes[0]
            gone[released] += not (x0 <= x <= x1 and y0 <= y <= y1)
    assert gone[False] == 0
    assert gone[True] > 0
