"""The demo: rooms, shelves, panoramas. Render some nobody trained on, predict, score, draw.

With --photo it also predicts on a photograph, with detected heads.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor

import sightline
from sightline import Scene
from sightline.baselines import predict_baseline
from sightline.benchmark import find_benchmark
from sightline.cli import run
from sightline.contact_sheet import contact_sheet
from sightline.draw import draw_gaze
from sightline.evaluate import score_pairs
from sightline.media.image import write_image
from sightline.models.on_views import fitted
from sightline.shards import Pair
from sightline.synthetic.all_around import render_panoramas
from sightline.synthetic.render import render_scenes
from sightline.synthetic.shelves import render_shelves

OUT = Path("demo-output")
SEED = 2026
WIDTH = 1600  # pixels of the sheet


@dataclass(frozen=True)
class Task:
    """What one model is shown: rendered pictures, and the scores by which it is judged.

    shown: metric of the benchmark -> title. columns: pictures of it in a row of the sheet.
    """

    weights: str
    render: Callable[[int, int], list[Scene]]
    benchmark: str
    shown: dict[str, str]
    baselines: tuple[str, ...]
    columns: int


TASKS = {
    "rooms": Task(
        "pdp-small.synthetic",
        render_scenes,
        "gazefollow-val",
        {
            "gazefollow.auc.float-mirror": "AUC (higher is better)",
            "gazefollow.distance.to-mean": "distance (lower is better)",
            "gazefollow.angle.head-centre": "angle in degrees (lower)",
            "vat.ap.inside-positive": "in-frame AP (higher)",
        },
        ("centre", "chance", "facing side"),
        4,
    ),
    "shelves": Task(
        "gatector-small.synthetic",
        lambda count, seed: render_shelves(count, seed, (320, 240)),
        "goo-synth-test",
        {
            "goo.auc.vat-float": "AUC (higher is better)",
            "goo.distance": "distance (lower is better)",
            "goo.angle": "angle in degrees (lower)",
            "objects.coco.ap50": "AP50 of the products (higher)",
            "gaze-object.class-accuracy": "right class looked at (higher)",
        },
        ("centre", "chance", "facing side"),
        4,
    ),
    "panoramas": Task(
        "gazefollow360-small.synthetic",
        render_panoramas,
        "gazefollow360-test",
        {
            "gazefollow360.sphere-distance": "angle in radians (lower)",
            "gazefollow360.auc.cap": "AUC on the sphere (higher)",
        },
        ("straight across", "chance"),
        2,
    ),
}
"""By what the pictures show."""


def main() -> int:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photo", type=Path, help="a photograph of people")
    parser.add_argument("--scenes", type=int, default=60, help="rendered pictures of each kind")
    options = parser.parse_args()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    rows = [shown(name, task, options.scenes) for name, task in TASKS.items()]
    write_image(OUT / "rendered.png", torch.cat(rows, 1))
    print(f"pictures: {OUT}/rendered.png")
    return photograph(options.photo) if options.photo else 0


def shown(name: str, task: Task, count: int) -> Tensor:
    """Predict rendered pictures, print the scores beside baselines, draw the first ones."""
    scenes = task.render(count, SEED)
    pairs = predicted(task.weights, scenes)
    benchmark = find_benchmark(task.benchmark)
    systems = {task.weights: score_pairs(benchmark, pairs)}
    for baseline in task.baselines:
        systems[baseline] = score_pairs(benchmark, predict_baseline(baseline, pairs))
    table = Table("metric", *systems, title=f"{count} rendered {name} that nobody trained on")
    for metric, title in task.shown.items():
        values = (scores[metric].value for scores in systems.values())
        table.add_row(title, *("-" if value != value else f"{value:.3f}" for value in values))
    Console().print(table)
    drawn = [draw_gaze(scene.image, gaze) for gaze, scene in pairs[: task.columns]]
    return contact_sheet(drawn, columns=task.columns, width=WIDTH)


def predicted(weights: str, scenes: list[Scene]) -> list[Pair]:
    """The gaze of every scene, with the scene."""
    model = fitted(sightline.load(weights, precision="float32"), scenes[0].projection)
    gazes = []
    for start in track(range(0, len(scenes), 16), "predicting", transient=True):
        gazes += model.predict(scenes[start : start + 16])
    return list(zip(gazes, scenes, strict=True))


def photograph(photo: Path) -> int:
    """Predict on a real photograph as `sightline predict` does."""
    print("The small model has seen rendered scenes only: on photographs it is a rough guess.")
    return run(["predict", str(photo), "--out", str(OUT / "photo")])


if __name__ == "__main__":
    raise SystemExit(main())
