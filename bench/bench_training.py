"""Training samples a second of the small recipes, beside the loop that a user would write.

The loop is plain PyTorch with the recipe's own network, loss, optimizer and augmentation: float32,
and the data loader's default, which reads in the same process. Both compute with two threads, and
ours has a process that loads. Pictures are rendered and lie on disk. The time of an epoch of ours
is what two more epochs add to a training; its start and end are left out.
"""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from timing import Row, headline, parser, report
from torch.utils.data import DataLoader

from sightline import create
from sightline.collate import collate_clips
from sightline.datasets import load_dataset
from sightline.models.gatector.recipe import gatector_small_synthetic
from sightline.models.pdp.recipe import pdp_small_synthetic
from sightline.recipe import Recipe
from sightline.stage_samples import AugmentedClips
from sightline.synthetic.gazefollow import write_gazefollow
from sightline.synthetic.goo import write_goo
from sightline.train import Resources, train

SIZE = (320, 240)
THREADS = 2


def samples(recipe: Recipe, data: Path) -> int:
    """How many samples an epoch has; the last batch, if smaller, is left out."""
    (stage,) = recipe.stages
    size = stage.batch_size
    return len(load_dataset(stage.dataset, data, "train")) // size * size  # pyright: ignore


def plain(recipe: Recipe, data: Path) -> float:
    """Seconds of an epoch of the plain loop."""
    (stage,) = recipe.stages
    torch.manual_seed(0)
    model = create(recipe.model).train()
    optimizer = stage.optimizer(model)
    clips = AugmentedClips(load_dataset(stage.dataset, data, "train"), stage.augment)
    order = [(i, i) for i in torch.randperm(len(clips.dataset)).tolist()]  # of (sample, seed)
    collate = partial(collate_clips, model.preprocess, 1)
    start = time.perf_counter()
    for batch in DataLoader(
        clips, stage.batch_size, sampler=order, collate_fn=collate, drop_last=True
    ):
        optimizer.zero_grad()
        torch.stack(list(stage.loss(model, batch).values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), stage.clip_gradients)
        optimizer.step()
    return time.perf_counter() - start


def ours(recipe: Recipe, data: Path, workers: int, precision: str) -> float:
    """Seconds of an epoch of `sightline train`."""
    (stage,) = recipe.stages
    resources = Resources(accelerator="cpu", workers=workers, precision=precision)
    seconds = {}
    for epochs in (1, 3):
        longer = replace(recipe, stages=(replace(stage, epochs=epochs),))
        with TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):  # a bar
            start = time.perf_counter()
            train(longer, data, Path(folder), resources=resources)
            seconds[epochs] = time.perf_counter() - start
    return (seconds[3] - seconds[1]) / 2


def measure(recipe: Recipe, data: Path, workers: int, repeats: int) -> dict[str, float]:
    """Samples a second of each way, the best of some epochs; the ways take turns."""
    ways: dict[str, Callable[[], float]] = {
        "plain loop": partial(plain, recipe, data),
        "sightline, float32": partial(ours, recipe, data, workers, "float32"),
        "sightline, auto": partial(ours, recipe, data, workers, "auto"),
    }
    seconds = dict.fromkeys(ways, float("inf"))
    for _ in range(repeats):
        for name, way in ways.items():
            torch.set_num_threads(THREADS)
            seconds[name] = min(seconds[name], way())
    return {way: samples(recipe, data) / spent for way, spent in seconds.items()}


def last_stage(recipe: Recipe) -> Recipe:
    """The recipe's last stage alone, without validation."""
    return replace(recipe, stages=recipe.stages[-1:], benchmark=None)


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--images", type=int, default=300, metavar="N", help="of each kind")
    options.add_argument("--workers", type=int, default=1, metavar="N", help="processes that load")
    options.add_argument("--repeats", type=int, default=2, metavar="N")
    chosen = options.parse_args()
    warnings.filterwarnings("ignore", module="lightning")
    rows: list[Row] = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        written = {"images": chosen.images, "size": SIZE, "workers": 1 + chosen.workers}
        write_gazefollow(folder / "rooms", **written)
        write_goo(folder / "shelves", **written)
        recipes = {"rooms": pdp_small_synthetic(), "shelves": gatector_small_synthetic()}
        for data, recipe in recipes.items():
            speeds = measure(last_stage(recipe), folder / data, chosen.workers, chosen.repeats)
            slow, fast = speeds["plain loop"], speeds["sightline, auto"]
            rows += [
                {"recipe": recipe.name, "way": way, "samples/s": speed, "times": speed / slow}
                for way, speed in speeds.items()
            ]
            what = f"training {recipe.model}"
            headline(chosen.json, what, fast, "samples/s", "a plain loop in float32", slow)
    report("training", rows, chosen.json)


if __name__ == "__main__":
    main()
