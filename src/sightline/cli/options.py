"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sightline.models.base import GazeModel


class UsageError(ValueError):
    """Options that make no sense, found out before anything is done."""


def require(what: str, packages: Mapping[str, str]) -> None:
    """Raise ImportError unless all packages (name: extra) are here: before the work, not after."""
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        extras = ",".join(dict.fromkeys(packages[package] for package in missing))
        raise ImportError(f"{what} needs {', '.join(missing)}: pip install 'sightline[{extras}]'")


Precision = Literal["auto", "float32", "bfloat16"]
ProjectionChoice = Literal["auto", "perspective", "equirectangular"]
"""Those of `media.projection.Choice`, for the same reason as `ObjectMethod`."""
ObjectMethod = Literal["mean", "mean-score", "cosine", "energy", "distance", "smallest"]
"""Those of `gaze_objects.Method`, which cannot be imported without torch."""


@dataclass(kw_only=True)
class ModelOptions:
    """Which model, with which weights, on which device."""

    model: str = "pdp-small.synthetic"
    """A model, or known weights as model.tag (see `sightline models list`)."""
    weights: Path | None = None
    """A weights file: ours (safetensors) or an official checkpoint."""
    device: str = "cpu"
    """cpu, cuda, cuda:1 or mps."""
    precision: Precision = "auto"
    """auto takes bfloat16 where the device computes it fast; float32 is the exact one."""

    def load(self) -> GazeModel:
        """The model, ready to predict."""
        from sightline.models import load

        return load(self.model, self.weights, device=self.device, precision=self.precision)

    def describe(self) -> dict[str, str | None]:
        """What to write beside results: model, weights file and its hash."""
        from sightline.models import known_weights
        from sightline.provenance import sha256

        path = self.weights or known_weights(self.model)
        return {"model": self.model, "weights": path.name, "weights_sha256": sha256(path)}
