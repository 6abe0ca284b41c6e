"""Models for torch.hub: `torch.hub.load(REPOSITORY, "gazelle_vitb14_inout")`.

Each model of `sightline models list` under its name with underscores; all take the same arguments:

pretrained: with known weights, fetched into the cache unless they are there; else random ones.
tag: which of the weights, for instance "gazefollow"; without it the first that are known.
options: for `sightline.load`, such as `device`; without weights fields of the config.
"""

import sys
from collections.abc import Callable as _Callable  # what bears no underscore would be an entry
from pathlib import Path as _Path
from typing import Any as _Any

dependencies = ["torch", "torchvision", "timm", "huggingface_hub", "safetensors", "filelock", "PIL"]

sys.path.insert(0, str(_Path(__file__).parent / "src"))  # a checkout is not installed

from sightline.models import MODELS as _MODELS  # noqa: E402
from sightline.models import create as _create  # noqa: E402
from sightline.models import load as _load  # noqa: E402


def _entry(name: str) -> _Callable[..., _Any]:
    def entry(pretrained: bool = True, tag: str | None = None, **options: _Any) -> _Any:
        if not pretrained:
            return _create(name, **options)
        return _load(_ready(name, tag), **options)

    entry.__name__ = name.replace("-", "_")
    entry.__doc__ = f"The model {name}; {str(__doc__).partition('all take ')[2]}"
    return entry


def _ready(name: str, tag: str | None) -> str:
    """The known weights of a model, fetched unless they are here."""
    from sightline.models import catalogued, find_weights, weights_catalogue
    from sightline.models.obtain import pull

    known = [weights for weights in weights_catalogue() if weights.partition(".")[0] == name]
    weights = f"{name}.{tag}" if tag or not known else known[0]
    if catalogued(weights).files and find_weights(weights) is None:
        pull(weights)
    return weights


for _name in _MODELS:
    globals()[_name.replace("-", "_")] = _entry(_name)
