"""Writing a model as an ONNX file that says what it is."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sightline.export.graph import DESCRIPTIONS, Graph, graph_of
from sightline.models.base import GazeModel
from sightline.models.gatector.model import OVERLAP

KEY = "sightline"
"""Of the metadata of the file, which are JSON."""


def export_onnx(
    model: GazeModel, path: Path, *, half: bool = False, notes: Mapping[str, Any] | None = None
) -> None:
    """Write `model`, with its preprocessing, as an ONNX file; one of that name is replaced.

    half: weights and most of the arithmetic in float16, see `Graph`.
    notes: go into the file's metadata, for instance name, weights and licence.

    Raises ImportError without the extra `export`, ValueError for a model that cannot be exported.
    """
    _require()
    graph = graph_of(deepcopy(model).cpu().eval(), half=half)
    example = graph.example()
    if half:
        _halve(graph, example)
    with torch.no_grad(), _quiet():
        outputs = list(graph(**example)) if not half else list(graph_of(model)(**example))
        program = torch.onnx.export(
            graph,
            kwargs=example,
            dynamic_shapes={name: graph.shapes()[name] for name in example},
            input_names=list(example),
            output_names=outputs,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    about = describe(graph, list(example), outputs) | dict(notes or {})
    program.model.metadata_props[KEY] = json.dumps(about)
    path.parent.mkdir(parents=True, exist_ok=True)
    program.save(path)


def describe(graph: Graph, inputs: list[str], outputs: list[str]) -> dict[str, Any]:
    """What a file says about itself, so that `sightline.onnx_model` can run it."""
    model = graph.model
    objects = {"classes": model.config.classes, "overlap": OVERLAP} if model.finds_objects else {}
    return {
        "config": asdict(model.config),
        "precision": "float16" if graph.half else "float32",
        "projection": model.projections[0],
        "clip_length": model.clip_length,
        "least_score": model.least_score,
        "inputs": {name: DESCRIPTIONS[name] for name in inputs},
        "outputs": {name: DESCRIPTIONS[name] for name in outputs},
        **objects,
    }


def _require() -> None:
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"exporting needs {error.name}: pip install 'sightline[export]'"
        ) from error


def _halve(graph: Graph, example: dict[str, torch.Tensor]) -> None:
    """Store in float16 the layers that run under autocast; models shut the others out of it."""
    seen: dict[nn.Module, bool] = {}

    def note(module: nn.Module, _: Any) -> None:
        seen[module] = seen.get(module, True) and torch.is_autocast_enabled("cpu")

    leaves = [m for m in graph.model.modules() if not any(m.children())]
    hooks = [leaf.register_forward_pre_hook(note) for leaf in leaves]
    with torch.no_grad():
        graph(**example)
    for hook in hooks:
        hook.remove()
    for module, lowered in seen.items():
        if lowered:
            module.half()


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter warns of what is meant: lengths that inputs share, opsets, torchvision."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
