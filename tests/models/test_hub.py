"""Models in the form of the Hugging Face hub: round trips, strictness, cards; nothing is sent."""

import json
import re
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch
from huggingface_hub import HfApi, ModelCard
from safetensors.torch import load_file, save_file

import sightline
from sightline.models import MODELS, create, load
from sightline.models.base import GazeModel
from sightline.models.card import model_card
from sightline.models.gatector.model import GaTector
from sightline.models.pdp.model import PDP, PDPConfig
from sightline.models.weights import WeightsError
from sightline.registry import UnknownNameError

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}


class Own(PDP):
    """A user's own model."""

    def __init__(self, config: PDPConfig) -> None:
        super().__init__(config)
        self.more = torch.nn.Linear(1, 1)


@pytest.fixture
def model() -> GazeModel:
    return create("pdp-small", width=4)


@pytest.fixture
def folder(model: GazeModel, tmp_path: Path) -> Path:
    model.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("kind", [GazeModel, PDP])
def test_a_saved_model_comes_back_whole(
    model: GazeModel, folder: Path, kind: type[GazeModel]
) -> None:
    again = kind.from_pretrained(folder)
    assert type(again) is PDP
    assert again.config == model.config
    assert again.name == "pdp-small"
    assert not again.training
    assert again.state_dict().keys() == model.state_dict().keys()
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


def test_the_folder_names_the_model_and_load_reads_its_weights(
    model: GazeModel, folder: Path
) -> None:
    assert {file.name for file in folder.iterdir()} == {
        "README.md",
        "config.json",
        "model.safetensors",
    }
    about = json.loads((folder / "config.json").read_text())
    assert about["model"] == "pdp-small"
    assert about["config"]["width"] == 4
    assert load("pdp-small", folder / "model.safetensors").config == model.config


def test_known_weights_keep_their_name(tmp_path: Path) -> None:
    load("pdp-small.synthetic").save_pretrained(tmp_path)
    assert GazeModel.from_pretrained(tmp_path).name == "pdp-small.synthetic"
    assert "# pdp-small.synthetic" in (tmp_path / "README.md").read_text()


def test_a_users_own_model_comes_back_by_its_own_class(tmp_path: Path) -> None:
    own = Own(PDPConfig(**TINY))
    own.save_pretrained(tmp_path)
    again = Own.from_pretrained(tmp_path)
    assert torch.equal(again.more.weight, own.more.weight)
    with pytest.raises(WeightsError, match=r"is of Own, .* own class"):
        GazeModel.from_pretrained(tmp_path)


def test_a_model_of_another_class_is_refused(folder: Path) -> None:
    with pytest.raises(WeightsError, match="is of pdp-small, which is no GaTector"):
        GaTector.from_pretrained(folder)


def test_weights_that_lack_a_name_are_refused_by_it(folder: Path) -> None:
    file = folder / "model.safetensors"
    state = load_file(file)
    config = json.dumps(json.loads((folder / "config.json").read_text())["config"])
    state.pop("tokens.outside")
    save_file(state, file, metadata={"model": "pdp-small", "config": config})
    with pytest.raises(WeightsError, match=r"1 missing: tokens\.outside"):
        GazeModel.from_pretrained(folder)


def test_a_config_that_is_not_that_of_the_weights_is_refused(folder: Path) -> None:
    about = json.loads((folder / "config.json").read_text())
    about["config"]["image_size"] = 64
    (folder / "config.json").write_text(json.dumps(about))
    with pytest.raises(WeightsError, match="of different models"):
        GazeModel.from_pretrained(folder)


def test_a_name_from_outside_imports_nothing(model: GazeModel, tmp_path: Path) -> None:
    (tmp_path / "trap.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\n")
    model.name = f"{tmp_path / 'trap.py'}:factory"
    model.save_pretrained(tmp_path / "model")
    with pytest.raises(WeightsError, match="no model of this package"):
        GazeModel.from_pretrained(tmp_path / "model")
    assert not (tmp_path / "sprung").exists()


def test_pushing_uploads_weights_config_and_card(
    model: GazeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: dict[str, Any] = {}

    def create_repo(self: HfApi, repo_id: str, **_: object) -> huggingface_hub.RepoUrl:
        return huggingface_hub.RepoUrl(f"https://huggingface.co/{repo_id}")

    def upload_folder(self: HfApi, *, repo_id: str, folder_path: Path, **_: object) -> str:
        sent[repo_id] = {file.name: file.read_bytes() for file in folder_path.iterdir()}
        return "done"

    monkeypatch.setattr(HfApi, "create_repo", create_repo)
    monkeypatch.setattr(HfApi, "upload_folder", upload_folder)
    assert model.push_to_hub("somebody/gaze") == "done"
    files = sent["somebody/gaze"]
    assert files.keys() == {"README.md", "config.json", "model.safetensors"}
    assert json.loads(files["config.json"])["model"] == "pdp-small"


def test_offline_the_hub_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_OFFLINE", "1")
    with pytest.raises(huggingface_hub.errors.LocalEntryNotFoundError):
        GazeModel.from_pretrained("somebody/gaze-that-is-not-here")


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        (
            "pdp-small",
            "pdp-small.synthetic",
            ["license: apache-2.0", "rendered", "enlarges boxes itself, by about 10%"],
        ),
        ("pdp-small", "pdp-nodepth.gazefollow", ["license: other", "GazeFollow: pictures"]),
        ("pdp-small", "pdp-small", ["whoever gives them away", "evaluate BENCHMARK"]),
        (
            "gatector-small",
            "gatector.goo-synth",
            ["| wuoc | 0.811 |", "goo-synth-test", "enlarges"],
        ),
        (
            "gazelle-small",
            "gazelle-vitl14-inout.vat",
            ["license: mit", "takes boxes as they are", "0.937"],
        ),
    ],
)
def test_a_card_tells_boxes_licences_metrics_and_limits(
    kind: str, name: str, says: list[str]
) -> None:
    model = create(kind)
    model.name = name
    card = model_card(model)
    for words in [*says, "by edges", "whole head", "## Intended use", "## Failure cases"]:
        assert words in card, words
    assert re.search(r"\]\((?!http)", card) is None, "a card has no links into this repository"
    assert ModelCard(card).data.library_name == "sightline"


def test_limits_of_a_card_are_those_of_the_readme() -> None:
    card = model_card(load("pdp-small.synthetic"))
    assert "It has seen what its training data show" in card.partition("## Failure cases")[2]


def test_a_created_model_bears_its_name() -> None:
    assert sightline.create("pdp-small").name == "pdp-small"
    with pytest.raises(UnknownNameError):
        create("pdp-smal")
    assert "pdp-small" in MODELS
