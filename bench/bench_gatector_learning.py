"""What a reduced GaTector learns on rendered shelves, with the energy loss on and off.

Trains `gatector-small` by its recipe on the training part of a folder written by `sightline data
synthesize goo`, once per seed and setting, and scores it on the test part, whose shoppers are other
people. Runs that are finished are not repeated. Beside it, on the same pictures: a gaze object
drawn by chance, the box nearest to the picture's centre, and the one nearest to the head, all of
the true boxes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean

import torch
from seeds import table
from timing import Row, parser, report
from torch import Tensor

from sightline.benchmark import find_benchmark
from sightline.datasets import load_dataset
from sightline.evaluate import predict_benchmark, score_pairs
from sightline.gaze import Gaze
from sightline.gaze_objects import DEFAULT, METHODS, Method, with_gaze_objects
from sightline.geometry.boxes import centres, to_unit
from sightline.goo_classes import HEAD
from sightline.metrics.goo_scores import gaze_object_metrics
from sightline.metrics.scores import Score, measure, score
from sightline.models import known_weights, load
from sightline.models.gatector.loss import gatector_loss
from sightline.recipe import Recipe
from sightline.scene import Scene
from sightline.shards import Pair, read_shards
from sightline.train import Resources, find_recipe, train

SHOWN = {
    "objects.coco.ap50": "AP50",
    "objects.coco.ap": "AP",
    "goo.auc.vat-float": "AUC",
    "goo.distance": "distance",
    "gaze-object.accuracy": "right box",
    "given": "right of true boxes",
    "gaze-object.class-accuracy": "right class",
    "gaze-object.mdap": "mDAP",
}
START = "pdp-small.synthetic"
SETTINGS = {"energy loss on": 10.0, "energy loss off": 0.0}
Choose = Callable[[Scene], Tensor]
"""Scene -> row of the object that each person is said to look at."""


def recipe_of(energy_weight: float, seed: int, epochs: int | None) -> Recipe:
    recipe = find_recipe("gatector-small-synthetic", epochs=epochs)
    (stage,) = recipe.stages
    loss = partial(gatector_loss, energy_weight=energy_weight)
    stage = replace(stage, loss=loss)
    return replace(recipe, seed=seed, stages=(stage,), benchmark=None)  # the last epoch counts


def trained(data: Path, out: Path, energy_weight: float, seed: int, epochs: int | None) -> Path:
    """The weights of one run, trained unless they are there."""
    weights = out / "all" / "best.safetensors"
    if not weights.exists():
        recipe = recipe_of(energy_weight, seed, epochs)
        resources = Resources(accelerator="cpu", workers=1)
        start = known_weights(START)
        train(recipe, data, out, resources=resources, resume=out.exists(), initial=start)
    return weights


def scores_of(data: Path, out: Path, weights: Path) -> dict[str, Score]:
    """By the benchmark, with the boxes found; `given`: the same choice among the true boxes."""
    benchmark = find_benchmark("goo-synth-test")
    model = load("gatector-small", weights)
    folder = out / "predictions"
    predict_benchmark(benchmark, model, data, folder, origin={"weights": weights.name}, workers=1)
    pairs = list(read_shards(folder))
    given = right([(among_true(gaze, scene), scene) for gaze, scene in pairs])
    return score_pairs(benchmark, pairs) | {"given": given}


def right(pairs: list[Pair]) -> Score:
    """How many gaze objects are right; this one metric alone, as the others take a while."""
    (metric,) = [m for m in gaze_object_metrics if m.id == "gaze-object.accuracy"]
    return score([metric], measure([metric], pairs))[metric.id]


def among_true(gaze: Gaze, scene: Scene, method: Method = DEFAULT) -> Gaze:
    """The gaze with the true boxes for objects."""
    assert scene.objects is not None
    true = replace(scene.objects, boxes=to_unit(scene.objects.boxes, scene.size))
    return with_gaze_objects(gaze, true, method)


def things(scene: Scene) -> Tensor:
    """Rows of the objects that are no head."""
    assert scene.objects is not None
    return (scene.objects.labels != HEAD).nonzero()[:, 0]


def by_chance(scene: Scene) -> Tensor:
    rows = things(scene)
    return rows[torch.randint(len(rows), (len(scene),))]


def nearest_to(point: Callable[[Scene], Tensor], scene: Scene) -> Tensor:
    """The object whose centre is nearest to a point (P, 2) of each person on the unit square."""
    assert scene.objects is not None
    rows = things(scene)
    middle = centres(to_unit(scene.objects.boxes[rows], scene.size))
    return rows[torch.cdist(point(scene), middle).argmin(1)]


def picture_centre(scene: Scene) -> Tensor:
    return torch.full((len(scene), 2), 0.5)


def head_centre(scene: Scene) -> Tensor:
    return centres(to_unit(scene.heads, scene.size))


BASELINES: dict[str, Choose] = {
    "chance, true boxes": by_chance,
    "nearest to the centre, true boxes": partial(nearest_to, picture_centre),
    "nearest to the head, true boxes": partial(nearest_to, head_centre),
}


def baseline(choose: Choose, data: Path) -> dict[str, Score]:
    """Scores of a choice among the true boxes; the gaze point is the middle of the chosen one."""
    torch.manual_seed(0)
    pairs = []
    dataset = load_dataset("goo-synth", data, "test")
    for index in range(len(dataset)):  # pyright: ignore[reportArgumentType]
        scene = dataset.outline(index)  # pyright: ignore[reportAttributeAccessIssue]
        objects = replace(scene.objects, boxes=to_unit(scene.objects.boxes, scene.size))
        rows = choose(scene)
        heads, points = to_unit(scene.heads, scene.size), centres(objects.boxes[rows])
        maps = torch.zeros(len(scene), 64, 64)
        gaze = Gaze(heads, points, maps, objects=objects, gaze_object=rows)
        pairs.append((gaze, scene))
    scores = score_pairs(find_benchmark("goo-synth-test"), pairs)
    told = {k: value for k, value in scores.items() if k.startswith(("gaze-", "goo.distance"))}
    return told | {"given": scores["gaze-object.accuracy"]}  # neither boxes nor heatmaps of its own


def by_method(folder: Path) -> list[Row]:
    """How often each way of choosing is right, on the heatmaps and boxes of a trained model."""
    pairs = list(read_shards(folder))
    rows = []
    for method in METHODS:
        found, true = [], []
        for gaze, scene in pairs:
            assert gaze.objects is not None
            sure = gaze.objects[gaze.objects.scores >= 0.3]
            found.append((with_gaze_objects(gaze, sure, method), scene))
            true.append((among_true(gaze, scene, method), scene))
        percent = [100 * right(some).value for some in (found, true)]
        rows.append({"method": method, "found boxes": percent[0], "true boxes": percent[1]})
    return rows


def mean_rows(tables: list[list[Row]]) -> list[Row]:
    """Tables of equal rows as one, numbers averaged."""
    return [
        {
            key: mean(row[key] for row in rows) if key != "method" else rows[0][key]
            for key in rows[0]
        }
        for rows in zip(*tables, strict=True)
    ]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("data", type=Path, help="of `sightline data synthesize goo`")
    options.add_argument("--out", type=Path, default=Path("runs/gatector-learning"))
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument("--epochs", type=int, help="instead of the recipe's number")
    options.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    results: dict[str, list[dict[str, Score]]] = {setting: [] for setting in options.settings}
    folders = []
    for seed in options.seeds:
        for setting in options.settings:
            out = options.out / f"{setting.replace(' ', '-')}-{seed}"
            weights = trained(options.data, out, SETTINGS[setting], seed, options.epochs)
            results[setting].append(scores_of(options.data, out, weights))
            folders.append(out / "predictions")
    results |= {name: [baseline(choose, options.data)] for name, choose in BASELINES.items()}
    report("GaTector on rendered shelves", table(results, SHOWN), options.json)
    rows = [by_method(folder) for folder in folders]
    report("% right by method, mean of all runs", mean_rows(rows), options.json)


if __name__ == "__main__":
    main()
