"""Known weights by "model.tag": where they come from, and their file in package or cache."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from sightline.models.cache import cached
from sightline.registry import UnknownNameError, resolve


@dataclass(frozen=True)
class Source:
    """A file as its authors publish it.

    prefix: put before the names of its tensors where the files of a model are merged.
    size, sha256: bytes, and hexadecimal digits; None where neither authors nor mirrors tell.
    """

    url: str
    licence: str
    prefix: str = ""
    size: int | None = None
    sha256: str | None = None

    @property
    def name(self) -> str:
        """The file's name as published."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Weights:
    """Where weights come from and what may be done with them.

    origin: who trained it on what, and how to get it.
    file: a path inside the installed package, or None.
    files: what `sightline models pull` fetches and merges; none where no plain address is known.
    data: what it was trained on, keys of `licences.DATA`.
    backbone: the licence of a backbone that others trained; None without one.
    paper: what the authors report, on the `benchmark`.
    """

    licence: str
    origin: str
    file: str | None = None
    files: tuple[Source, ...] = ()
    data: tuple[str, ...] = ()
    backbone: str | None = None
    code: str = "Apache-2.0"
    benchmark: str | None = None
    paper: dict[str, float] = field(default_factory=dict)


def weights_catalogue() -> dict[str, Weights]:
    """All known weights by "model.tag"."""
    from sightline.models.chong2020 import weights as chong2020
    from sightline.models.gatector import weights as gatector
    from sightline.models.gazefollow360 import weights as gazefollow360
    from sightline.models.gazelle import weights as gazelle
    from sightline.models.pdp import weights as pdp

    modules = (gazelle, pdp, chong2020, gatector, gazefollow360)
    return {name: weights for module in modules for name, weights in module.WEIGHTS.items()}


def catalogued(name: str) -> Weights:
    """What is known of weights, "model.tag"; UnknownNameError names those that there are."""
    catalogue = weights_catalogue()
    if name not in catalogue:
        from sightline.models import MODELS

        model = name.partition(".")[0]
        resolve(model, MODELS, "model")
        tags = [known for known in catalogue if known.partition(".")[0] == model]
        hint = f" or take {' or '.join(tags)}" if tags else ""
        raise UnknownNameError(f"{name!r} names no weights; give a file (--weights FILE){hint}")
    return catalogue[name]


def find_weights(name: str) -> Path | None:
    """The file of known weights in the package or in the cache; None if it is in neither."""
    packaged = catalogued(name).file
    path = Path(str(files("sightline") / packaged)) if packaged else cached(name)
    return path if path.is_file() else None


def known_weights(name: str) -> Path:
    """The file of known weights; UnknownNameError or FileNotFoundError say how to get them."""
    path = find_weights(name)
    if path is None:
        weights = catalogued(name)
        published = " ".join(source.name for source in weights.files) or "FILE"
        by_hand = f"`sightline models add {name} {published}`"
        if weights.files:
            get = (
                f"fetch them with `sightline models pull {name}`, or register copies with {by_hand}"
            )
        else:
            get = f"{weights.origin}; give the file (--weights FILE) or register it with {by_hand}"
        raise FileNotFoundError(f"the weights {name} are not here: {get}")
    return path
