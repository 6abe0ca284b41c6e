"""Gaze following: who looks at what in images, videos and panoramas."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sightline.batch import Batch
    from sightline.films import stream
    from sightline.gaze import Gaze
    from sightline.media.image import read_image
    from sightline.models import create, list_models, load
    from sightline.models.base import GazeModel
    from sightline.pictures import predict
    from sightline.recipe import Recipe, Stage
    from sightline.scene import Clip, Objects, Scene, Truth

_HOMES = {  # imported when first asked for, so that `sightline --help` needs no torch
    "sightline.batch": ("Batch",),
    "sightline.films": ("stream",),
    "sightline.gaze": ("Gaze",),
    "sightline.media.image": ("read_image",),
    "sightline.models": ("create", "list_models", "load"),
    "sightline.models.base": ("GazeModel",),
    "sightline.pictures": ("predict",),
    "sightline.recipe": ("Recipe", "Stage"),
    "sightline.scene": ("Clip", "Objects", "Scene", "Truth"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Batch",
    "Clip",
    "Gaze",
    "GazeModel",
    "Objects",
    "Recipe",
    "Scene",
    "Stage",
    "Truth",
    "create",
    "list_models",
    "load",
    "predict",
    "read_image",
    "stream",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'sightline' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
