"""Training: one Lightning module around (model, stage), the stages of a recipe in a row."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import lightning
import torch
from lightning.pytorch.callbacks import Callback, Checkpoint, ModelCheckpoint, RichProgressBar, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Sampler, Subset

from sightline.batch import Batch
from sightline.benchmark import BENCHMARKS, Benchmark
from sightline.datasets import load_dataset
from sightline.evaluate import collate_with_scenes
from sightline.metrics.scores import columns
from sightline.models import RECIPES, create, initialise, resolve
from sightline.models.base import GazeModel
from sightline.models.precision import choose_precision
from sightline.models.weights import read_state, save_weights
from sightline.provenance import describe_run, write_json
from sightline.recipe import Recipe, Stage
from sightline.scene import Clip, Scene


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
) -> GazeModel:
    """Run every stage of `recipe` on the dataset at `data`, writing into the folder `out`.

    `initial` starts from official weights or from a safetensors file of ours. `resume` continues a
    broken run from its last checkpoint. Each stage leaves `last.ckpt`, `best.ckpt`, its logs and
    `best.safetensors`. Raises FileExistsError when `out` holds a run and `resume` is off.
    """
    resources = resources or Resources()
    record = out / "run.json"
    if record.exists() and not resume:
        raise FileExistsError(
            f"{out} already holds a training run; continue it with --resume, or name another --out"
        )
    lightning.seed_everything(recipe.seed, verbose=False)
    model = create(recipe.model)
    notes = start_from(model, recipe.model, initial) if initial else []
    write_json(record, describe_run(recipe=recipe, resources=resources, initial=notes))
    for stage in recipe.stages:
        _run_stage(model, recipe, stage, data, out / stage.name, resources)
    return model


def start_from(model: GazeModel, name: str, path: Path) -> list[str]:
    """Put initial weights into `model`; notes say in words what was placed where."""
    state, metadata = read_state(path)
    if "config" in metadata:
        model.load_state_dict(state)
        return [f"all weights from {path.name}"]
    return initialise(name, model, state)


def _run_stage(
    model: GazeModel, recipe: Recipe, stage: Stage, data: Path, folder: Path, resources: Resources
) -> None:
    """Train one stage, or continue it, and leave its best weights in `model` and on disk."""
    final = folder / "best.safetensors"
    if final.exists():  # finished before the run broke off
        model.load_state_dict(read_state(final)[0])
        return
    benchmark = BENCHMARKS[recipe.benchmark]
    module = StageModule(model, stage, benchmark, data, seed=recipe.seed, workers=resources.workers)
    last = LastCheckpoint(folder / "last.ckpt", resources.checkpoint_every)
    best = ModelCheckpoint(
        folder,
        "best",
        monitor=f"val/{benchmark.decides}",
        mode=benchmark.better,
        save_top_k=1,
        enable_version_counter=False,
    )
    trainer = lightning.Trainer(
        accelerator=resources.accelerator,
        devices=resources.devices,
        strategy="ddp" if resources.devices > 1 else "auto",
        precision=_lightning_precision(resources),
        max_epochs=stage.epochs,
        gradient_clip_val=stage.clip_gradients,
        callbacks=[best, last, _progress_bar()],
        logger=[CSVLogger(folder, "log"), TensorBoardLogger(folder, "tensorboard", "")],
        default_root_dir=folder,
        use_distributed_sampler=False,  # StageSampler knows the processes and resumes inside an epoch
        num_sanity_val_steps=0,
        log_every_n_steps=10,
        enable_model_summary=False,
    )
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


def _lightning_precision(resources: Resources) -> Literal["bf16-mixed", "32-true"]:
    device = "cuda" if torch.cuda.is_available() and resources.accelerator != "cpu" else "cpu"
    chosen = choose_precision(resources.precision, device)
    return "bf16-mixed" if chosen == torch.bfloat16 else "32-true"


def _progress_bar() -> Callback:
    terminal = os.isatty(2)  # in a log file one line now and then is enough
    return RichProgressBar() if terminal else TQDMProgressBar(refresh_rate=50)


class StageModule(lightning.LightningModule):
    """A model in one stage of its training."""

    def __init__(
        self,
        model: GazeModel,
        stage: Stage,
        benchmark: Benchmark,
        data: Path,
        *,
        seed: int,
        workers: int,
    ) -> None:
        super().__init__()
        self.model = model.to(memory_format=torch.channels_last)  # pyright: ignore
        self.stage, self.benchmark, self.data = stage, benchmark, data
        self.seed, self.workers = seed, workers
        self.measured: list[dict[str, Tensor]] = []
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.startswith(stage.trainable))

    def training_step(self, batch: Batch) -> Tensor:
        """The sum of the stage's loss terms."""
        terms = self.stage.loss(self.model, batch)
        total = torch.stack(list(terms.values())).sum()
        values = {f"train/{name}": term.detach() for name, term in terms.items()}
        self.log_dict(
            {**values, "train/total": total.detach()}, prog_bar=True, batch_size=len(batch)
        )
        return total

    def validation_step(self, batch: tuple[Batch, list[Scene]]) -> None:
        """Metric values of every person, kept until the end of the epoch."""
        images, scenes = batch
        gazes = self.model.decode(self.model(images), images)
        pairs = zip(gazes, scenes, strict=True)
        self.measured.append(columns(self.benchmark.metrics, pairs))

    def on_validation_epoch_end(self) -> None:
        """Gather the values of all processes and log their means."""
        parts = [self.measured]
        if self.trainer.world_size > 1:
            parts = [[]] * self.trainer.world_size
            torch.distributed.all_gather_object(parts, self.measured)
        rows = [row for part in parts for row in part]
        table = {m.id: torch.cat([row[m.id] for row in rows]) for m in self.benchmark.metrics}
        scores = self.benchmark.score(table)
        self.log_dict({f"val/{name}": score.value for name, score in scores.items()})
        self.measured = []

    def on_train_epoch_start(self) -> None:
        """Set modes: `fit` keeps those that it finds, and frozen BatchNorm must not drift."""
        self.model.train()
        for module in self.model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                frozen = not any(p.requires_grad for p in module.parameters())
                drifts = self.stage.batch_statistics == "all" or (
                    self.stage.batch_statistics == "trainable" and not frozen
                )
                module.train(drifts)

    def configure_optimizers(self) -> Any:
        """The stage's optimizer, over trainable parameters, and its schedule per epoch."""
        optimizer = self.stage.optimizer(self.model)
        if self.stage.schedule is None:
            return optimizer
        return [optimizer], [{"scheduler": self.stage.schedule(optimizer), "interval": "epoch"}]

    def transfer_batch_to_device(
        self,
        batch: Any,
        device: torch.device,
        dataloader_idx: int,  # noqa: ARG002
    ) -> Any:
        """Batches move by themselves; validation scenes stay on the CPU."""
        return (
            batch.to(device, True) if isinstance(batch, Batch) else (batch[0].to(device), batch[1])
        )

    def train_dataloader(self) -> DataLoader:
        """Shuffled, augmented clips as batches; a resumed epoch goes on where it stopped."""
        dataset = self._dataset("train")
        processes = self.trainer.world_size
        size = self.stage.batch_size // processes
        sampler = StageSampler(len(dataset), self.seed, self.global_rank, processes)
        steps = len(sampler) // size if size else 0
        if not steps:
            raise ValueError(
                f"the training set has {len(dataset)} samples, fewer than one batch of "
                f"{self.stage.batch_size} needs; give more data or a smaller --batch-size"
            )
        sampler.set_epoch(self.trainer.current_epoch)
        sampler.skip = self.trainer.global_step % steps * size
        clips = AugmentedClips(dataset, self.stage.augment)
        collate = partial(collate_clips, self.model.preprocess)
        return self._loader(clips, size, collate, sampler=sampler, drop_last=True)

    def val_dataloader(self) -> DataLoader:
        """This process's share of the validation scenes."""
        dataset = self._dataset(self.benchmark.split)
        mine = Subset(dataset, range(self.global_rank, len(dataset), self.trainer.world_size))
        collate = partial(collate_with_scenes, self.model.preprocess)
        return self._loader(mine, max(self.stage.batch_size // 2, 1), collate)

    def _dataset(self, split: str) -> Any:
        return load_dataset(self.stage.dataset, self.data, split, depth=self.model.uses_depth)

    def _loader(self, dataset: Dataset, size: int, collate: Any, **options: Any) -> DataLoader:
        return DataLoader(
            dataset,
            size,
            collate_fn=collate,
            num_workers=self.workers,
            worker_init_fn=_one_thread,
            persistent_workers=self.workers > 0,
            pin_memory=self.device.type == "cuda",
            **options,
        )


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)


def collate_clips(preprocess: Any, clips: list[Clip]) -> Batch:
    """Clips as one flat batch."""
    return preprocess([scene for clip in clips for scene in clip])


class AugmentedClips(Dataset[Clip]):
    """A dataset as augmented clips; a sample carries its seed, so restarts change nothing."""

    def __init__(self, dataset: Any, augment: Any) -> None:
        self.dataset, self.augment = dataset, augment

    def __getitem__(self, sample: tuple[int, int]) -> Clip:
        """The clip of (index, seed)."""
        index, seed = sample
        item = self.dataset[index]
        clip = [item] if isinstance(item, Scene) else item
        if self.augment is None:
            return clip
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.augment(clip)


class StageSampler(Sampler[tuple[int, int]]):
    """One process's share of a shuffled epoch as (index, augmentation seed) pairs.

    A function of (seed, epoch) alone, so that a resumed run sees what it would have seen; `skip`
    leaves out that many samples of the first epoch drawn.
    """

    def __init__(self, samples: int, seed: int, rank: int, processes: int) -> None:
        self.samples, self.seed, self.rank, self.processes = samples, seed, rank, processes
        self.epoch = self.skip = 0

    def set_epoch(self, epoch: int) -> None:
        """Which epoch to draw next (Lightning calls this)."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.samples // self.processes

    def __iter__(self):
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order = torch.randperm(self.samples, generator=generator)
        seeds = torch.randint(2**62, (self.samples,), generator=generator)
        skip, self.skip = self.skip, 0
        mine = slice(self.rank + skip * self.processes, len(self) * self.processes, self.processes)
        return iter(zip(order[mine].tolist(), seeds[mine].tolist(), strict=True))


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
    return replace(recipe, stages=tuple(replace(stage, **changes) for stage in recipe.stages))
