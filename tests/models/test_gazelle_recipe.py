"""Gaze-LLE's recipes: what is trained, at which rate, from what."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from test_gazelle import VIT, labelled, tiny

from sightline.models import RECIPES, create, find_recipe
from sightline.models.gazelle.loss import pointing_loss
from sightline.models.gazelle.recipe import (
    gazelle_gazefollow,
    gazelle_pdp,
    gazelle_small_pdp,
    gazelle_small_synthetic,
    gazelle_vat,
)
from sightline.recipe import Recipe
from sightline.stage_module import StageModule

PUBLISHED = [name for name in RECIPES if name.startswith("gazelle") and "small" not in name]


def module_of(recipe: Recipe, stage: int = -1) -> StageModule:
    model = create(recipe.model, **(VIT | recipe.config))
    module = StageModule(model, recipe.stages[stage], None, Path(), seed=0, workers=0)
    module.on_train_epoch_start()
    return module


@pytest.mark.parametrize("recipe", [gazelle_gazefollow, gazelle_vat, gazelle_pdp])
def test_a_step_moves_all_of_the_decoder_and_nothing_of_the_encoder(recipe) -> None:
    module = module_of(recipe())
    model = module.model
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = module.stage.optimizer(model)
    batch = model.preprocess([labelled([1.0, 1.0, 0.0])])
    sum(module.stage.loss(model, batch).values()).backward()
    optimizer.step()
    moved = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert moved == {name for name in before if name.startswith("decoder.")}


def test_what_tells_inside_has_a_rate_of_its_own() -> None:
    module = module_of(gazelle_vat())
    optimizer = module.stage.optimizer(module.model)
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    by_name = {name: rates[id(p)] for name, p in module.model.decoder.named_parameters()}
    fast = {name for name, rate in by_name.items() if rate == 1e-2}
    assert fast == {n for n in by_name if n.startswith(("frame_token", "inside_head"))}
    assert {rate for name, rate in by_name.items() if name not in fast} == {1e-5}


def test_the_rate_falls_to_next_to_nothing_in_the_published_epochs() -> None:
    module = module_of(gazelle_gazefollow())
    stage = module.stage
    optimizer = stage.optimizer(module.model)
    schedule = stage.schedule(optimizer)
    assert optimizer.param_groups[0]["lr"] == 1e-3
    for _ in range(stage.epochs):
        optimizer.step()
        schedule.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(1e-7)


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_recipes_say_what_they_start_from(name: str) -> None:
    recipe = find_recipe(name)
    size = "l" if "vitl14" in recipe.model else "b"
    assert f"vit{size}14" in recipe.starts_from


@pytest.mark.parametrize("recipe", [gazelle_small_synthetic, gazelle_small_pdp])
def test_the_small_encoder_is_taught_first_then_frozen(recipe) -> None:
    parts = [
        {
            name.split(".")[0]
            for name, p in module_of(recipe(), i).model.named_parameters()
            if p.requires_grad
        }
        for i in (0, 1)
    ]
    assert parts == [{"backbone", "decoder"}, {"decoder"}]
    assert recipe().starts_from == ""


def test_pointing_is_learnt_by_the_encoder_from_those_who_look_inside() -> None:
    model = tiny()
    batch = model.preprocess([labelled([1.0, 0.0])])
    alone = model.preprocess([labelled([1.0])])
    assert torch.allclose(*(pointing_loss(model, b)["pointing"] for b in (batch, alone)))
    pointing_loss(model, batch)["pointing"].backward()
    assert model.backbone.vit.patch_embed.proj.weight.grad.abs().sum() > 0
    assert model.decoder.head_prompt.grad is None


def test_pointing_is_the_distance_beside_the_target() -> None:
    model = tiny()
    with torch.no_grad():
        model.decoder.project.weight.zero_()
        model.decoder.project.bias.zero_()
        model.decoder.project.bias[:2] = torch.tensor([0.25, 0.0])
    scene = labelled([1.0])  # head's middle (20, 20), target (40, 40), picture of 80 x 60
    loss = pointing_loss(model, model.preprocess([scene]))["pointing"]
    assert loss.item() == pytest.approx(1 / 3, abs=1e-6)
    nowhere = replace(scene, heads=torch.full((1, 4), torch.nan))
    assert pointing_loss(model, model.preprocess([nowhere]))["pointing"] == 0
