"""Golden inputs: deterministic tensors by name, and whole states of official checkpoints."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import torch


def fill(golden: Path):
    spec = importlib.util.spec_from_file_location("fill", golden / "fill.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def layout(golden: Path, file: str) -> dict[str, torch.Tensor]:
    """Random tensors under the names and in the shapes of an official checkpoint."""
    shapes = json.loads((golden / file).read_text())
    return {name: torch.rand(shape) for name, shape in shapes.items()}


def official(golden: Path, layout: str) -> dict[str, torch.Tensor]:
    arrays = fill(golden).state_dict(golden / layout)
    return {name: torch.from_numpy(np.asarray(array)) for name, array in arrays.items()}
