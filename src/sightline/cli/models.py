"""`sightline models list`, `pull`, `add`, `convert` and `card`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

if TYPE_CHECKING:
    from sightline.models.catalogue import Weights
    from sightline.models.download import Watch
    from sightline.models.obtain import Stored

WIDTH = 80


@dataclass
class List:
    """Models and recipes by name, and known weights: what is here, and what can be had and how."""

    def run(self) -> int:
        """Print them."""
        from sightline.models import MODELS, RECIPES, find_weights, weights_catalogue
        from sightline.models.cache import cache_folder

        groups = {
            "here": [],
            "to fetch by `sightline models pull NAME`": [],
            "to register by `sightline models add NAME FILE`": [],
        }
        here, fetched, added = groups.values()
        for name, weights in weights_catalogue().items():
            path = find_weights(name)
            (here if path else fetched if weights.files else added).append(
                _described(name, weights, path)
            )
        for title, lines in groups.items():
            print(f"weights {title}:")
            print("\n".join(lines) or "  none", end="\n\n")
        recipes = "recipes for `sightline train RECIPE --data DIR`"
        for title, names in (("models", MODELS), (recipes, RECIPES)):
            text = f"{title}: {', '.join(names)}"
            print(fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False), end="\n\n")
        print(f"cache: {cache_folder()}")
        return 0


def _described(name: str, weights: Weights, path: Path | None) -> str:
    """Name, place, size and licence in a line, then the origin."""
    place = "" if path is None else "package" if weights.file else "cache"
    size = _megabytes(weights, path)
    first = f"  {name:<30} {place:<8}{size:>13}  {weights.licence}"
    indent = " " * 6
    return (
        f"{first}\n{fill(weights.origin, WIDTH, initial_indent=indent, subsequent_indent=indent)}"
    )


def _megabytes(weights: Weights, path: Path | None) -> str:
    """The size of what is here, or of what is to be fetched as far as it is known."""
    if path is not None:
        return f"{path.stat().st_size / 1e6:.1f} MB"
    known = [source.size for source in weights.files if source.size is not None]
    over = "" if len(known) == len(weights.files) else "over "
    return f"{over}{sum(known) / 1e6:.0f} MB" if known else ""


@dataclass(kw_only=True)
class Pull:
    """Fetch known weights into the cache, verified and converted name by name, strictly.

    A download that broke off goes on where it stopped. HTTPS_PROXY and NO_PROXY are honoured;
    SIGHTLINE_OFFLINE=1 forbids it; SIGHTLINE_CACHE names another folder.
    """

    name: Annotated[Positional[str], arg(metavar="NAME")]
    """Known weights as model.tag, for instance gazelle-vitb14-inout.vat."""
    half: bool = False
    """Store float16; a model is loaded in float32 all the same."""

    def run(self) -> int:
        """Fetch what is not here yet, convert, and say where it is."""
        from sightline.models import find_weights
        from sightline.models.obtain import pull

        if path := find_weights(self.name):
            print(f"{self.name} is here already: {path}")
            return 0
        with _progress() as watch:
            stored = pull(self.name, half=self.half, watch=watch)
        return _report(self.name, stored)


@dataclass(kw_only=True)
class Add:
    """Register files copied by hand as known weights, verified and converted name by name.

    All published files together, or one file with everything, official or ours.
    """

    name: Annotated[Positional[str], arg(metavar="NAME")]
    """Known weights as model.tag, for instance pdp.gazefollow."""
    files: Annotated[Positional[tuple[Path, ...]], arg(metavar="FILE [FILE ...]")]
    """The files, under the names they are published by."""
    half: bool = False
    """Store float16; a model is loaded in float32 all the same."""

    def run(self) -> int:
        """Convert, and say where it is."""
        from sightline.cli.options import UsageError
        from sightline.models.obtain import add

        if not self.files:
            raise UsageError(f"name the files of {self.name} that were copied here")
        return _report(self.name, add(self.name, list(self.files), half=self.half))


@dataclass(kw_only=True)
class Card:
    """The model card of known weights: head boxes, licences, metrics and their commands, limits."""

    name: Annotated[Positional[str], arg(metavar="NAME")]
    """A model, or known weights as model.tag."""
    out: Path | None = None
    """The file to write; else it is printed."""

    def run(self) -> int:
        """Print or write it."""
        from sightline.models import catalogued, create
        from sightline.models.card import model_card

        if "." in self.name and ":" not in self.name:
            catalogued(self.name)  # raises for weights that are not known
        model = create(self.name if ":" in self.name else self.name.partition(".")[0])
        model.name = self.name
        card = model_card(model)
        if self.out is None:
            print(card)
            return 0
        if self.out.exists():
            raise FileExistsError(f"{self.out} exists already; name another file")
        with self.out.open("x", encoding="utf-8") as file:
            file.write(card)
        print(f"wrote {self.out}")
        return 0


def _report(name: str, stored: Stored) -> int:
    for note in stored.notes:
        print(note)
    print(f"{name} is here: {stored.path}")
    return 0


@contextmanager
def _progress() -> Iterator[Watch]:
    """A bar per file, on a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = [TextColumn("{task.description}"), BarColumn(), DownloadColumn()]
    columns += [TransferSpeedColumn(), TimeRemainingColumn()]
    quiet = not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bars:
        tasks = {}

        def watch(file: str, have: int, total: int | None) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(file, total=total)
            bars.update(tasks[file], completed=have, total=total)

        yield watch


@dataclass(kw_only=True)
class Convert:
    """Turn an official checkpoint into a safetensors file of ours, name by name, strictly.

    A file of ours is taken as well, to store it in half the space.
    """

    model: Annotated[Positional[str], arg(metavar="MODEL")]
    """The model that the checkpoint is of, for instance pdp."""
    checkpoint: Annotated[Positional[Path], arg(metavar="CHECKPOINT")]
    """The official file."""
    out: Annotated[Positional[Path], arg(metavar="OUT")]
    """The file to write."""
    half: bool = False
    """Store float16; a model is loaded in float32 all the same."""

    def run(self) -> int:
        """Convert, say what was left out, and write."""
        from sightline.models import read_model
        from sightline.models.weights import read_notes, save_weights

        if self.out.exists():
            raise FileExistsError(f"{self.out} exists already; name another file")
        model, notes = read_model(self.model, self.checkpoint)
        for note in notes:
            print(note)
        origin = read_notes(self.checkpoint).get("recipe", self.checkpoint.name)
        save_weights(model, self.out, name=self.model, half=self.half, origin=origin)
        print(f"wrote {self.out}")
        return 0
