"""Weights on disk: strict loading that names what differs, and no pickled code, ever."""

from __future__ import annotations

import dataclasses
import json
import pickle
import struct
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from sightline.models.base import GazeModel

State = dict[str, Tensor]
"""Tensors by name, of a model or a checkpoint."""
DAMAGED = (  # what PyTorch's reader raises on files that are no checkpoints
    pickle.UnpicklingError,
    struct.error,
    RuntimeError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    SafetensorError,
)


class WeightsError(ValueError):
    """Weights that do not fit, or a file that cannot be read; the message says why."""


def read_state(path: Path) -> tuple[State, dict[str, str]]:
    """Tensors by name and the metadata of a safetensors file or a PyTorch checkpoint.

    Of a checkpoint, the content of the key `state_dict` or `model` is taken and a leading `module.`
    dropped. Raises FileNotFoundError, or WeightsError for a file that is no weights file or that
    holds code.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no weights file at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except SafetensorError:
        return _read_checkpoint(path), {}


def read_notes(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file without its tensors; none of another kind of file."""
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except SafetensorError:
        return {}


def _read_checkpoint(path: Path) -> State:
    try:
        with warnings.catch_warnings(action="ignore"):  # about how a file was pickled
            content = torch.load(path, map_location="cpu", weights_only=True)
    except DAMAGED as error:
        raise WeightsError(
            f"{path} is refused: neither safetensors nor a PyTorch checkpoint of plain tensors "
            "(it is damaged, or it holds code that would run on loading); ask its author for "
            "safetensors, or for torch.save of a state_dict alone"
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if not isinstance(content, dict) or not all(isinstance(v, Tensor) for v in content.values()):
        raise WeightsError(f"{path} holds no weights: expected a dictionary of tensors by name")
    return {name.removeprefix("module."): tensor for name, tensor in content.items()}


def require_match(model: nn.Module, state: State, *, missing_ok: Collection[str] = ()) -> None:
    """Raise WeightsError, listing the differing names, unless `state` fits `model` name by name."""
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    given = {name: tuple(tensor.shape) for name, tensor in state.items()}
    shapes = [n for n in wanted.keys() & given.keys() if wanted[n] != given[n]]
    lists = {
        "missing": sorted(wanted.keys() - given.keys() - set(missing_ok)),
        "unknown": sorted(given.keys() - wanted.keys()),
        "other shape": [f"{n} {given[n]} instead of {wanted[n]}" for n in sorted(shapes)],
    }
    if any(lists.values()):
        parts = [f"{len(some)} {what}: {_shorten(some)}" for what, some in lists.items() if some]
        raise WeightsError(f"the weights are of another model; {'; '.join(parts)}")


def _shorten(names: list[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def load_part(model: nn.Module, state: State) -> list[str]:
    """Load weights that need not be all of the model's; a note names those that it keeps.

    Raises WeightsError when one is unknown or of another shape.
    """
    fresh = model.state_dict()
    missing = fresh.keys() - state.keys()
    require_match(model, state, missing_ok=missing)
    model.load_state_dict(fresh | state)
    return (
        [f"not in the file, initial values kept: {', '.join(sorted(missing))}"] if missing else []
    )


def save_weights(
    model: GazeModel, path: Path, *, name: str, half: bool = False, **notes: str
) -> None:
    """Write `model` as safetensors, with its name and config so that `load` can rebuild it.

    The file is there whole or not at all; OSError if it cannot be written.

    `half` stores float16 (for shipping). `notes` go into the file's metadata, for instance licence
    and origin.
    """
    state = {key: tensor.detach().cpu().contiguous() for key, tensor in model.state_dict().items()}
    if half:
        state = {k: t.half() if t.is_floating_point() else t for k, t in state.items()}
    config = json.dumps(dataclasses.asdict(model.config))
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        save_file(state, unfinished, metadata={"model": name, "config": config, **notes})
        _sort_notes(unfinished)
        unfinished.replace(path)
    except SafetensorError as error:  # in which a full disk is hidden
        raise OSError(f"{path} cannot be written ({error}); check the disk") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _sort_notes(path: Path) -> None:
    """Give the metadata of a safetensors file an order, so that equal files have equal hashes."""
    with path.open("r+b") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
        assert len(text) <= length, "the order alone changed"
        file.seek(8)
        file.write(text.ljust(length))


def config_from_json(kind: type, text: str) -> Any:
    """The frozen config dataclass `kind` from the JSON that `save_weights` wrote."""
    values = {name: _as_tuple(value) for name, value in json.loads(text).items()}
    unknown = values.keys() - {f.name for f in dataclasses.fields(kind)}
    if unknown:
        raise WeightsError(f"{kind.__name__} does not know these settings: {unknown}")
    return kind(**values)


def _as_tuple(value: Any) -> Any:
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value
