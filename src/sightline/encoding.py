"""Encode the pictures of datasets once, so that decoders train many epochs without the encoder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from sightline.feature_store import FeatureStore, Origin, picture_names
from sightline.media.image import ImageError
from sightline.models.base import GazeModel
from sightline.scene import Scene, as_clip, blank_picture
from sightline.workers import begin_worker

TOGETHER = 32
"""Pictures that are encoded together."""


class Encoding:
    """A model's encoder as training runs it: the same device, precision and memory layout."""

    def __init__(self, model: GazeModel, device: str, precision: torch.dtype) -> None:
        assert model.encoder is not None
        self.preprocess, self.device, self.precision = model.preprocess, device, precision
        channels_last: Any = {"memory_format": torch.channels_last}
        self.encoder = model.encoder.to(device, **channels_last).eval()

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """Features (B, D, h, w) of preprocessed pictures."""
        mixed = self.precision != torch.float32
        with torch.autocast(self.device, self.precision, enabled=mixed):
            return self.encoder(images.to(self.device))

    def origin(self) -> Origin:
        """What says whether stored features are those that this would make."""
        blank = Scene(blank_picture((8, 8)), torch.zeros(0, 4))
        shape = self(self.preprocess([blank]).images).shape[1:]
        return Origin(
            f"{type(self.encoder).__name__}({self.encoder.extra_repr()})",
            fingerprint(self.encoder),
            repr(self.preprocess),
            "float32" if self.precision == torch.float32 else "bfloat16",
            tuple(shape),
        )


def fingerprint(module: nn.Module) -> str:
    """The SHA-256 of a module's tensors and their names, whatever their layout in memory."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def encode_pictures(
    encoding: Encoding, datasets: Iterable[Any], root: Path, folder: Path, *, workers: int = 2
) -> FeatureStore:
    """The features of every picture of `datasets`, all in `root`; those in `folder` are kept.

    A picture that cannot be read costs no other; an `ImageError` at the end names the first. Raises
    ValueError when the folder holds features of another encoder or of other pictures.
    """
    datasets = list(datasets)
    for dataset in datasets:
        if not hasattr(dataset, "paths") or not hasattr(dataset, "outline"):
            raise ValueError(
                f"{type(dataset).__name__} does not tell where its pictures lie (`paths` and "
                "`outline`), which stored features need; leave --features out"
            )
    store = FeatureStore(folder, encoding.origin())
    faults: list[str] = []
    with store.alone():
        for dataset in datasets:
            faults += _encode(encoding, dataset, root, store, workers)
    if faults:
        raise ImageError(
            f"{len(faults)} pictures cannot be read, all others are encoded; mend these or take "
            f"them out of the annotations; the first: {faults[0]}"
        )
    return store


def _encode(
    encoding: Encoding, dataset: Any, root: Path, store: FeatureStore, workers: int
) -> list[str]:
    """Store what is missing of one dataset; returns a sentence for each unreadable sample."""
    pictures = NewPictures(dataset, root, store, encoding.preprocess)
    frames = getattr(dataset, "clip_length", 1) or TOGETHER
    loader = DataLoader(
        pictures,
        max(1, TOGETHER // frames),
        collate_fn=list,
        num_workers=workers,
        worker_init_fn=begin_worker,
    )
    faults: list[str] = []
    for samples in track(loader, "encoding pictures", console=Console(stderr=True)):
        read = [sample for sample in samples if not isinstance(sample, str)]
        faults += [sample for sample in samples if isinstance(sample, str)]
        names = [name for some, _ in read for name in some]
        images = [image for _, some in read for image in some]
        for start in range(0, len(names), TOGETHER):
            part = slice(start, start + TOGETHER)
            sizes = {name: pictures.sizes[name] for name in names[part]}
            store.add(sizes, encoding(torch.stack(images[part])))
    return faults


class NewPictures(Dataset[Any]):
    """The pictures of a dataset that are in no store yet, each once, where a sample shows it.

    An item is the names and the preprocessed pictures (M, 3, H, W) of one sample, or a sentence
    where one of its pictures cannot be read.
    """

    def __init__(self, dataset: Any, root: Path, store: FeatureStore, preprocess: Any) -> None:
        self.dataset, self.preprocess = dataset, preprocess
        self.sizes: dict[str, int] = {}
        places = []
        for index in range(len(dataset)):
            for frame, name in enumerate(picture_names(dataset, root, index)):
                if name not in self.sizes:
                    self.sizes[name] = _bytes_of(root / name)
                    places.append((index, frame, name))
        missing = store.missing(self.sizes)
        self.samples: dict[int, dict[str, int]] = {}
        for index, frame, name in places:
            if name in missing:
                self.samples.setdefault(index, {})[name] = frame
        self.indices = list(self.samples)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, place: int) -> tuple[list[str], Tensor] | str:
        """The new pictures of a sample."""
        index = self.indices[place]
        try:
            clip = as_clip(self.dataset[index])
        except ImageError as error:
            return str(error)
        frames = self.samples[index]
        scenes = [Scene(clip[frame].image, torch.zeros(0, 4)) for frame in frames.values()]
        return list(frames), self.preprocess(scenes).images


def _bytes_of(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0  # reading it will say what is wrong
