"""How a model is trained: data and ordinary functions, copied or `replace`d to vary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from sightline.batch import Batch
from sightline.scene import Clip

LENGTHS = ("T_max", "epochs")
"""What the number of epochs is called in schedules: those of PyTorch, and ours."""


@dataclass(frozen=True)
class Stage:
    """One training phase: which loss, on which data, with which optimizer, training which parts.

    loss: (model, batch) -> named terms; their sum is minimised, each is logged.
    dataset: a key of `sightline.datasets.DATASETS`.
    optimizer: model -> optimizer; parameter groups are ordinary code.
    batch_size: samples (clips) of one step, over all processes.
    schedule: optimizer -> scheduler, stepped once per epoch.
    trainable: parameter-name prefixes; everything else is frozen. ("",) trains all.
    batch_statistics: whose BatchNorm running statistics are updated.
    augment: clip -> clip, run in the workers.
    decides: the metric of the recipe's benchmark that picks the epoch, where it is not the one that
    the benchmark decides by; "last" keeps the last epoch.
    clip_gradients: largest gradient norm; None leaves gradients as they are.
    """

    name: str
    loss: Callable[[Any, Batch], dict[str, Tensor]]
    dataset: str
    optimizer: Callable[[Any], Optimizer]
    epochs: int
    batch_size: int
    schedule: Callable[[Optimizer], LRScheduler] | None = None
    trainable: tuple[str, ...] = ("",)
    batch_statistics: Literal["all", "trainable", "none"] = "trainable"
    augment: Callable[[Clip], Clip] | None = None
    clip_gradients: float | None = None
    decides: str = ""

    def changed(self, **changes: Any) -> Stage:
        """A copy with other values; a schedule as long as the stage stays so, other ones stay."""
        epochs = changes.get("epochs", self.epochs)
        if isinstance(self.schedule, partial):
            given = self.schedule.keywords
            lengths = {key: epochs for key in LENGTHS if given.get(key) == self.epochs}
            changes = {"schedule": partial(self.schedule, **lengths), **changes}
        return replace(self, **changes)


@dataclass(frozen=True)
class Recipe:
    """A model, the stages that train it, and the validation benchmark that picks the epoch.

    model: a name of `sightline.models.MODELS`, or "file_or_module:factory".
    config: fields of the model's config that differ from its defaults.
    benchmark: a key of `sightline.benchmark.BENCHMARKS`, run after each epoch; None keeps the last.
    starts_from: what it must start from, in words, where random initial values are nonsense.
    """

    name: str
    model: str
    stages: tuple[Stage, ...]
    benchmark: str | None
    seed: int = 1
    config: Mapping[str, Any] = field(default_factory=dict)
    starts_from: str = ""
