"""Gaze-LLE with ViT-B at 448: the default of `predict` beside the plain eager model in float32.

Plain is all people in one pass, PyTorch's own attention and the heatmap's two layers as published.
Precision is what rounding moves: on random weights of that model, whose heatmaps are noise, how far
the heatmaps differ; on a small model that knows its pictures, how far the points move, in cells.
With `--device cuda`, pictures a second instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import torch
from timing import Row, alone, best_of, default_precision, headline, parser, peak_memory, report
from torch import Tensor

from sightline import create
from sightline.batch import Batch
from sightline.gaze import Gaze
from sightline.geometry.heatmap import peaks
from sightline.models import read_model
from sightline.models.base import GazeModel
from sightline.models.gazelle.decoder import HeatmapHead
from sightline.models.gazelle.loss import gazelle_loss
from sightline.models.gazelle.model import GazeLLE
from sightline.models.precision import choose_precision, prepare
from sightline.scene import Scene
from sightline.synthetic.render import render_scenes

PEOPLE = (1, 5, 10)
MANY = 30  # people, for the memory
BATCH = 32  # pictures, on a GPU
SEED = 1000  # of scenes that no training has seen

Setting = Callable[[GazeLLE, str], GazeModel]
"""Model, device -> the model ready for `predict_batch`."""


class PlainHeatmapHead(HeatmapHead):
    """The two layers one after the other, as published."""

    def forward(self, tokens: Tensor) -> Tensor:
        """The same function."""
        side = int(tokens.shape[1] ** 0.5)
        return self.squeeze(self.upscale(tokens.mT.unflatten(-1, (side, side)))).squeeze(1)


def plain(model: GazeLLE, device: str) -> GazeLLE:
    """As one would write it down."""
    model.decoder.heatmap_head.__class__ = PlainHeatmapHead
    model.people_at_once = MANY * BATCH
    return model.to(device).eval()


def default(model: GazeLLE, device: str) -> GazeModel:
    """As `load` makes it."""
    return prepare(model, device, choose_precision("auto", device))


def compiled(model: GazeLLE, device: str) -> GazeModel:
    """The default, block by block compiled, which takes a minute or two at first."""
    for block in (*model.backbone.vit.blocks, *model.decoder.blocks):
        block.compile()
    return default(model, device)


def one_pass(model: GazeLLE, device: str) -> GazeModel:
    """The default, but all people at once."""
    model.people_at_once = MANY * BATCH
    return default(model, device)


SETTINGS: dict[str, Setting] = {
    "plain, fp32": plain,
    "default": default,
    "default, compiled": compiled,
    "default, all at once": one_pass,
}


def fresh(setting: Setting, device: str = "cpu") -> GazeModel:
    """ViT-B in a setting; the weights are always the same random ones."""
    torch.manual_seed(0)
    model = create("gazelle-vitb14")
    assert isinstance(model, GazeLLE)
    return setting(model, device)


def random_batch(people: int, pictures: int = 1) -> Batch:
    """Random pictures with so many people each."""
    torch.manual_seed(people)
    corners = torch.rand(people * pictures, 2) / 2
    return Batch(
        images=torch.randn(pictures, 3, 448, 448),
        heads=torch.cat([corners, corners + 0.2], 1),
        image_of=torch.arange(pictures).repeat_interleave(people),
    )


def speed(settings: Iterable[str], repeats: int) -> dict[int, dict[str, float]]:
    """Seconds for one picture, by its people and the setting."""
    models = {name: fresh(SETTINGS[name]) for name in settings}
    return {
        people: best_of({n: partial(m.predict_batch, batch) for n, m in models.items()}, repeats)
        for people in PEOPLE
        for batch in [random_batch(people)]
    }


def against_plain(seconds: dict[int, dict[str, float]]) -> list[Row]:
    return [
        {"people": people, "setting": name, "s": s, "times plain": of[next(iter(of))] / s}
        for people, of in seconds.items()
        for name, s in of.items()
    ]


def per_person(seconds: dict[int, dict[str, float]]) -> list[Row]:
    """What one more person in the picture costs."""
    few, many = min(seconds), max(seconds)
    return [
        {"setting": name, "ms a person": 1000 * (most - seconds[few][name]) / (many - few)}
        for name, most in seconds[many].items()
    ]


def memory(people: int, setting: Setting, threads: int) -> float:
    """The peak of this process in MiB; to be called alone."""
    torch.set_num_threads(threads)
    fresh(setting).predict_batch(random_batch(people))
    return peak_memory()


def peak_memories(threads: int) -> list[Row]:
    """With one person, and with many with and without the bound on those at once."""
    runs = (
        ("default", 1),
        ("default", MANY),
        ("default, all at once", MANY),
        ("plain, fp32", MANY),
    )
    return [
        {
            "setting": name,
            "people": people,
            "peak MiB": alone(memory, people, SETTINGS[name], threads),
        }
        for name, people in runs
    ]


def portions(scenes: list[Scene], size: int = 16) -> Iterator[list[Scene]]:
    return (scenes[i : i + size] for i in range(0, len(scenes), size))


def fit(scenes: list[Scene], steps: int) -> GazeModel:
    """The small model after some steps on the scenes, which it then knows."""
    torch.manual_seed(0)
    model = create("gazelle-small", inside="none").train()
    assert isinstance(model, GazeLLE)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, steps)
    batches = [model.preprocess(some) for some in portions(scenes)]
    for step in range(steps):
        with torch.autocast("cpu", torch.bfloat16, enabled=default_precision() == "bf16"):
            loss = sum(gazelle_loss(model, batches[step % len(batches)]).values())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model


def predictions(model: GazeModel, scenes: list[Scene], precision: str) -> list[Gaze]:
    prepare(model, "cpu", choose_precision(precision, "cpu"))
    return [gaze for some in portions(scenes) for gaze in model.predict(some)]


def labels(scene: Scene) -> Tensor:
    """The mean annotation of each person (P, 2), as shares of the picture."""
    assert scene.truth is not None
    return scene.truth.points.nanmean(1) / torch.tensor(scene.size)


def precision(name: str, model: GazeModel, scenes: list[Scene]) -> Row:
    """What bfloat16 moves, beside float32."""
    exact = predictions(model, scenes, "float32")
    fast = predictions(model, scenes, "bfloat16")

    def both(field: str) -> tuple[Tensor, Tensor]:
        return tuple(torch.cat([getattr(gaze, field) for gaze in gazes]) for gazes in (exact, fast))

    heatmaps, rounded = both("heatmaps")
    points, moved = both("points")
    cells = (moved - points).abs().amax(1) * heatmaps.shape[-1]
    corner = (peaks(rounded) - peaks(heatmaps)).abs().amax(1) * heatmaps.shape[-1]
    error = (points - torch.cat([labels(scene) for scene in scenes])).norm(dim=1)
    return {
        "model": name,
        "heads": len(cells),
        "error": error.nanmedian().item(),
        "peak": heatmaps.amax((1, 2)).median().item(),
        "max change": (rounded - heatmaps).abs().max().item(),
        "% < 1/2 cell": 100 * (cells < 0.5).float().mean().item(),
        "99 % within": cells.quantile(0.99).item(),
        "max cells": cells.max().item(),
        "% corner kept": 100 * (corner < 0.5).float().mean().item(),
    }


def noise(people: int = 10) -> Row:
    """How far the heatmaps of random weights differ."""
    batch = random_batch(people)
    exact, fast = (fresh(s).predict_batch(batch)[0].heatmaps for s in (plain, default))
    assert exact is not None
    assert fast is not None
    return {
        "people": people,
        "spread": exact.std().item(),
        "max change": (fast - exact).abs().max().item(),
    }


def frames_per_second(device: str, repeats: int) -> list[Row]:
    """Pictures a second in batches with one person each, preprocessing left out."""
    batch = random_batch(1, BATCH).to(torch.device(device))
    names = ("plain, fp32", "default", "default, compiled")
    models = {name: fresh(SETTINGS[name], device) for name in names}
    runs = {name: partial(model.predict_batch, batch) for name, model in models.items()}
    seconds = best_of(runs, repeats, wall=True)
    return [
        {"setting": n, "pictures/s": BATCH / s, "times plain": seconds["plain, fp32"] / s}
        for n, s in seconds.items()
    ]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--repeats", type=int, default=4, metavar="N")
    options.add_argument("--compile", action="store_true", help="also compiled: minutes more")
    options.add_argument("--weights", type=Path, metavar="FILE", help="of a small model")
    options.add_argument("--scenes", type=int, default=200, metavar="N", help="for the precision")
    options.add_argument("--fit", type=int, default=300, metavar="STEPS", help="without weights")
    options.add_argument("--device", default="cpu")
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    if options.device != "cpu":
        rows = frames_per_second(options.device, options.repeats)
        report(f"Gaze-LLE, batches of {BATCH} on {options.device}", rows, options.json)
        return
    settings = ["plain, fp32", "default", *["default, compiled"] * options.compile]
    seconds = speed(settings, options.repeats)
    report("Gaze-LLE, ViT-B", against_plain(seconds), options.json)
    report("Gaze-LLE, decoder", per_person(seconds), options.json)
    memories = peak_memories(options.threads)
    report("Gaze-LLE, memory", memories, options.json)
    for people, of in seconds.items():
        what = f"`gazelle-vitb14`, {people} {'person' if people == 1 else 'people'}"
        slow = of["plain, fp32"]
        headline(options.json, what, of["default"], "s", "the plain model", slow)
    peaks = {(row["setting"], row["people"]): row["peak MiB"] for row in memories}
    light, heavy = (float(peaks[setting, MANY]) for setting in ("default", "plain, fp32"))
    what = f"`gazelle-vitb14`, {MANY} people, peak"
    headline(options.json, what, light, "MiB", "the plain model", heavy)
    report("Gaze-LLE, random weights", [noise()], options.json)
    scenes = [scene for scene in render_scenes(options.scenes, SEED) if len(scene)]
    if options.weights:
        model, _ = read_model("gazelle-small", options.weights)
        row = precision(options.weights.stem, model, scenes)
    else:
        row = precision(f"small, {options.fit} steps", fit(scenes, options.fit), scenes)
    report("Gaze-LLE, precision", [row], options.json)


if __name__ == "__main__":
    main()
