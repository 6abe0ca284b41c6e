"""What PDP's patch distribution does for a reduced Gaze-LLE, on the same frozen features.

Trains the encoder of `gazelle-small` on the training part of a folder written by `sightline data
synthesize gazefollow` (the first stage of its recipe), keeps its features of every picture, and on
these trains decoders from nothing, once per seed: with a score for "in frame", with the same score
counted for a tenth, and with a distribution over patches and "outside" in its place, counted for a
tenth too (`gazelle-small-pdp`; its divergence is a few times larger). The last epochs are scored
on the validation pictures, whose rooms are others. Runs that are finished are not repeated. Beside
them `pdp-small.synthetic`, and what needs no network.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from seeds import table
from timing import parser, report

from sightline.baselines import predict_baseline
from sightline.benchmark import find_benchmark
from sightline.evaluate import predict_benchmark, score_pairs
from sightline.metrics.scores import Score
from sightline.models import load
from sightline.models.base import GazeModel
from sightline.models.gazelle.loss import gazelle_loss
from sightline.recipe import Recipe
from sightline.shards import read_shards
from sightline.train import Resources, find_recipe, train

BENCHMARK = "gazefollow-val"
SHOWN = {
    "gazefollow.auc.float-clamp": "AUC",
    "gazefollow.distance.to-mean": "distance",
    "gazefollow.angle.head-centre": "angle",
    "vat.ap.inside-positive": "AP inside",
    "vat.ap.outside-positive": "AP outside",
}
SYSTEMS = {  # recipe and what it counts
    "score": ("gazelle-small-synthetic", {"inside_weight": 1.0}),
    "light-score": ("gazelle-small-synthetic", {"inside_weight": 0.1}),
    "patches": ("gazelle-small-pdp", {"patch_weight": 0.1}),
}
BESIDE = "pdp-small.synthetic"
RESOURCES = Resources(accelerator="cpu", workers=1)


def encoder_of(data: Path, folder: Path) -> Path:
    """The encoder's weights alone, trained unless they are there."""
    file = folder / "encoder.safetensors"
    if not file.exists():
        recipe = find_recipe("gazelle-small-synthetic")
        recipe = replace(recipe, stages=recipe.stages[:1])
        train(recipe, data, folder, resources=RESOURCES, resume=folder.exists())
        state = load_file(folder / "encoder" / "best.safetensors")
        save_file({k: v for k, v in state.items() if k.startswith("backbone.")}, file)
    return file


def decoder_recipe(system: str, seed: int) -> Recipe:
    """The second stage of the recipe, by itself; the last epoch counts."""
    name, weights = SYSTEMS[system]
    recipe = find_recipe(name)
    stage = replace(recipe.stages[1], loss=partial(gazelle_loss, **weights))
    return replace(recipe, stages=(stage,), seed=seed, benchmark=None)


def scores_of(model: GazeModel, data: Path, folder: Path, origin: str) -> dict[str, Score]:
    benchmark = find_benchmark(BENCHMARK)
    predict_benchmark(benchmark, model, data, folder, origin={"model": origin}, workers=1)
    return score_pairs(benchmark, read_shards(folder))


def run(system: str, seed: int, data: Path, out: Path, encoder: Path) -> dict[str, Score]:
    """Scores of one decoder, which is trained unless it is there."""
    folder = out / f"{system}-{seed}"
    recipe = decoder_recipe(system, seed)
    weights = folder / recipe.stages[0].name / "best.safetensors"
    if not weights.exists():
        train(
            recipe,
            data,
            folder,
            resources=RESOURCES,
            resume=folder.exists(),
            initial=encoder,
            features=out / "features",
        )
    model = load(recipe.model, weights)
    return scores_of(model, data, folder / "predictions", f"{system} {seed}")


def main() -> None:
    options = parser(__doc__)
    options.add_argument("data", type=Path, help="of `sightline data synthesize gazefollow`")
    options.add_argument("--out", type=Path, default=Path("runs/gazelle-learning"))
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument("--systems", nargs="+", choices=SYSTEMS, default=list(SYSTEMS))
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    encoder = encoder_of(options.data, options.out / "encoder")
    results = {
        system: [run(system, seed, options.data, options.out, encoder) for seed in options.seeds]
        for system in options.systems
    }
    folder = options.out / BESIDE
    results[BESIDE] = [scores_of(load(BESIDE), options.data, folder, BESIDE)]
    for name in ("centre", "facing side"):
        pairs = predict_baseline(name, read_shards(folder))
        results[name] = [score_pairs(find_benchmark(BENCHMARK), pairs)]
    report("Gaze-LLE with a score and with patches, rendered", table(results, SHOWN), options.json)


if __name__ == "__main__":
    main()
