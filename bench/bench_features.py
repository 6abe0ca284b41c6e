"""An epoch of Gaze-LLE's decoder on pictures and on stored features, and what storing costs once.

Rendered pictures at reduced size; one process reads, encodes and trains, without augmentation.
"""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch
from timing import best_of, default_precision, headline, parser, report
from torch.utils.data import DataLoader

from sightline import create
from sightline.collate import collate_clips
from sightline.datasets import load_dataset
from sightline.encoding import Encoding, encode_pictures
from sightline.feature_store import FeatureScenes
from sightline.models.base import GazeModel
from sightline.models.gazelle.loss import gazelle_loss
from sightline.scene import Scene
from sightline.synthetic.gazefollow import write_gazefollow


def epoch(model: GazeModel, dataset: Any, precision: torch.dtype, batch_size: int) -> None:
    """Train the decoder on every sample once."""
    optimizer = torch.optim.AdamW(model.get_submodule("decoder").parameters(), lr=1e-3)
    loader = DataLoader(dataset, batch_size, collate_fn=partial(collate, model.preprocess))
    mixed = precision != torch.float32
    for batch in loader:
        optimizer.zero_grad()
        with torch.autocast("cpu", precision, enabled=mixed):
            loss = torch.stack(list(gazelle_loss(model, batch).values())).sum()
        loss.backward()
        optimizer.step()


def collate(preprocess: Any, scenes: list[Scene]) -> Any:
    return collate_clips(preprocess, 1, [[scene] for scene in scenes])


def measure(folder: Path, model: str, precision: torch.dtype, batch_size: int) -> dict[str, Any]:
    torch.manual_seed(0)
    network = create(model)
    network.get_submodule("backbone").requires_grad_(False)
    dataset = load_dataset("gazefollow-pictures", folder / "data", "train")
    start = time.process_time()
    encoding = Encoding(network, "cpu", precision)
    place = folder / str(precision)
    store = encode_pictures(encoding, [dataset], folder / "data", place, workers=0)
    once = time.process_time() - start
    stored = FeatureScenes(dataset, folder / "data", store)
    run = partial(epoch, network.train(), precision=precision, batch_size=batch_size)
    ways = {"pictures": partial(run, dataset), "stored": partial(run, stored)}
    seconds = best_of(ways, repeats=2)
    return {
        "model": model,
        "precision": str(precision).removeprefix("torch."),
        "pictures": len(dataset),
        "s per epoch on pictures": seconds["pictures"],
        "on stored features": seconds["stored"],
        "times faster": seconds["pictures"] / seconds["stored"],
        "s once": once,
        "KiB per picture": store.row_bytes / 1024,
    }


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--models", nargs="+", default=["gazelle-small"])
    options.add_argument("--images", type=int, default=200)
    options.add_argument("--batch-size", type=int, default=16)
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_gazefollow(folder / "data", images=options.images, seed=0, workers=1)
        rows = [
            measure(folder, model, precision, options.batch_size)
            for model in options.models
            for precision in (torch.float32, torch.bfloat16)
        ]
    report("features", rows, options.json)
    what, names = "epoch of Gaze-LLE's decoder", ("on stored features", "s per epoch on pictures")
    taken = rows[-1] if default_precision() == "bf16" else rows[-2]
    stored, read = (taken[name] for name in names)
    headline(options.json, f"{what}, features stored", stored, "s", "from pictures", read)


if __name__ == "__main__":
    main()
