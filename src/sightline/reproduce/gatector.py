"""GaTector: what the energy loss does, and what learning gaze and objects together does."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from statistics import mean

from torch.optim.lr_scheduler import CosineAnnealingLR

from sightline.gaze import Gaze
from sightline.gaze_objects import METHODS, Method, with_gaze_objects
from sightline.geometry.boxes import to_unit
from sightline.metrics.goo_scores import gaze_object_metrics
from sightline.metrics.scores import measure, score
from sightline.models.base import GazeModel
from sightline.models.gatector.recipe import gatector_small_synthetic
from sightline.recipe import Recipe
from sightline.reproduce.experiment import Claim, Experiment, Rendered, Row, Runs, System, Test
from sightline.reproduce.pdp import BASELINES, PICTURES
from sightline.scene import Scene
from sightline.shards import Pair, read_shards

SHELVES = Rendered("goo", 1600, (320, 240), seed=23)
TEST = "goo-synth-test"
EPOCHS = 10
NO_ENERGY = "gatector-no-energy"
SYSTEMS = {  # name: what is left out of the loss
    "gatector": {},
    NO_ENERGY: {"energy_weight": 0.0},
    "gatector-gaze": {"detection_weight": 0.0},
    "gatector-objects": {"heatmap_weight": 0.0, "energy_weight": 0.0, "facing_weight": 0.0},
}
GAZE = tuple(name for name in SYSTEMS if name != "gatector-objects")
SURE = GazeModel.least_score  # of a found box that may be the gaze object


def energy() -> Experiment:
    """GaTector with and without its energy loss; gaze and objects together or each alone."""
    systems = tuple(
        System(name, partial(_recipe, **weights), SHELVES, PICTURES)
        for name, weights in SYSTEMS.items()
    )
    distance, auc = "goo.distance", "goo.auc.vat-float"
    mdap, found = "gaze-object.mdap", "objects.coco.ap50"
    shown = {
        found: "AP50",
        "objects.coco.ap": "AP",
        auc: "AUC",
        distance: "distance",
        "gaze-object.accuracy": "right box",
        "gaze-object.class-accuracy": "right class",
        mdap: "mDAP",
    }
    test = Test(TEST, SHELVES, shown, baselines=BASELINES)
    claims = (
        Claim("the energy loss finds the gaze object", "gatector", NO_ENERGY, TEST, mdap),
        Claim("the energy loss brings the point nearer", "gatector", NO_ENERGY, TEST, distance),
        Claim("together beats apart: gaze", "gatector", "gatector-gaze", TEST, distance),
        Claim("together beats apart: objects", "gatector", "gatector-objects", TEST, found),
    )
    return Experiment(
        "gatector",
        "GaTector: energy, and two tasks at once",
        f"Reduced GaTector on {SHELVES.count} rendered shelves, {EPOCHS} epochs, tested on "
        "shoppers that it has not seen; all start from the trunks of the PDP of the same seed. "
        "*gatector-no-energy* has no energy loss, *gatector-gaze* learns no objects, "
        "*gatector-objects* no gaze; what a system does not learn, it answers at random. mDAP "
        "counts boxes near the right one too, so boxes at random, which are everywhere, get some.",
        systems,
        (test,),
        claims,
        examples=(TEST, "gatector"),
        extra={"Right gaze objects in %, by the way of choosing": by_method},
    )


def _recipe(**weights: float) -> Recipe:
    recipe = gatector_small_synthetic()
    (stage,) = recipe.stages
    schedule = partial(CosineAnnealingLR, T_max=EPOCHS)
    loss = partial(stage.loss, **weights)
    stage = replace(stage, loss=loss, epochs=EPOCHS, schedule=schedule)
    return replace(recipe, stages=(stage,))


def by_method(runs: Runs) -> list[Row]:
    """How often each way of choosing is right, among the boxes found and among the true ones."""
    return [
        {"system": system, "choice": method}
        | {
            f"among {kind} boxes": 100
            * mean(_right(runs, system, seed, method, kind == "true") for seed in runs.seeds)
            for kind in ("found", "true")
        }
        for system in GAZE
        for method in METHODS
    ]


def _right(runs: Runs, system: str, seed: int, method: Method, among_true: bool) -> float:
    pairs = read_shards(runs.predictions(system, seed, TEST))
    choose = partial(_among_true if among_true else _among_found, method=method)
    return _accuracy([(choose(gaze, scene), scene) for gaze, scene in pairs])


def _among_found(gaze: Gaze, scene: Scene, method: Method) -> Gaze:  # noqa: ARG001
    assert gaze.objects is not None
    return with_gaze_objects(gaze, gaze.objects[gaze.objects.scores >= SURE], method)


def _among_true(gaze: Gaze, scene: Scene, method: Method) -> Gaze:
    assert scene.objects is not None
    true = replace(scene.objects, boxes=to_unit(scene.objects.boxes, scene.size))
    return with_gaze_objects(gaze, true, method)


def _accuracy(pairs: list[Pair]) -> float:
    metrics = [metric for metric in gaze_object_metrics if metric.id == "gaze-object.accuracy"]
    return score(metrics, measure(metrics, pairs))["gaze-object.accuracy"].value
