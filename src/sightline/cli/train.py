"""`sightline train`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from sightline.cli.options import Precision


@dataclass(kw_only=True)
class Train:
    """Train a model by a recipe, with logs, checkpoints and the exact settings beside them."""

    recipe: Annotated[Positional[str], arg(metavar="RECIPE")]
    """A recipe's name, or my_recipe.py:function for your own."""
    data: Path
    """The folder of the dataset, or a source of rendered pictures such as
    rendered:seed=3,images=10000,size=224x224,difficulty=hard (docs/rendered.md)."""
    out: Path | None = None
    """Where the run is kept; runs/RECIPE if not given."""
    resume: bool = False
    """Continue a run that broke off."""
    init: Path | None = None
    """Official initial weights, a safetensors file of ours, or known weights such as pdp.TAG."""
    features: Path | None = None
    """A folder that keeps a frozen encoder's features: made once, trained on in every epoch."""
    epochs: int | None = None
    """Instead of the recipe's number, in every stage; a cosine schedule ends with it."""
    batch_size: int | None = None
    """Instead of the recipe's number; over all processes."""
    devices: int = 1
    """GPUs, or processes on a CPU."""
    accelerator: str = "auto"
    """auto, cpu, gpu or mps."""
    workers: int = 2
    """Data-loading processes per device."""
    precision: Precision = "auto"
    """auto takes bfloat16 (mixed) where the device computes it fast."""
    checkpoint_every: int = 500
    """Steps between saves within an epoch."""

    def run(self) -> int:
        """Train all stages."""
        try:
            from sightline.models import find_recipe, known_weights, weights_catalogue
            from sightline.train import Resources, train
        except ModuleNotFoundError as error:
            raise ImportError(
                f"training needs {error.name}: pip install 'sightline[train]'"
            ) from error
        recipe = find_recipe(self.recipe, epochs=self.epochs, batch_size=self.batch_size)
        out = self.out or Path("runs") / recipe.name
        resources = Resources(
            accelerator=self.accelerator,
            devices=self.devices,
            workers=self.workers,
            precision=self.precision,
            checkpoint_every=self.checkpoint_every,
        )
        initial = self.init
        if initial is not None and str(initial) in weights_catalogue():
            initial = known_weights(str(initial))
        train(
            recipe,
            self.data,
            out,
            resources=resources,
            resume=self.resume,
            initial=initial,
            features=self.features,
        )
        print(f"weights: {out / recipe.stages[-1].name / 'best.safetensors'}")
        return 0
