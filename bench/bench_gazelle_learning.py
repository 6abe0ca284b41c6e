"""What PDP's patch distribution does for a reduced Gaze-LLE, on the same frozen features.

Trains the encoder of `gazelle-small` on the training part of a folder written by `sightline data
synthesize gazefollow` (the first stage of its recipe), keeps its features of every picture, and on
these trains decoders from nothing, once per seed: with a score for "in frame", and with a
distribution over patches and "outside" in its place (`gazelle-small-pdp`). The last epochs are
scored on the validation pictures, whose rooms are others. Runs that are finished are not repeated.
Beside them `pdp-small.synthetic`, and what needs no network.
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
SYSTEMS = {"score": "gazelle-small-synthetic", "patches": "gazelle-small-pdp"}
BESIDE = "pdp-small.synthetic"
RESOURCES = Resources(accelerator="cpu", workers=1)


def encoder_of(data: Path, folder: Path) -> Path:
    """The encoder's weights alone, trained unless they are there."""
    file = folder / "encoder.safetensors"
    if not file.exists():
        recipe = find_recipe(SYSTEMS["score"])
        recipe = replace(recipe, stages=recipe.stages[:1])
        train(recipe, data, folder, resources=RESOURCES, resume=folder.exists())
        state = load_file(folder / "encoder" / "best.safetensors")
        save_file({k: v for k, v in state.items() if k.startswith("backbone.")}, file)
    return file


def decoder_recipe(system: str, seed: int, patch_weight: float) -> Recipe:
    """The second stage of the recipe, by itself; the last epoch counts."""
    recipe = find_recipe(SYSTEMS[system])
    stage = replace(recipe.stages[1], loss=partial(gazelle_loss, patch_weight=patch_weight))
    return replace(recipe, stages=(stage,), seed=seed, benchmark=None)


def scores_of(model: GazeModel, data: Path, folder: Path, origin: str) -> dict[str, Score]:
    benchmark = find_benchmark(BENCHMARK)
    predict_benchmark(benchmark, model, data, folder, origin={"model": origin}, workers=1)
    return score_pairs(benchmark, read_shards(folder))


def run(
    system: str, seed: int, data: Path, out: Path, encoder: Path, patch_weight: float
) -> dict[str, Score]:
    """Scores of one decoder, which is trained unless it is there."""
    folder = out / f"{system}-{seed}"
    recipe = decoder_recipe(system, seed, patch_weight)
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
    options.add_argument("--patch-weight", type=float, default=0.1)
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    encoder = encoder_of(options.data, options.out / "encoder")
    results = {
        system: [
            run(system, seed, options.data, options.out, encoder, options.patch_weight)
            for seed in options.seeds
        ]
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
