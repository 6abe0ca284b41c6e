"""Readers of the released dataset layouts: they parse, nothing else."""

from __future__ import annotations

import difflib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch.utils.data import Dataset

    from sightline.datasets.report import Report
    from sightline.scene import Scene

DATASETS: dict[str, str] = {
    "gazefollow": "sightline.datasets.gazefollow:GazeFollow",
    "gazefollow-pictures": "sightline.datasets.gazefollow:GazeFollowPictures",
}
"""Name -> "module:class", imported when asked for."""

CHECKS: dict[str, str] = {"gazefollow": "sightline.datasets.gazefollow_check:check_gazefollow"}
"""Name -> "module:function" that looks a copy of the dataset over."""


def load_dataset(name: str, root: str | Path, split: str, *, depth: bool = False) -> Dataset[Scene]:
    """One split of the dataset in the folder `root`; ValueError names the known ones."""
    return _resolve(DATASETS, name)(Path(root), split, depth=depth)


def check(name: str, root: str | Path) -> Report:
    """Count what is in the folder `root` and list what is broken."""
    return _resolve(CHECKS, name)(Path(root))


def _resolve(registry: dict[str, str], name: str) -> Any:
    if name not in registry:
        close = difflib.get_close_matches(name, registry, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"There is no dataset {name!r}; known are {', '.join(registry)}.{hint}")
    module, _, attribute = registry[name].partition(":")
    return getattr(import_module(module), attribute)
