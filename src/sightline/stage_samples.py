"""The samples that a stage of training sees: shuffled and augmented, the same after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import Dataset, Sampler

from sightline.scene import Clip, as_clip


class AugmentedClips(Dataset[Clip]):
    """A dataset as augmented clips; a sample carries its seed, so restarts change nothing."""

    def __init__(self, dataset: Any, augment: Any) -> None:
        self.dataset, self.augment = dataset, augment

    def __getitem__(self, sample: tuple[int, int]) -> Clip:
        """The clip of (index, seed)."""
        index, seed = sample
        clip = as_clip(self.dataset[index])
        if self.augment is None:
            return clip
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _with_its_features(clip, self.augment(clip))


def _with_its_features(clip: Clip, augmented: Clip) -> Clip:
    """The augmented clip; ValueError where features are no longer those of the picture."""
    pictures = {id(scene.image) for scene in clip}
    for scene in augmented:
        if scene.features is not None and id(scene.image) not in pictures:
            raise ValueError(
                f"{scene.key}: the augmentation changes pictures, and stored features are of the "
                "picture as it was; give the transform `changes_picture = True`, so that "
                "--features leaves it out"
            )
    return augmented


class StageSampler(Sampler[tuple[int, int]]):
    """One process's share of a shuffled epoch as (index, augmentation seed) pairs.

    A function of (seed, epoch) alone, so that a resumed run sees what it would have seen; `skip`
    leaves out that many samples of the first epoch drawn. The indices of an `endless` dataset go on
    in the next epoch where they ended.
    """

    def __init__(
        self, samples: int, seed: int, rank: int, processes: int, endless: bool = False
    ) -> None:
        self.samples, self.seed, self.rank, self.processes = samples, seed, rank, processes
        self.endless = endless
        self.epoch = self.skip = 0

    def set_epoch(self, epoch: int) -> None:
        """Which epoch to draw next (Lightning calls this)."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.samples // self.processes

    def __iter__(self) -> Iterator[tuple[int, int]]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        order = torch.randperm(self.samples, generator=generator)
        order += self.epoch * self.samples if self.endless else 0
        seeds = torch.randint(2**62, (self.samples,), generator=generator)
        skip, self.skip = self.skip, 0
        mine = slice(self.rank + skip * self.processes, len(self) * self.processes, self.processes)
        return iter(zip(order[mine].tolist(), seeds[mine].tolist(), strict=True))
