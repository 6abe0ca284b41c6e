"""What Lightning steps through: one model in one stage of its training."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any

import lightning
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset

from sightline.batch import Batch
from sightline.benchmark import Benchmark
from sightline.collate import clip_length_for, collate_clips, collate_with_scenes
from sightline.datasets import load_dataset
from sightline.feature_store import FeatureScenes, FeatureStore
from sightline.metrics.scores import Measured, join
from sightline.models.base import GazeModel
from sightline.recipe import Stage
from sightline.shards import PackedScenes, unpack_scenes
from sightline.stage_samples import AugmentedClips, StageSampler
from sightline.workers import begin_worker


class StageModule(lightning.LightningModule):
    """A model in one stage of its training."""

    def __init__(
        self,
        model: GazeModel,
        stage: Stage,
        benchmark: Benchmark | None,
        data: Path,
        *,
        seed: int,
        workers: int,
        features: FeatureStore | None = None,
    ) -> None:
        super().__init__()
        self.model = model.to(memory_format=torch.channels_last)  # pyright: ignore
        self.stage, self.benchmark, self.data = stage, benchmark, data
        self.seed, self.workers, self.features = seed, workers, features
        self.measured: list[Measured] = []
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.startswith(stage.trainable))

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002
        """Draw dropout from (seed, step, process) alone: a resumed run draws what it would have."""
        step = self.global_step * self.trainer.world_size + self.global_rank
        torch.manual_seed(self.seed * 1_000_003 + step)

    def training_step(self, batch: Batch) -> Tensor:
        """The sum of the stage's loss terms."""
        terms = self.stage.loss(self.model, batch)
        total = torch.stack(list(terms.values())).sum()
        values = {f"train/{name}": term.detach() for name, term in terms.items()}
        self.log_dict(
            {**values, "train/total": total.detach()}, prog_bar=True, batch_size=len(batch)
        )
        return total

    def validation_step(self, batch: tuple[Batch, PackedScenes]) -> None:
        """What every picture contributes to the scores, kept until the end of the epoch."""
        assert self.benchmark is not None
        images, scenes = batch
        output = self.model(images)
        with torch.autocast(self.device.type, enabled=False):  # as `predict_batch` decodes
            gazes = self.model.decode(output, images)
        pairs = zip(gazes, unpack_scenes(*scenes), strict=True)
        self.measured.append(self.benchmark.measure(pairs))

    def on_validation_epoch_end(self) -> None:
        """Gather the values of all processes and log their means."""
        assert self.benchmark is not None
        parts = [self.measured]
        if self.trainer.world_size > 1:
            parts = [[]] * self.trainer.world_size
            torch.distributed.all_gather_object(parts, self.measured)
        scores = self.benchmark.score(join([measured for part in parts for measured in part]))
        for name, score in scores.items():
            deciding = name == self.benchmark.decides
            if deciding and math.isnan(score.value):
                raise ValueError(
                    f"{name} is undefined on {self.benchmark.name}, where nobody counts for it, so "
                    "no epoch can be chosen by it; give validation pictures with labels, or a "
                    'recipe whose stages have decides="last"'
                )
            self.log(f"val/{name}", score.value, prog_bar=deciding)
        self.measured = []

    def on_train_start(self) -> None:
        """Set modes here too: Lightning starts no epoch when it resumes inside one."""
        self.on_train_epoch_start()

    def on_train_epoch_start(self) -> None:
        """Set modes: `fit` keeps those that it finds, and frozen BatchNorm must not drift.

        A frozen encoder gives what it gives in prediction, and in stored features.
        """
        self.model.train()
        encoder = self.model.encoder
        if encoder is not None and not any(p.requires_grad for p in encoder.parameters()):
            encoder.eval()
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
        dataset = self._dataset(self.stage.dataset, "train")
        clip_length_for(self.model, dataset)  # unrelated pictures would pass for a clip
        processes = self.trainer.world_size
        size, rest = divmod(self.stage.batch_size, processes)
        if rest:
            raise ValueError(
                f"a batch of {self.stage.batch_size} cannot be shared by {processes} processes; "
                "give a --batch-size that is a multiple of --devices"
            )
        endless = getattr(dataset, "endless", False)
        sampler = StageSampler(len(dataset), self.seed, self.global_rank, processes, endless)
        steps = len(sampler) // size
        if not steps:
            raise ValueError(
                f"the training set has {len(dataset)} samples, fewer than one batch of "
                f"{self.stage.batch_size} needs; give more data or a smaller --batch-size"
            )
        epoch, done = divmod(self.trainer.global_step, steps)  # Lightning's own count lags behind
        sampler.set_epoch(epoch)
        sampler.skip = done * size
        clips = AugmentedClips(dataset, self.stage.augment)
        collate = partial(collate_clips, self.model.preprocess, self.model.clip_length)
        return self._loader(clips, size, collate, sampler=sampler, drop_last=True)

    def val_dataloader(self) -> DataLoader:
        """This process's share of the validation scenes."""
        assert self.benchmark is not None
        dataset = self._dataset(self.benchmark.dataset, self.benchmark.split)
        mine = Subset(dataset, range(self.global_rank, len(dataset), self.trainer.world_size))
        collate = partial(collate_with_scenes, self.model.preprocess, self.model.clip_length)
        alike = clip_length_for(self.model, dataset)
        return self._loader(mine, max(1, self.stage.batch_size // 2) if alike else 1, collate)

    def _dataset(self, name: str, split: str) -> Any:
        dataset = load_dataset(name, self.data, split, depth=self.model.uses_depth)
        return FeatureScenes(dataset, self.data, self.features) if self.features else dataset

    def _loader(self, dataset: Dataset, size: int, collate: Any, **options: Any) -> DataLoader:
        return DataLoader(
            dataset,
            size,
            collate_fn=collate,
            num_workers=self.workers,
            worker_init_fn=begin_worker,
            persistent_workers=self.workers > 0,
            pin_memory=self.device.type == "cuda",
            **options,
        )
