"""Writing a model as an ONNX file that says what it is."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from sightline.export.graph import DESCRIPTIONS, Graph, graph_of
from sightline.export.heads import head_detector_program
from sightline.models.base import GazeModel
from sightline.models.gatector.grid import OVERLAP
from sightline.models.gazelle.preprocess import WholePicture
from sightline.models.head_detector.model import HeadDetectorModel

if TYPE_CHECKING:
    import onnx_ir as ir

KEY = "sightline"
"""Of the metadata of the file, which are JSON."""
LOWERED = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.BatchNorm2d)
"""What autocast computes in float16, and what follows it; it keeps LayerNorm in float32."""


def export_onnx(
    model: GazeModel, path: Path, *, half: bool = False, notes: Mapping[str, Any] | None = None
) -> None:
    """Write `model`, with its preprocessing, as an ONNX file; one of that name is replaced.

    half: weights and most of the arithmetic in float16, see `Graph`.
    notes: go into the file's metadata, for instance name, weights and licence.

    Raises ImportError without the extra `export`, ValueError for a model that cannot be exported.
    """
    _require()
    path.parent.mkdir(parents=True, exist_ok=True)
    model = deepcopy(model).cpu().eval()
    with torch.no_grad(), _quiet():
        if isinstance(model, HeadDetectorModel):
            program = head_detector_program(model, half=half)
        else:
            program = _program(graph_of(model, half=half))
    about = describe(model, program) | {"precision": "float16" if half else "float32"}
    program.metadata_props[KEY] = json.dumps(about | dict(notes or {}))
    import onnx_ir as ir

    ir.save(program, path)


def _program(graph: Graph) -> ir.Model:
    """The graph with everything free that can be."""
    example = graph.example()
    outputs = list(graph(**example))
    if graph.halved:
        _halve(graph, example)
    program = torch.onnx.export(
        graph,
        kwargs=example,
        dynamic_shapes={name: graph.shapes()[name] for name in example},
        input_names=list(example),
        output_names=outputs,
        custom_translation_table=_translations(),
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    return program.model


def describe(model: GazeModel, program: ir.Model) -> dict[str, Any]:
    """What a file says about itself, so that `sightline.onnx_model` can run it."""
    objects = {"classes": model.config.classes, "overlap": OVERLAP} if model.finds_objects else {}
    return {
        "config": asdict(model.config),
        "projection": model.projections[0],
        "clip_length": model.clip_length,
        "least_score": model.least_score,
        "needs_heads": not isinstance(model.preprocess, WholePicture),
        "inputs": _described(program.graph.inputs),
        "outputs": _described(program.graph.outputs),
        **objects,
    }


def _described(values: Iterable[ir.Value]) -> dict[str, str]:
    names = [value.name or "" for value in values]
    return {name: DESCRIPTIONS[name] for name in names}


def _require() -> None:
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"exporting needs {error.name}: pip install 'sightline[export]'"
        ) from error


def _translations() -> dict[Any, Callable[..., Any]]:
    """What the exporter does not know."""
    from onnxscript import opset18

    op: Any = opset18

    def hypot(x: Any, y: Any) -> Any:
        return op.Sqrt(op.Add(op.Mul(x, x), op.Mul(y, y)))

    # The exporter's own take no lengths of pictures for the number, which are tensors in the graph.
    def times(x: Any, number: Any) -> Any:
        return op.Mul(x, op.CastLike(number, x))

    def remainder(x: Any, number: Any) -> Any:
        number = op.CastLike(number, x)
        if x.dtype.is_floating_point():
            return op.Sub(x, op.Mul(op.Floor(op.Div(x, number)), number))
        return op.Mod(x, number)

    return {
        torch.ops.prims.hypot.default: hypot,
        torch.ops.aten.mul.Scalar: times,
        torch.ops.aten.remainder.Scalar: remainder,
    }


def _halve(graph: Graph, example: dict[str, torch.Tensor]) -> None:
    """Store in float16 the layers that run under autocast; models shut the others out of it."""
    seen: dict[nn.Module, bool] = {}

    def note(module: nn.Module, _: Any) -> None:
        seen[module] = seen.get(module, True) and torch.is_autocast_enabled("cpu")

    leaves = [module for module in graph.model.modules() if isinstance(module, LOWERED)]
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
