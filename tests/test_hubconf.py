"""The entries of torch.hub, loaded from this checkout as torch.hub does."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import torch

from sightline.models import MODELS, load, obtain
from sightline.models.base import GazeModel
from sightline.models.download import DownloadError

ROOT = str(Path(__file__).parents[1])


@pytest.fixture
def hubconf(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr("sys.path", list(sys.path))
    spec = spec_from_file_location("hubconf", f"{ROOT}/hubconf.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_model_is_an_entry_and_nothing_else(hubconf: ModuleType) -> None:
    entries = {n for n in dir(hubconf) if callable(getattr(hubconf, n)) and not n.startswith("_")}
    assert entries == {name.replace("-", "_") for name in MODELS}
    assert "tag: which of the weights" in hubconf.gazelle_vitb14.__doc__


def test_an_entry_gives_the_model_with_known_weights() -> None:
    model = torch.hub.load(ROOT, "pdp_small", source="local")
    assert isinstance(model, GazeModel)
    assert model.name == "pdp-small.synthetic"
    for name, tensor in load("pdp-small.synthetic").state_dict().items():
        assert torch.equal(model.state_dict()[name], tensor), name


def test_an_entry_without_weights_takes_settings() -> None:
    model = torch.hub.load(ROOT, "pdp_small", source="local", pretrained=False, width=4)
    assert isinstance(model, GazeModel)
    assert model.config.width == 4


def test_weights_that_are_not_here_are_pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    pulled = []

    def pull(name: str) -> None:
        pulled.append(name)
        raise DownloadError("not in a test")

    monkeypatch.setattr(obtain, "pull", pull)
    with pytest.raises(DownloadError):
        torch.hub.load(ROOT, "gazelle_vitl14_inout", source="local")
    with pytest.raises(DownloadError):
        torch.hub.load(ROOT, "gazelle_vitl14", source="local", tag="gazefollow")
    assert pulled == ["gazelle-vitl14-inout.vat", "gazelle-vitl14.gazefollow"]


def test_weights_that_nobody_publishes_say_where_to_get_them() -> None:
    with pytest.raises(FileNotFoundError, match="qiaomu-miao"):
        torch.hub.load(ROOT, "pdp_nodepth", source="local")
