"""Training: one Lightning module around (model, stage), the stages of a recipe in a row."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import lightning
import torch
from lightning.pytorch.callbacks import (
    Callback,
    Checkpoint,
    ModelCheckpoint,
    RichProgressBar,
    TQDMProgressBar,
)
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from sightline.benchmark import Benchmark, find_benchmark
from sightline.datasets import is_rendered, load_dataset
from sightline.encoding import Encoding, encode_pictures
from sightline.feature_store import FeatureStore
from sightline.models import RECIPES, create, initialise
from sightline.models.base import GazeModel
from sightline.models.precision import choose_precision
from sightline.models.weights import read_state, require_match, save_weights
from sightline.provenance import describe_run, write_json
from sightline.recipe import Recipe, Stage
from sightline.registry import resolve
from sightline.stage_module import StageModule
from sightline.transforms import keeping_pictures


@dataclass(frozen=True)
class Resources:
    """What a training run may use.

    devices: processes (GPUs, or CPU processes). workers: data-loading processes of each.
    precision: "auto", "float32" or "bfloat16" (mixed: weights and losses stay in float32).
    checkpoint_every: steps between saves of the `last` checkpoint inside an epoch.
    """

    accelerator: str = "auto"
    devices: int = 1
    workers: int = 2
    precision: str = "auto"
    checkpoint_every: int = 500


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
    resources = resources or Resources()
    _be_quiet()
    lightning.seed_everything(recipe.seed, verbose=False)
    model = create(recipe.model, **recipe.config)
    notes = _start(model, recipe, initial) if initial else []
    stored: dict[str, Any] = {}
    if features is not None:
        if is_rendered(data):
            raise ValueError(
                f"{data} has new pictures in every epoch, so their features cannot be kept; leave "
                "--features out, or write a folder with `sightline data synthesize`"
            )
        recipe, left_out = keep_pictures(recipe, model)
        stored["features"] = {"folder": str(features), "augmentations_left_out": left_out}
    if not int(os.environ.get("LOCAL_RANK", 0)):  # further processes run this very function again
        facts = {"recipe": recipe, "resources": resources, "initial": notes, **stored}
        _record(out / "run.json", resume, **facts)
        for note in notes:
            logging.getLogger(__name__).warning(note)
    for stage in recipe.stages:
        _run_stage(model, recipe, stage, data, out / stage.name, resources, features)
    return model


def keep_pictures(recipe: Recipe, model: GazeModel) -> tuple[Recipe, list[str]]:
    """The recipe for stored features: no stage with a frozen encoder changes pictures.

    With the names of the augmentations that it leaves out, which are logged too. Raises ValueError
    where no stage can be trained on features.
    """
    if model.encoder is None:
        raise ValueError(
            f"{recipe.model} has no encoder that sees pictures alone, so there are no features to "
            "store; leave --features out, or train a model of Gaze-LLE"
        )
    if all(_trains_encoder(model, stage) for stage in recipe.stages):
        raise ValueError(
            "every stage of the recipe trains the encoder, whose features therefore change; leave "
            "--features out, or freeze the encoder with Stage.trainable"
        )
    stages, left_out = [], {}
    for stage in recipe.stages:
        if not _trains_encoder(model, stage):
            augment, changing = keeping_pictures(stage.augment)
            stage = replace(stage, augment=augment)
            left_out |= dict.fromkeys(_name(transform) for transform in changing)
        stages.append(stage)
    if left_out:
        logging.getLogger(__name__).warning(
            "with stored features the pictures are as they are, left out: %s; heads still vary as "
            "the recipe says",
            ", ".join(left_out),
        )
    return replace(recipe, stages=tuple(stages)), list(left_out)


def _name(transform: Any) -> str:
    return getattr(transform, "__name__", type(transform).__name__)


def _trains_encoder(model: GazeModel, stage: Stage) -> bool:
    encoder = set(model.encoder.parameters()) if model.encoder else set()
    named = model.named_parameters()
    return any(p in encoder and name.startswith(stage.trainable) for name, p in named)


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


def _run_stage(
    model: GazeModel,
    recipe: Recipe,
    stage: Stage,
    data: Path,
    folder: Path,
    resources: Resources,
    features: Path | None,
) -> None:
    """Train one stage, or continue it, and leave its best weights in `model` and on disk."""
    final = folder / "best.safetensors"
    if final.exists():  # finished before the run broke off
        model.load_state_dict(read_state(final)[0])
        return
    benchmark = _benchmark_of(recipe, stage)
    store = None
    if features is not None and not _trains_encoder(model, stage):
        store = _encode(model, stage, benchmark, data, features, resources)
    module = StageModule(
        model,
        stage,
        benchmark,
        data,
        seed=recipe.seed,
        workers=resources.workers,
        features=store,
    )
    last = LastCheckpoint(folder / "last.ckpt", resources.checkpoint_every)
    best = ModelCheckpoint(
        folder,
        "best",
        monitor=f"val/{benchmark.decides}" if benchmark else None,  # None: the last epoch
        mode=benchmark.better if benchmark else "min",
        save_top_k=1,
        enable_version_counter=False,
    )
    trainer = _trainer(stage, folder, resources, [best, last, _progress_bar()], bool(benchmark))
    resumed = last.path if last.path.exists() else None
    trainer.fit(module, ckpt_path=resumed, weights_only=True)
    if trainer.interrupted:
        raise KeyboardInterrupt
    chosen = torch.load(best.best_model_path or last.path, weights_only=True, map_location="cpu")
    prefix = "model."
    model.load_state_dict({k.removeprefix(prefix): v for k, v in chosen["state_dict"].items()})
    if trainer.is_global_zero:
        save_weights(model, final, name=recipe.model, recipe=recipe.name, stage=stage.name)
    trainer.strategy.barrier("weights saved")


def _trainer(
    stage: Stage,
    folder: Path,
    resources: Resources,
    callbacks: list[Callback],
    validated: bool,
) -> lightning.Trainer:
    """What steps through a stage, with its logs in the folder."""
    return lightning.Trainer(
        accelerator=resources.accelerator,
        devices=resources.devices,
        strategy="ddp" if resources.devices > 1 else "auto",
        precision=_lightning_precision(resources),
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


def _encode(
    model: GazeModel,
    stage: Stage,
    benchmark: Benchmark | None,
    data: Path,
    folder: Path,
    resources: Resources,
) -> FeatureStore:
    """The features of all pictures that a stage trains on or is validated on."""
    parts = [(stage.dataset, "train")]
    if benchmark is not None:
        parts.append((benchmark.dataset, benchmark.split))
    datasets = [load_dataset(name, data, split) for name, split in parts]
    encoding = Encoding(model, *_device_and_precision(resources))
    return encode_pictures(encoding, datasets, data, folder, workers=resources.workers)


def _benchmark_of(recipe: Recipe, stage: Stage) -> Benchmark | None:
    """What picks the epoch of a stage; None keeps the last."""
    if recipe.benchmark is None or stage.decides == "last":
        return None
    benchmark = find_benchmark(recipe.benchmark)
    return replace(benchmark, decides=stage.decides) if stage.decides else benchmark


def _lightning_precision(resources: Resources) -> Literal["bf16-mixed", "32-true"]:
    _, precision = _device_and_precision(resources)
    return "bf16-mixed" if precision == torch.bfloat16 else "32-true"


def _device_and_precision(resources: Resources) -> tuple[str, torch.dtype]:
    device = "cuda" if torch.cuda.is_available() and resources.accelerator != "cpu" else "cpu"
    return device, choose_precision(resources.precision, device)


def _progress_bar() -> Callback:
    terminal = sys.stderr.isatty()  # in a log file one line now and then is enough
    return RichProgressBar() if terminal else TQDMProgressBar(refresh_rate=50)


class LastCheckpoint(Checkpoint):
    """Keep `last.ckpt` fresh: every so many steps and at each epoch's end, replaced in one move."""

    def __init__(self, path: Path, every: int) -> None:
        self.path, self.every = path, every

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any, **__: Any) -> None:  # pyright: ignore
        """Save inside the epoch."""
        if trainer.global_step % self.every == 0:
            self._save(trainer)

    def on_train_epoch_end(self, trainer: lightning.Trainer, *_: Any, **__: Any) -> None:
        """Save between epochs, after validation."""
        self._save(trainer)

    def _save(self, trainer: lightning.Trainer) -> None:
        temporary = self.path.with_suffix(".part")
        trainer.save_checkpoint(temporary)
        if trainer.is_global_zero:
            temporary.replace(self.path)  # a kill at any moment leaves a whole checkpoint


def find_recipe(name: str, **changes: Any) -> Recipe:
    """The recipe of that name or "file.py:function", with `changes` to fields of all its stages."""
    recipe: Recipe = resolve(name, RECIPES, "recipe")()
    changes = {key: value for key, value in changes.items() if value is not None}
    for key, value in changes.items():
        if value < 1:
            raise ValueError(f"{key} = {value}: a recipe needs at least 1")
    return replace(recipe, stages=tuple(replace(stage, **changes) for stage in recipe.stages))
