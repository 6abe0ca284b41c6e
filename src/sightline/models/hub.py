"""Models on the Hugging Face hub, and in folders laid out as there: strict, and without pickles."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast, get_type_hints

from huggingface_hub import ModelCard, PyTorchModelHubMixin, hf_hub_download

from sightline.models.cache import offline_switch
from sightline.provenance import write_json

if TYPE_CHECKING:
    from sightline.models.base import GazeModel

WEIGHTS, CONFIG = "model.safetensors", "config.json"


class OnHub(PyTorchModelHubMixin):
    """`from_pretrained`, `save_pretrained` and `push_to_hub` of every model.

    A folder holds model.safetensors, which `sightline.load` reads too, config.json with the model's
    name and config, and README.md, the model card.
    """

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **options: Any) -> Self:
        """A model of this class from a folder or from "owner/name" on the hub, to predict.

        `GazeModel.from_pretrained` gives the model that config.json names. options: `revision`,
        `token`, `cache_dir`, `local_files_only`, `force_download`; an offline switch sets the
        fourth. Raises WeightsError, listing the differing names, for weights that do not fit.
        """
        if offline_switch():
            options["local_files_only"] = True
        return super().from_pretrained(pretrained_model_name_or_path, **options)

    @classmethod
    def _from_pretrained(
        cls, *, model_id: str, config: Any = None, model: Any = None, **options: Any
    ) -> Self:
        del config, model  # read from config.json, but not strictly
        folder = Path(model_id)
        files = [
            folder / name if folder.is_dir() else Path(hf_hub_download(model_id, name, **options))
            for name in (CONFIG, WEIGHTS)
        ]
        return cast(Self, _read(cast("type[GazeModel]", cls), *files).eval())

    def _save_pretrained(self, save_directory: Path) -> None:
        from sightline.models.weights import save_weights

        model = cast("GazeModel", self)
        kind = kind_of(model)
        save_weights(model, save_directory / WEIGHTS, name=kind, weights=model.name or kind)
        write_json(save_directory / CONFIG, {"model": kind, "config": asdict(model.config)})

    def generate_model_card(self, *args: Any, **kwargs: Any) -> ModelCard:
        """The card that goes with the weights as README.md."""
        from sightline.models.card import model_card

        del args, kwargs  # for templates of others
        return ModelCard(model_card(cast("GazeModel", self)))


def kind_of(model: GazeModel) -> str:
    """The model's name without that of its weights; the class for one that has no name."""
    name = model.name or type(model).__name__
    return name if ":" in name else name.partition(".")[0]


def _read(kind: type[GazeModel], config: Path, path: Path) -> GazeModel:
    from sightline.models import MODELS, read_model
    from sightline.models.weights import WeightsError, read_notes

    about = json.loads(config.read_text(encoding="utf-8"))
    metadata = read_notes(path)
    noted = {"model": metadata.get("model"), "config": json.loads(metadata.get("config", "null"))}
    if about != noted:
        raise WeightsError(f"{config} and {path} are of different models; take both anew")
    # never by a name that would import a module: the file comes from outside
    model = read_model(about["model"], path)[0] if about["model"] in MODELS else _own(kind, path)
    if not isinstance(model, kind):
        raise WeightsError(f"{path} is of {about['model']}, which is no {kind.__name__}")
    model.name = metadata.get("weights") or str(about["model"])
    return model


def _own(kind: type[GazeModel], path: Path) -> GazeModel:
    """A model of the user's own class, which no name of ours stands for."""
    from sightline.models.weights import WeightsError, config_from_json, read_state, require_match

    state, metadata = read_state(path)
    settings = get_type_hints(kind.__init__).get("config")
    if settings is None:
        raise WeightsError(
            f"{path} is of {metadata['model']}, which is no model of this package; load it by its "
            "own class, CLASS.from_pretrained(...)"
        )
    model = kind(config_from_json(settings, metadata["config"]))
    require_match(model, state)
    model.load_state_dict(state)
    return model
