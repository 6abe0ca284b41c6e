"""Models and recipes by name: `create` a fresh model, `load` one with weights, find a recipe."""

from __future__ import annotations

from dataclasses import fields, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sightline.models.catalogue import catalogued, find_weights, known_weights, weights_catalogue
from sightline.registry import UnknownNameError, resolve

if TYPE_CHECKING:
    from sightline.models.base import GazeModel
    from sightline.models.weights import State
    from sightline.recipe import Recipe

__all__ = [
    "MODELS",
    "RECIPES",
    "catalogued",
    "convert",
    "create",
    "find_recipe",
    "find_weights",
    "initialise",
    "known_weights",
    "list_models",
    "load",
    "read_model",
    "weights_catalogue",
]

MODELS = {  # name: "module:factory"
    "pdp": "sightline.models.pdp.model:pdp",
    "pdp-nodepth": "sightline.models.pdp.model:pdp_nodepth",
    "pdp-small": "sightline.models.pdp.model:pdp_small",
    "pdp-video": "sightline.models.pdp.video:pdp_video",
    "pdp-video-nodepth": "sightline.models.pdp.video:pdp_video_nodepth",
    "chong2020": "sightline.models.chong2020.model:chong2020",
    "chong2020-video": "sightline.models.chong2020.video:chong2020_video",
    "gatector": "sightline.models.gatector.model:gatector",
    "gatector-small": "sightline.models.gatector.model:gatector_small",
    "gatector-detector": "sightline.models.gatector.detector:gatector_detector",
    "gazefollow360": "sightline.models.gazefollow360.model:gazefollow360",
    "gazefollow360-released": "sightline.models.gazefollow360.model:gazefollow360_released",
    "gazefollow360-small": "sightline.models.gazefollow360.model:gazefollow360_small",
    "gazelle-vitb14": "sightline.models.gazelle.model:gazelle_vitb14",
    "gazelle-vitb14-inout": "sightline.models.gazelle.model:gazelle_vitb14_inout",
    "gazelle-vitl14": "sightline.models.gazelle.model:gazelle_vitl14",
    "gazelle-vitl14-inout": "sightline.models.gazelle.model:gazelle_vitl14_inout",
    "gazelle-pdp": "sightline.models.gazelle.model:gazelle_pdp",
    "gazelle-small": "sightline.models.gazelle.model:gazelle_small",
    "gazelle-small-pdp": "sightline.models.gazelle.model:gazelle_small_pdp",
    "head-detector": "sightline.models.head_detector.model:head_detector",
}
RECIPES = {  # name: "module:function"
    "pdp-gazefollow": "sightline.models.pdp.recipe:pdp_gazefollow",
    "pdp-gazefollow-nodepth": "sightline.models.pdp.recipe:pdp_gazefollow_nodepth",
    "pdp-small-synthetic": "sightline.models.pdp.recipe:pdp_small_synthetic",
    "pdp-vat": "sightline.models.pdp.recipe:pdp_vat",
    "pdp-vat-nodepth": "sightline.models.pdp.recipe:pdp_vat_nodepth",
    "chong2020-gazefollow": "sightline.models.chong2020.recipe:chong2020_gazefollow",
    "chong2020-vat": "sightline.models.chong2020.recipe:chong2020_vat",
    "gatector-goo-synth": "sightline.models.gatector.recipe:gatector_goo_synth",
    "gatector-goo-synth-released": "sightline.models.gatector.recipe:gatector_goo_synth_released",
    "gatector-goo-real": "sightline.models.gatector.recipe:gatector_goo_real",
    "gatector-detector-goo-real": "sightline.models.gatector.recipe:gatector_detector_goo_real",
    "gatector-small-synthetic": "sightline.models.gatector.recipe:gatector_small_synthetic",
    "gazefollow360": "sightline.models.gazefollow360.recipe:gazefollow360",
    "gazefollow360-released": "sightline.models.gazefollow360.recipe:gazefollow360_released",
    "gazefollow360-small-synthetic": (
        "sightline.models.gazefollow360.recipe:gazefollow360_small_synthetic"
    ),
    "gazelle-gazefollow": "sightline.models.gazelle.recipe:gazelle_gazefollow",
    "gazelle-gazefollow-vitl14": "sightline.models.gazelle.recipe:gazelle_gazefollow_vitl14",
    "gazelle-vat": "sightline.models.gazelle.recipe:gazelle_vat",
    "gazelle-vat-vitl14": "sightline.models.gazelle.recipe:gazelle_vat_vitl14",
    "gazelle-pdp": "sightline.models.gazelle.recipe:gazelle_pdp",
    "gazelle-small-synthetic": "sightline.models.gazelle.recipe:gazelle_small_synthetic",
    "gazelle-small-pdp": "sightline.models.gazelle.recipe:gazelle_small_pdp",
    "head-detector": "sightline.models.head_detector.recipe:head_detector",
}
CONVERTERS = (  # modules with `convert` and `initialise` for official checkpoints of the package
    "sightline.models.pdp.convert",
    "sightline.models.chong2020.convert",
    "sightline.models.gatector.convert",
    "sightline.models.gazefollow360.convert",
    "sightline.models.gazelle.convert",
)


def create(name: str, **overrides: object) -> GazeModel:
    """A fresh model with random weights; `overrides` change fields of its config.

    Raises UnknownNameError for an unknown name, TypeError for a field that there is not.
    """
    model = resolve(name, MODELS, "model")(**overrides)
    model.name = name
    return model


def load(
    name: str,
    weights: str | Path | None = None,
    *,
    device: str = "cpu",
    precision: str = "auto",
) -> GazeModel:
    """A model with weights, ready for `predict`.

    name: a model ("pdp", or your own "file.py:factory") with `weights`, or known weights
    ("pdp-small.synthetic", model and tag), which must be in the package or have been pulled.
    weights: a safetensors file of ours, or an official checkpoint, which is converted strictly.
    device: as PyTorch names it: "cpu", "cuda", "cuda:1", "mps".
    precision: "float32", "bfloat16", or "auto", which takes bfloat16 where the device computes it
    fast.

    Raises UnknownNameError, FileNotFoundError without a weights file, and WeightsError,
    listing the differing names, for weights of another model.
    """
    from sightline.models.precision import choose_precision, prepare

    kind = name if ":" in name else name.partition(".")[0]
    model, _ = read_model(kind, Path(weights) if weights else known_weights(name))
    model.name = kind if weights else name
    return prepare(model, device, choose_precision(precision, device))


def read_model(name: str, path: Path) -> tuple[GazeModel, list[str]]:
    """The model `name` with the weights of a file of ours or of an official checkpoint.

    And notes in words on what of an official one was left out. Raises FileNotFoundError, and
    WeightsError, listing the differing names, for weights of another model.
    """
    from sightline.models.weights import (
        WeightsError,
        config_from_json,
        read_state,
        require_match,
    )

    resolve(name, MODELS, "model")  # an unknown name is told before a large file is read
    state, metadata = read_state(path)
    if "config" not in metadata:
        return convert(name, state)
    model = create(name)
    if ":" in name or metadata.get("model") == name:  # a factory's path is spelt in many ways
        config = config_from_json(type(model.config), metadata["config"])
        if config != model.config:  # one that differs from the default was saved on purpose
            model = type(model)(config)
            model.name = name
    try:
        require_match(model, state)
    except WeightsError as error:
        saved = metadata.get("model", "a model without a name")
        raise WeightsError(f"{path} holds weights of {saved}, not of {name}: {error}") from error
    model.load_state_dict(state)
    return model, []


def convert(name: str, official: State) -> tuple[GazeModel, list[str]]:
    """The model `name` from an official checkpoint, and notes in words on what was left out.

    Raises WeightsError, listing the differing names, for a checkpoint of another model.
    """
    import torch

    from sightline.models.weights import WeightsError

    with torch.device("meta"):  # its class and config are all that is wanted of it
        wanted = create(name)
    converter = _converter(wanted)
    if converter is None:
        raise UnknownNameError(f"no official checkpoints are known for {name!r}")
    model, notes = converter.convert(official)
    if model.config != wanted.config:
        found = _difference(model.config, wanted.config)
        raise WeightsError(f"the checkpoint is of another model than {name}: {found}")
    model.name = name
    return model, notes


def _difference(found: Any, wanted: Any) -> str:
    """A config in words, by what it has other than the wanted one."""
    values = {field.name: getattr(found, field.name) for field in fields(found)}
    other = {k: v for k, v in values.items() if v != getattr(wanted, k, None)}
    return f"{type(found).__name__.removesuffix('Config')} with {other}"


def initialise(model: GazeModel, state: State) -> list[str]:
    """Start `model` from official weights or those of a relative; notes say what went where.

    A model without relatives takes only what fits it as a whole; raises WeightsError otherwise.
    """
    from sightline.models.weights import require_match

    if converter := _converter(model):
        return converter.initialise(model, state)
    require_match(model, state)
    model.load_state_dict(state)
    return []


def _converter(model: GazeModel) -> Any:
    """The converter beside the model's class, also for a user's own sizes of it; None without."""
    packages = {kind.__module__.rpartition(".")[0] for kind in type(model).__mro__}
    known = [name for name in CONVERTERS if name.rpartition(".")[0] in packages]
    return import_module(known[0]) if known else None


def find_recipe(name: str, **changes: Any) -> Recipe:
    """The recipe of that name or "file.py:function", with `changes` to fields of all its stages.

    A schedule that lasts all epochs of its stage goes on doing so. Raises UnknownNameError, and
    ValueError for a number below 1; None changes nothing.
    """
    recipe: Recipe = resolve(name, RECIPES, "recipe")()
    changes = {key: value for key, value in changes.items() if value is not None}
    for key, value in changes.items():
        if value < 1:
            raise ValueError(f"{key} = {value}: a recipe needs at least 1")
    return replace(recipe, stages=tuple(stage.changed(**changes) for stage in recipe.stages))


def list_models() -> list[str]:
    """Names for `create`, and for `load` with a weights file."""
    return list(MODELS)
