"""Names to objects, imported when asked for: models, recipes, datasets."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any


class UnknownNameError(ValueError):
    """A name that nothing is registered under; the message lists the nearest."""


def resolve(name: str, known: Mapping[str, str], kind: str) -> Any:
    """The object behind a known name, or behind "module:attribute" or "file.py:attribute".

    Raises UnknownNameError, with the nearest known names, for anything else.
    """
    module, colon, attribute = known.get(name, name).rpartition(":")
    if not colon:
        raise unknown_name(name, known, kind)
    loaded = _module_of_file(Path(module)) if module.endswith(".py") else import_module(module)
    if not hasattr(loaded, attribute):
        raise UnknownNameError(f"{module} has no {kind} named {attribute!r}")
    return getattr(loaded, attribute)


def unknown_name(name: str, known: Mapping[str, Any], kind: str) -> UnknownNameError:
    """The error for a name that is not known, with the nearest names or all of them."""
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known)}"
    return UnknownNameError(f"there is no {kind} named {name!r}; {hint}")


def _module_of_file(path: Path) -> ModuleType:
    """A user's own Python file as a module, which worker processes can import by name too."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}; give the path of a Python file")
    sys.path.insert(0, str(path.resolve().parent))
    return import_module(path.stem)
