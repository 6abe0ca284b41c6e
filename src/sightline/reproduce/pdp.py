"""PDP: a distribution over patches beside the heatmap, against the usual score for "in frame"."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from statistics import mean

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR

from sightline.geometry.boxes import to_unit
from sightline.models.optimizers import adam
from sightline.models.pdp.recipe import pdp_small_synthetic, pdp_vat
from sightline.recipe import Recipe
from sightline.reproduce.experiment import Claim, Experiment, Grouping, Rendered, System, Test
from sightline.scene import Scene

ROOMS = Rendered("gazefollow", 7000, (224, 224), seed=21)
CLIPS = Rendered("videoattentiontarget", 240, (224, 224), seed=22)
SCORED = "sightline.reproduce.scored_pdp"
SIZE = {"image_size": 128}
EPOCHS = 6
BASELINES = ("centre", "chance", "facing side")


def patches() -> Experiment:
    """PDP on pictures, with patches or a score, with depth or without."""
    systems = (
        PICTURES,
        System("pdp-score", _scored, ROOMS, FACES),
        System("pdp-depth", _with_depth, ROOMS, FACES),
    )
    auc, distance = "gazefollow.auc.float-mirror", "gazefollow.distance.to-mean"
    inside = "vat.ap.inside-positive"
    test = Test(
        "gazefollow-test",
        ROOMS,
        {auc: "AUC", distance: "distance", "gazefollow.distance.minimum": "minimum distance"},
        baselines=BASELINES,
        grouping=Grouping("By how much the ten annotators differ, in thirds", agreement),
    )
    validation = Test(
        "gazefollow-val",
        ROOMS,
        {distance: "distance", inside: "AP inside", "vat.ap.outside-positive": "AP outside"},
        baselines=BASELINES,
    )
    patched = partial(Claim, better="pdp", than="pdp-score", benchmark=test.benchmark)
    claims = (
        patched("patches give a better AUC than a score", metric=auc),
        patched("and a smaller distance", metric=distance),
        patched("and tell better who looks inside", benchmark=validation.benchmark, metric=inside),
        patched("most of all where annotators differ", metric=auc, group=DIFFER),
        Claim("depth helps", "pdp-depth", "pdp", test.benchmark, distance),
    )
    return Experiment(
        "pdp",
        "PDP: patches or a score",
        f"Reduced PDP ({SIZE['image_size']} pixels, {EPOCHS} epochs) on {ROOMS.count} rendered "
        "pictures. All start from a face trunk that has learnt where heads point, as the "
        "published ones start from pretrained trunks. *pdp-score* is the same network, trained "
        "with the squared error of the heatmap of who looks inside and a separate score for "
        "inside; *pdp-depth* also reads the true depth.",
        systems,
        (test, validation),
        claims,
        examples=("gazefollow-test", "pdp"),
    )


def video() -> Experiment:
    """PDP on windows of five frames, with attention between them or without."""
    systems = (
        System("pdp-video", partial(_on_clips, temporal=True), CLIPS, PICTURES),
        System("pdp-frames", partial(_on_clips, temporal=False), CLIPS, PICTURES),
    )
    auc, distance, inside = "vat.auc.float", "vat.distance", "vat.ap.inside-positive"
    test = Test("vat-test", CLIPS, {auc: "AUC", distance: "distance", inside: "AP inside"})
    claims = (
        Claim("five frames beat one: AUC", "pdp-video", "pdp-frames", test.benchmark, auc),
        Claim("distance", "pdp-video", "pdp-frames", test.benchmark, distance),
        Claim("who looks inside", "pdp-video", "pdp-frames", test.benchmark, inside),
    )
    return Experiment(
        "pdp-video",
        "PDP: film or single frames",
        f"The PDP trained on pictures goes on with {CLIPS.count} rendered clips, the same parts "
        "trained; *pdp-video* with attention between the five frames of a window, *pdp-frames* "
        "without.",
        systems,
        (test,),
        claims,
    )


DIFFER = "3 differ most"


def agreement(scenes: list[Scene]) -> list[str]:
    """The third that each scene is in by how far its annotators' points lie apart."""
    spreads = torch.tensor([_spread(scene) for scene in scenes])
    low, high = spreads.quantile(torch.tensor([1 / 3, 2 / 3])).tolist()
    names = ("1 agree most", "2 between", DIFFER)
    return [names[(spread > low) + (spread > high)] for spread in spreads.tolist()]


def _spread(scene: Scene) -> float:
    """The standard deviation of the annotators' points, as a share of the picture."""
    assert scene.truth is not None
    points = to_unit(scene.truth.points, scene.size)
    return mean(points.std(1).flatten().tolist())


def _faces() -> Recipe:
    """The first stage of the recipe of the weights that ship, on smaller pictures."""
    recipe = pdp_small_synthetic()
    return replace(recipe, stages=recipe.stages[:1], config=SIZE)


def _brief() -> Recipe:
    """The second one, for fewer epochs."""
    recipe = pdp_small_synthetic()
    stage = recipe.stages[1]
    stage = replace(stage, epochs=EPOCHS, schedule=partial(CosineAnnealingLR, T_max=EPOCHS))
    return replace(recipe, stages=(stage,), config=SIZE)


def _with_depth() -> Recipe:
    return replace(_brief(), model=f"{SCORED}:pdp_depth_small")


def _scored() -> Recipe:
    from sightline.reproduce.scored_pdp import scored_loss

    recipe = _brief()
    (stage,) = recipe.stages
    stage = replace(stage, loss=scored_loss)
    return replace(recipe, model=f"{SCORED}:scored_pdp_small", stages=(stage,))


def _on_clips(*, temporal: bool) -> Recipe:
    """The published stage at a higher rate, as the parts that it trains are small here."""
    recipe = pdp_vat()
    (stage,) = recipe.stages
    stage = replace(stage, optimizer=partial(adam, rate=5e-4), clip_gradients=1.0)
    config = SIZE | {"temporal": temporal}
    return replace(recipe, model=f"{SCORED}:pdp_video_small", stages=(stage,), config=config)


FACES = System("pdp-faces", _faces, ROOMS)
"""A face trunk that knows where heads point, from which all PDPs start."""

PICTURES = System("pdp", _brief, ROOMS, FACES)
"""The reduced PDP, from which other experiments start, or which they compare with."""
