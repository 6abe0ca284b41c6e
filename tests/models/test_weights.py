"""Weights on disk: containers, refusals, and errors that name what differs."""

import pickle
from pathlib import Path

import pytest
import torch

from sightline.models import create, initialise, load, read_model
from sightline.models.base import GazeModel
from sightline.models.precision import choose_precision
from sightline.models.weights import WeightsError, read_state, save_weights
from sightline.registry import UnknownNameError

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}


@pytest.mark.parametrize("container", [None, "state_dict", "model"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_official_containers_and_prefixes_are_read(
    tmp_path: Path, container: str | None, prefix: str
) -> None:
    state = {f"{prefix}layer.weight": torch.arange(3.0)}
    content = {container: state, "lr": 0.1} if container else state
    torch.save(content, tmp_path / "w.pt")
    found, _ = read_state(tmp_path / "w.pt")
    assert torch.equal(found["layer.weight"], torch.arange(3.0))


def test_a_checkpoint_that_runs_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    trap = tmp_path / "sprung"

    class Malicious:
        def __reduce__(self):
            return (Path.touch, (trap,))

    torch.save({"state_dict": Malicious()}, tmp_path / "bad.pt")
    (tmp_path / "raw.pt").write_bytes(pickle.dumps(Malicious()))
    for name in ("bad.pt", "raw.pt"):
        with pytest.raises(WeightsError, match="is refused"):
            read_state(tmp_path / name)
    assert not trap.exists()


@pytest.mark.parametrize(
    "content", [b"", b"no weights at all", b"something else", b"PK\x03\x04 broken"]
)
def test_a_damaged_file_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(WeightsError, match="is refused"):
        read_state(tmp_path / "w.pt")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.pt"):
        read_state(tmp_path / "gone.pt")


def test_weights_of_another_model_are_refused_by_name(tmp_path: Path) -> None:
    save_weights(create("pdp-small", depth=True), tmp_path / "w.safetensors", name="pdp")
    with pytest.raises(WeightsError, match=r"another model; .*scene_trunk\.stem\.0\.weight"):
        read_model("pdp-small", tmp_path / "w.safetensors")


def test_saved_settings_rebuild_the_model(tmp_path: Path) -> None:
    model = create("pdp-nodepth", **TINY, as_released=False)
    save_weights(model, tmp_path / "w.safetensors", name="pdp-nodepth", half=True)
    loaded = load("pdp-nodepth", tmp_path / "w.safetensors", precision="float32")
    assert loaded.config == model.config
    largest = max(p.abs().max().item() for p in model.parameters())
    for a, b in zip(model.parameters(), loaded.parameters(), strict=True):
        assert b.dtype == torch.float32
        assert (a - b).abs().max() <= 1e-3 * largest, "half precision is all that was lost"


def test_unknown_names_list_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean pdp-nodepth"):
        create("pdp-nodpth")
    with pytest.raises(UnknownNameError, match="names no weights"):
        load("pdp")


def test_weights_that_are_not_in_the_package_say_how_to_get_them() -> None:
    with pytest.raises(FileNotFoundError, match="--weights FILE"):
        load("pdp.gazefollow")


def test_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    save_weights(create("pdp-nodepth", **TINY), tmp_path / "w.safetensors", name="pdp-nodepth")
    with pytest.raises(ValueError, match="no GPU"):
        load("pdp-nodepth", tmp_path / "w.safetensors", device="cuda")


def test_precision_is_chosen_by_name() -> None:
    assert choose_precision("float32", "cpu") == torch.float32
    assert choose_precision("auto", "cpu") in (torch.float32, torch.bfloat16)
    with pytest.raises(ValueError, match="auto, float32 or bfloat16"):
        choose_precision("int4", "cpu")


class Foreign(GazeModel):
    """A user's own model, of no published family."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)


def test_a_model_without_relatives_starts_from_weights_that_fit_as_a_whole_only() -> None:
    model, other = Foreign(), Foreign()
    assert initialise(model, other.state_dict()) == []
    assert torch.equal(model.layer.weight, other.layer.weight)
    with pytest.raises(WeightsError, match=r"1 missing: layer\.bias"):
        initialise(model, {"layer.weight": torch.zeros(1, 2)})
