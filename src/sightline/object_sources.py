"""Where objects come from: the choice of a source by the words of `--objects`."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from sightline.geometry.boxes import to_pixels
from sightline.media.objectfiles import read_objects
from sightline.media.objects import ObjectSource, TransformersObjects
from sightline.models import load
from sightline.models.base import GazeModel
from sightline.registry import UnknownNameError
from sightline.scene import Objects, Scene

CHOICES = (
    "a file of boxes (JSON, COCO, CSV), a folder of Pascal VOC files, the folder of a transformers "
    "detector, known weights of a model that detects (gatector.TAG), or MODEL:FILE with its weights"
)


def choose_objects(spec: str | Path, *, device: str = "cpu") -> ObjectSource:
    """The table or detector that a path or a name stands for; see `CHOICES`.

    Raises FileNotFoundError or ValueError for what is no source of objects, and what `load` raises.
    """
    path = Path(spec)
    if path.is_dir() and (path / "config.json").exists():
        return TransformersObjects(path)
    if path.exists():
        return read_objects(path)
    name, _, weights = str(spec).partition(":")
    try:
        model = load(name, weights or None, device=device)
    except UnknownNameError as error:
        raise FileNotFoundError(
            f"Objects {spec}: no such file, folder or model. Give {CHOICES}."
        ) from error
    if not model.finds_objects:
        raise ValueError(f"{name} is a model that finds no objects. Give {CHOICES}.")
    return ModelObjects(model)


class ModelObjects:
    """The objects that a model of ours finds, whatever it says of gaze."""

    def __init__(self, model: GazeModel) -> None:
        self.model = model

    def __call__(self, path: Path, image: Tensor) -> Objects:  # noqa: ARG002
        """The objects in a picture (3, H, W) uint8 RGB."""
        scene = Scene(image, torch.zeros(0, 4))
        found = self.model.predict([scene])[0].objects
        assert found is not None
        return Objects(
            to_pixels(found.boxes, scene.size), found.labels, found.scores, found.classes
        )
