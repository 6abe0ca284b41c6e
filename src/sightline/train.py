"""Training: the stages of a recipe in a row, each stepped through by Lightning."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, RichProgressBar, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from sightline.benchmark import Benchmark, find_benchmark
from sightline.checkpoints import BestCheckpoint, LastCheckpoint
from sightline.datasets import is_rendered
from sightline.encoding import Encoding
from sightline.feature_store import FeatureStore
from sightline.feature_training import encode_stage, keep_pictures, trains_encoder
from sightline.models import create, initialise
from sightline.models.base import GazeModel
from sightline.models.precision import choose_precision
from sightline.models.weights import read_state, require_match, save_weights
from sightline.provenance import describe_run, write_json
from sightline.recipe import Recipe, Stage
from sightline.stage_module import StageModule


@dataclass(frozen=True)
class Resources:
    """What a training run may use.

    devices: processes (GPUs, or CPU processes). workers: data-loading processes of each.
    precision: "auto", "float32" or "bfloat16" (mixed: weights and losses stay in float32).
    checkpoint_every: steps between saves of the `last` checkpoint inside an epoch.
    Raises ValueError for numbers that make no sense.
    """

    accelerator: str = "auto"
    devices: int = 1
    workers: int = 2
    precision: str = "auto"
    checkpoint_every: int = 500

    def __post_init__(self) -> None:
        for name, least in (("devices", 1), ("workers", 0), ("checkpoint_every", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} = {getattr(self, name)}: give at least {least}")

    @property
    def device(self) -> str:
        """Where encoders run, by PyTorch's name."""
        return "cuda" if torch.cuda.is_available() and self.accelerator != "cpu" else "cpu"

    @property
    def dtype(self) -> torch.dtype:
        """The number format that `precision` comes to."""
        return choose_precision(self.precision, self.device)


@dataclass(frozen=True)
class Run:
    """What is trained how and on what, and the folder in which each stage leaves its own.

    features: the folder of stored features; None for a training on pictures.
    """

    recipe: Recipe
    data: Path
    out: Path
    resources: Resources
    features: Path | None


def train(
    recipe: Recipe,
    data: Path,
    out: Path,
    *,
    resources: Resources | None = None,
    resume: bool = False,
    initial: Path | None = None,
    features: Path | None = None,
) -> GazeModel:
    """Run every stage of `recipe` on the dataset at `data`, writing into the folder `out`.

    `data` may be a source of rendered pictures, see `sightline.synthetic.source`.
    `initial` starts from official weights or from a safetensors file of ours. `resume` continues a
    broken run from its last checkpoint. Each stage leaves `last.ckpt`, `best.ckpt`, its logs and
    `best.safetensors`. `features` is a folder in which the encoder's features of every picture are
    kept; stages that leave the encoder frozen train on these, without augmentations that change
    pictures. Raises FileExistsError when `out` holds a run and `resume` is off, and ValueError
    without the weights that the recipe starts from, or where these leave its encoder random.
    """
    if recipe.starts_from and initial is None:
        raise ValueError(f"the recipe {recipe.name} starts from {recipe.starts_from}")
    if features is not None and is_rendered(data):
        raise ValueError(
            f"{data} has new pictures in every epoch, so their features cannot be kept; leave "
            "--features out, or write a folder with `sightline data synthesize`"
        )
    _be_quiet()
    lightning.seed_everything(recipe.seed, verbose=False)
    model = create(recipe.model, **recipe.config)
    notes = _start(model, recipe, initial) if initial else []
    stored: dict[str, Any] = {}
    if features is not None:
        recipe, left_out = keep_pictures(recipe, model)
        stored["features"] = {"folder": str(features), "augmentations_left_out": left_out}
    run = Run(recipe, data, out, resources or Resources(), features)
    if not int(os.environ.get("LOCAL_RANK", 0)):  # further processes run this very function again
        facts = {"recipe": recipe, "resources": run.resources, "initial": notes, **stored}
        _record(out / "run.json", resume, **facts)
        for note in notes:
            logging.getLogger(__name__).warning(note)
    for stage in recipe.stages:
        _run_stage(model, run, stage)
    return model


def _record(path: Path, resume: bool, **facts: Any) -> None:
    begun = path.exists() and any(path.parent.glob("*/last.ckpt"))  # else nothing can be lost
    if begun and not resume:
        raise FileExistsError(
            f"{path.parent} holds a training run already; continue it with --resume, or name "
            "another folder with --out"
        )
    run = describe_run(**facts)
    if begun:
        earlier = json.loads(path.read_text(encoding="utf-8"))
        run = earlier | {"resumed": [*earlier.get("resumed", []), run]}
    write_json(path, run)


def _be_quiet() -> None:
    """Lightning's hints concern programs that use it, not people who use ours."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    hints = ("pytree", "exists and is not empty", "not have many workers", "logging interval")
    hints += ("in eval mode",)  # StageModule sets the modes
    for hint in (*hints, "dataloader is not resumable"):  # ours is: StageSampler.skip
        warnings.filterwarnings("ignore", f".*{hint}")


def _start(model: GazeModel, recipe: Recipe, path: Path) -> list[str]:
    """`start_from`; ValueError where the recipe needs a trained encoder and the file has none."""
    encoder = model.encoder
    if encoder is None or not recipe.starts_from:
        return start_from(model, recipe.model, path)
    fresh = next(encoder.parameters()).clone()
    notes = start_from(model, recipe.model, path)
    if torch.equal(next(encoder.parameters()), fresh):
        raise ValueError(
            f"{path} holds no encoder, which would stay random: the recipe {recipe.name} starts "
            f"from {recipe.starts_from}"
        )
    return notes


def start_from(model: GazeModel, name: str, path: Path) -> list[str]:
    """Put initial weights into `model`; notes say in words what was placed where."""
    state, metadata = read_state(path)
    if metadata.get("model") == name:
        require_match(model, state)
    return [f"weights from {path.name}", *initialise(model, state)]


def _run_stage(model: GazeModel, run: Run, stage: Stage) -> None:
    """Train one stage, or continue it, and leave its best weights in `model` and on disk."""
    folder = run.out / stage.name
    final = folder / "best.safetensors"
    if final.exists():  # finished before the run broke off
        model.load_state_dict(read_state(final)[0])
        return
    benchmark = _benchmark_of(run.recipe, stage)
    module = StageModule(
        model,
        stage,
        benchmark,
        run.data,
        seed=run.recipe.seed,
        workers=run.resources.workers,
        features=_features(model, run, stage, benchmark),
    )
    last = LastCheckpoint(folder / "last.ckpt", run.resources.checkpoint_every)
    best = BestCheckpoint(folder, benchmark)
    trainer = _trainer(run, stage, [best, last, _progress_bar()], validated=benchmark is not None)
    goes_on = last.path if last.path.exists() else None
    handler = signal.getsignal(signal.SIGINT)
    try:
        trainer.fit(module, ckpt_path=goes_on, weights_only=True)
    except SystemExit as stop:  # what Lightning makes of Ctrl-C, which it ignores from then on
        signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt(f"stopped; go on with --resume (see {folder})") from stop
    chosen = torch.load(best.best_model_path or last.path, weights_only=True, map_location="cpu")
    prefix = "model."
    model.load_state_dict({k.removeprefix(prefix): v for k, v in chosen["state_dict"].items()})
    if trainer.is_global_zero:
        save_weights(model, final, name=run.recipe.model, recipe=run.recipe.name, stage=stage.name)
    trainer.strategy.barrier("weights saved")


def _features(
    model: GazeModel, run: Run, stage: Stage, benchmark: Benchmark | None
) -> FeatureStore | None:
    """Those that the stage trains on; None for a training on pictures, or of the encoder itself."""
    if run.features is None or trains_encoder(model, stage):
        return None
    encoding = Encoding(model, run.resources.device, run.resources.dtype)
    workers = run.resources.workers
    return encode_stage(encoding, stage, benchmark, run.data, run.features, workers=workers)


def _trainer(
    run: Run, stage: Stage, callbacks: list[Callback], *, validated: bool
) -> lightning.Trainer:
    """What steps through a stage, with its logs in the stage's folder."""
    folder, resources = run.out / stage.name, run.resources
    return lightning.Trainer(
        accelerator=resources.accelerator,
        devices=resources.devices,
        strategy="ddp" if resources.devices > 1 else "auto",
        precision="bf16-mixed" if resources.dtype == torch.bfloat16 else "32-true",
        max_epochs=stage.epochs,
        gradient_clip_val=stage.clip_gradients,
        callbacks=callbacks,
        logger=[CSVLogger(folder, "log"), TensorBoardLogger(folder, "tensorboard", "")],
        default_root_dir=folder,
        use_distributed_sampler=False,  # StageSampler knows the processes
        num_sanity_val_steps=0,
        limit_val_batches=1.0 if validated else 0,
        log_every_n_steps=10,
        enable_model_summary=False,
    )


def _benchmark_of(recipe: Recipe, stage: Stage) -> Benchmark | None:
    """What picks the epoch of a stage; None keeps the last."""
    if recipe.benchmark is None or stage.decides == "last":
        return None
    benchmark = find_benchmark(recipe.benchmark)
    return replace(benchmark, decides=stage.decides) if stage.decides else benchmark


def _progress_bar() -> Callback:
    terminal = sys.stderr.isatty()  # in a log file one line now and then is enough
    return RichProgressBar() if terminal else TQDMProgressBar(refresh_rate=50)
