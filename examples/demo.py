"""The demo: render rooms that nobody trained on, predict, score beside two baselines, draw.

With --photo it also predicts on a photograph, with detected heads.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

import sightline
from sightline.baselines import BASELINES, predict_baseline
from sightline.benchmark import find_benchmark
from sightline.cli import run
from sightline.contact_sheet import contact_sheet
from sightline.draw import draw_gaze
from sightline.evaluate import score_pairs
from sightline.media.image import write_image
from sightline.synthetic.render import render_scenes

OUT = Path("demo-output")
SHOWN = {  # metric of the gazefollow-val benchmark: title
    "gazefollow.auc.float-mirror": "AUC (higher is better)",
    "gazefollow.distance.to-mean": "distance (lower is better)",
    "gazefollow.angle.head-centre": "angle in degrees (lower)",
    "vat.ap.inside-positive": "in-frame AP (higher)",
}


def main() -> int:
    """Run the demo."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photo", type=Path, help="a photograph of people")
    parser.add_argument("--scenes", type=int, default=120, help="rendered scenes")
    options = parser.parse_args()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    rendered(options.scenes)
    return photograph(options.photo) if options.photo else 0


def rendered(count: int) -> None:
    """Predict and score rendered scenes, and draw the first twelve on one sheet."""
    model = sightline.load("pdp-small.synthetic")
    scenes = render_scenes(count, seed=2026)
    gazes = []
    for start in track(range(0, count, 16), "predicting", transient=True):
        gazes += model.predict(scenes[start : start + 16])
    pairs = list(zip(gazes, scenes, strict=True))
    benchmark = find_benchmark("gazefollow-val")
    systems = {"pdp-small.synthetic": score_pairs(benchmark, pairs)}
    for name in BASELINES:
        systems[name] = score_pairs(benchmark, predict_baseline(name, pairs))
    table = Table("metric", *systems, title=f"{count} rendered scenes that nobody trained on")
    for metric, title in SHOWN.items():
        table.add_row(title, *(f"{scores[metric].value:.3f}" for scores in systems.values()))
    Console().print(table)
    drawn = [draw_gaze(scene.image, gaze) for gaze, scene in pairs[:12]]
    write_image(OUT / "rendered.png", contact_sheet(drawn, columns=4, width=1600))
    print(f"pictures: {OUT}/rendered.png")


def photograph(photo: Path) -> int:
    """Predict on a real photograph as `sightline predict` does."""
    print("The small model has seen rendered scenes only: on photographs it is a rough guess.")
    return run(["predict", str(photo), "--out", str(OUT / "photo")])


if __name__ == "__main__":
    raise SystemExit(main())
