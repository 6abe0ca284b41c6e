"""Batches of rendered samples for training loops of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from torch.utils.data import DataLoader, Dataset

from sightline.synthetic.endless import Device, Rendered
from sightline.workers import one_thread


class RenderedBatches:
    """Lists of samples that are rendered together, epoch after epoch, for a training loop of yours.

    Worlds are drawn by `workers` processes, or by this one, and rendered on `device` in this one,
    where pictures and depth stay. Samples come in order, those of an epoch after those of the one
    before; a fixed split ends with its last whole batch. Begin at the batch `start` to go on where
    a loop broke off.
    """

    def __init__(
        self,
        dataset: Rendered,
        batch_size: int,
        *,
        device: Device = "cpu",
        workers: int = 0,
        start: int = 0,
    ) -> None:
        if batch_size < 1 or (not dataset.endless and batch_size > len(dataset)):
            raise ValueError(f"{batch_size} samples are no batch of {len(dataset)}; give another.")
        self.dataset, self.batch_size, self.workers = dataset, batch_size, workers
        self.device, self.start = device, start

    def __iter__(self) -> Iterator[list[Any]]:
        """Batches of samples in order."""
        size = self.batch_size
        numbers = count(self.start)
        if not self.dataset.endless:
            numbers = range(self.start, len(self.dataset) // size)
        batches = (list(range(n * size, (n + 1) * size)) for n in numbers)
        loader = DataLoader(
            _Drawn(self.dataset),
            batch_sampler=batches,
            collate_fn=_unzipped,
            num_workers=self.workers,
        )
        for indices, drawn in loader:
            yield self.dataset.show(indices, drawn, self.device)


class _Drawn(Dataset[Any]):
    """The worlds of a data set with their indices."""

    def __init__(self, dataset: Rendered) -> None:
        self.dataset = dataset

    def __getitem__(self, index: int) -> tuple[int, Any]:
        with one_thread():
            return index, self.dataset.draw(index)


def _unzipped(pairs: list[tuple[int, Any]]) -> list[tuple]:
    return list(zip(*pairs, strict=True))
