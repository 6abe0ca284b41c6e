"""Where fetched files and the weights made of them are kept, and the switch that forbids fetching.

downloads/FILE                     as published, with FILE.json: address, size, hash, date
weights/MODEL.TAG.safetensors      ready to load, with MODEL.TAG.json: what it was made of
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

OFFLINE = ("SIGHTLINE_OFFLINE", "HF_HUB_OFFLINE")


def cache_folder() -> Path:
    """The folder in SIGHTLINE_CACHE, else `sightline` in the user's cache folder."""
    if given := os.environ.get("SIGHTLINE_CACHE"):
        return Path(given).expanduser()
    return _user_caches() / "sightline"


def _user_caches() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def downloads() -> Path:
    """The folder of files as published; what is in it is needed only to convert it again."""
    return cache_folder() / "downloads"


def cached(name: str) -> Path:
    """The file of known weights, "model.tag", in the cache, whether it is there or not."""
    return cache_folder() / "weights" / f"{name}.safetensors"


def note_of(path: Path) -> Path:
    """The JSON file beside a file of the cache that says where it came from."""
    return path.with_name(f"{path.name.removesuffix('.safetensors')}.json")


def offline_switch() -> str | None:
    """The environment variable that forbids fetching, as "NAME=1"; None if none does."""
    for name in OFFLINE:
        if (value := os.environ.get(name, "")).lower() in ("1", "true", "yes", "on"):
            return f"{name}={value}"
    return None
