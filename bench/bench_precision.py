"""How far the default precision of `predict` moves points: bfloat16 beside float32.

On rendered scenes, by the trained small model; `--fit STEPS` adds the full-size model, trained for
so many steps on some of the scenes and asked about the same ones (random weights give flat
heatmaps, whose maximum says nothing). Where two peaks are of one height, rounding may choose the
other. Peak and error are medians over the heads, above the median of each heatmap.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import torch
from timing import Row, parser, report
from torch import Tensor

from sightline import create
from sightline.gaze import Gaze
from sightline.models import known_weights, read_model
from sightline.models.base import GazeModel
from sightline.models.pdp.loss import pdp_loss
from sightline.models.pdp.recipe import adam_slow_attention
from sightline.models.precision import prepare
from sightline.scene import Scene
from sightline.synthetic.render import render_scenes

WEIGHTS = "pdp-small.synthetic"
SEED = 1000  # of scenes that no training has seen
FITTED = 48  # scenes for the full-size model


def scenes_with(heads: int) -> list[Scene]:
    """Rendered scenes with at least so many heads."""
    scenes: list[Scene] = []
    for seed in count(SEED):
        scenes += [scene for scene in render_scenes(10, seed) if len(scene)]
        if sum(map(len, scenes)) >= heads:
            return scenes
    raise AssertionError


def portions(scenes: list[Scene], size: int = 8) -> Iterator[list[Scene]]:
    return (scenes[i : i + size] for i in range(0, len(scenes), size))


def fit(scenes: list[Scene], steps: int) -> GazeModel:
    """The full-size model after some steps on the scenes, in bfloat16."""
    model = create("pdp-nodepth").to(memory_format=torch.channels_last).train()
    optimizer = adam_slow_attention(model, 2.5e-4)
    batches = [model.preprocess(some) for some in portions(scenes)]
    for step in range(steps):
        with torch.autocast("cpu", torch.bfloat16):
            loss = sum(pdp_loss(model, batches[step % len(batches)]).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def predictions(model: GazeModel, scenes: list[Scene], precision: torch.dtype) -> list[Gaze]:
    prepare(model, "cpu", precision)
    return [gaze for some in portions(scenes) for gaze in model.predict(some)]


def compare(name: str, model: GazeModel, scenes: list[Scene]) -> Row:
    exact = predictions(model, scenes, torch.float32)
    fast = predictions(model, scenes, torch.bfloat16)

    def both(field: str) -> tuple[Tensor, Tensor]:
        return tuple(torch.cat([getattr(gaze, field) for gaze in gazes]) for gazes in (exact, fast))

    heatmaps, rounded = both("heatmaps")
    points, moved = both("points")
    inside, changed = both("inside")
    cells = (moved - points).abs().amax(1) * heatmaps.shape[-1]
    height = heatmaps.amax((1, 2)) - heatmaps.flatten(1).median(1).values
    error = (rounded - heatmaps).abs().amax((1, 2)) / height
    return {
        "model": name,
        "heads": len(cells),
        "% < 1/2 cell": 100 * (cells < 0.5).float().mean().item(),
        "% < 1 cell": 100 * (cells < 1).float().mean().item(),
        "max cells": cells.max().item(),
        "peak": height.median().item(),
        "error, % of peak": 100 * error.median().item(),
        "max inside change": (changed - inside).abs().max().item(),
    }


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--weights", type=Path, metavar="FILE", help="of the small model")
    options.add_argument("--heads", type=int, default=400, metavar="N")
    options.add_argument("--fit", type=int, default=0, metavar="STEPS", help="the full-size model")
    options = options.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    scenes = scenes_with(options.heads)
    model, _ = read_model("pdp-small", options.weights or known_weights(WEIGHTS))
    rows = [compare("pdp-small", model, scenes)]
    if options.fit:
        few = scenes[:FITTED]
        rows.append(compare(f"pdp-nodepth, {options.fit} steps", fit(few, options.fit), few))
    report("precision", rows, options.json)


if __name__ == "__main__":
    main()
