"""`sightline models list` and `sightline models convert`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional


@dataclass
class List:
    """Models and recipes by name, and the weights that are known, with licence and origin."""

    def run(self) -> int:
        """Print them."""
        from rich.console import Console
        from rich.table import Table

        from sightline.models import MODELS, RECIPES, weights_catalogue

        table = Table("weights", "here", "licence", "origin")
        for name, weights in weights_catalogue().items():
            table.add_row(name, "yes" if weights.file else "no", weights.licence, weights.origin)
        print(f"models:  {', '.join(MODELS)}")
        print(f"recipes: {', '.join(RECIPES)}")
        Console().print(table)
        return 0


@dataclass(kw_only=True)
class Convert:
    """Turn an official checkpoint into a safetensors file of ours, name by name, strictly.

    A file of ours is taken as well, to store it in half the space.
    """

    model: Positional[str]
    """The model that the checkpoint is of, for instance pdp."""
    checkpoint: Positional[Path]
    """The official file."""
    out: Positional[Path]
    """The file to write."""
    half: bool = False
    """Store float16; a model is loaded in float32 all the same."""

    def run(self) -> int:
        """Convert, say what was left out, and write."""
        from sightline.models import convert, read_model
        from sightline.models.weights import read_state, save_weights

        if self.out.exists():
            raise FileExistsError(f"{self.out} exists already; name another file")
        state, metadata = read_state(self.checkpoint)
        ours = "config" in metadata
        model, notes = (
            (read_model(self.model, self.checkpoint), []) if ours else convert(self.model, state)
        )
        for note in notes:
            print(note)
        origin = metadata.get("recipe", self.checkpoint.name)
        save_weights(model, self.out, name=self.model, half=self.half, origin=origin)
        print(f"wrote {self.out}")
        return 0
