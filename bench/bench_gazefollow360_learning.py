"""What a reduced GazeFollow360 learns on rendered panoramas, on the sphere and on the flat picture.

Trains `gazefollow360-small` by its recipe, and beside it the same network without sphere, seam and
sight line (`planar360.py`), on the training part of a folder written by `sightline data synthesize
gazefollow360`, once per seed, and scores them on the test part, whose rooms are others. Runs that
are finished are not repeated. The direction network alone, the first stage, is scored from the same
predictions. Beside them an ordinary model on perspective views, and what needs no network.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from seeds import table
from timing import Row, parser, report

from sightline.baselines import predict_baseline
from sightline.benchmark import find_benchmark
from sightline.evaluate import predict_benchmark, score_pairs
from sightline.metrics.scores import Score, measure
from sightline.metrics.sphere_scores import gazefollow360_metrics
from sightline.models import known_weights, load
from sightline.recipe import Recipe
from sightline.shards import read_shards
from sightline.train import Resources, find_recipe, train

BENCHMARK, PREFIX = "gazefollow360-test", "gazefollow360."
DISTANCE, DIRECTION = f"{PREFIX}sphere-distance", f"{PREFIX}sphere-distance.direction"
SHOWN = {
    DISTANCE: "sphere distance",
    f"{PREFIX}auc.square": "AUC",
    f"{PREFIX}auc.cap": "AUC on the sphere",
    f"{PREFIX}distance.unit": "distance",
    f"{PREFIX}distance.unit.wrapped": "wrapped",
}
START = "pdp-small.synthetic"
BASELINES = ("chance", "centre", "straight across")


def sphere(seed: int) -> Recipe:
    recipe = find_recipe("gazefollow360-small-synthetic")
    return replace(recipe, seed=seed, benchmark=None)  # the last epochs count


def planar(seed: int) -> Recipe:
    """The same stages; what is learnt first is an offset on the picture."""
    recipe = find_recipe(f"{Path(__file__).with_name('planar360.py')}:planar_small_synthetic")
    return replace(recipe, seed=seed, benchmark=None)


SYSTEMS = {"sphere": sphere, "planar": planar}


def scores_of(system: str, seed: int, data: Path, folder: Path) -> dict[str, Score]:
    """Scores on the test part of one run, which is trained unless it is there."""
    recipe, weights = SYSTEMS[system](seed), folder / "fusion" / "best.safetensors"
    if not weights.exists():
        resources = Resources(accelerator="cpu", workers=1)
        start = known_weights(START)
        train(recipe, data, folder, resources=resources, resume=folder.exists(), initial=start)
    predictions, benchmark = folder / "predictions", find_benchmark(BENCHMARK)
    model = load(recipe.model, weights)
    predict_benchmark(benchmark, model, data, predictions, origin={"seed": seed}, workers=1)
    return score_pairs(benchmark, read_shards(predictions))


def gain(system: str, seed: int, folder: Path) -> Row:
    """By how much the whole system is nearer than its direction alone, over the same people."""
    metrics = [metric for metric in gazefollow360_metrics if metric.id in (DISTANCE, DIRECTION)]
    people = measure(metrics, read_shards(folder / "predictions")).people
    whole, direction = people[DISTANCE][:, 0], people[DIRECTION][:, 0]
    nearer = direction - whole
    return {
        "system": system,
        "seed": seed,
        "nearer by": nearer.mean().item(),
        "standard error": nearer.std().item() / len(nearer) ** 0.5,
        "median": whole.median().item(),
        "median of the direction": direction.median().item(),
    }


def main() -> None:
    options = parser(__doc__)
    options.add_argument("data", type=Path, help="of `sightline data synthesize gazefollow360`")
    options.add_argument("--out", type=Path, default=Path("runs/gazefollow360-learning"))
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    results: dict[str, list[dict[str, Score]]] = {}
    gains = []
    for system in options.systems:
        runs = [
            scores_of(system, seed, options.data, options.out / f"{system}-{seed}")
            for seed in options.seeds
        ]
        results[system] = runs
        folders = {seed: options.out / f"{system}-{seed}" for seed in options.seeds}
        gains += [gain(system, seed, folder) for seed, folder in folders.items()]
        results[f"{system}, direction alone"] = [{DISTANCE: run[DIRECTION]} for run in runs]
    benchmark, folder = find_benchmark(BENCHMARK), options.out / "views" / "predictions"
    ordinary = load(START)
    predict_benchmark(benchmark, ordinary, options.data, folder, origin={"model": START}, workers=1)
    results[f"{START} on views"] = [score_pairs(benchmark, read_shards(folder))]
    for name in BASELINES:
        results[name] = [score_pairs(benchmark, predict_baseline(name, read_shards(folder)))]
    report("GazeFollow360 on rendered panoramas", table(results, SHOWN), options.json)
    report("what regions and fusion add to the direction", gains, options.json)


if __name__ == "__main__":
    main()
