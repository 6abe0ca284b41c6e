"""Training that breaks off or cannot go on: nothing is lost, and a sentence says what to do."""

import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sightline.benchmark import Benchmark
from sightline.metrics.scores import Measured, Score
from sightline.models import create, find_recipe, read_model
from sightline.models.weights import read_state, save_weights
from sightline.stage_module import StageModule
from sightline.train import Resources, train
from test_train import ONE, Breaks, tiny_recipe, weights
from worlds import write_tiny_gazefollow

SCORED = StageModule.on_validation_epoch_end


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """64 people to train on: epochs of 7 steps."""
    return write_tiny_gazefollow(tmp_path_factory.mktemp("data"), train=64)


def scores(monkeypatch: pytest.MonkeyPatch, *values: float | None) -> list[int]:
    """Let validations come to these values, None breaks off there; the epochs that were scored."""
    left, epochs = list(values), []

    def score(module: StageModule) -> None:
        value = left.pop(0)
        if value is None:
            raise ConnectionAbortedError
        epochs.append(module.current_epoch)
        with monkeypatch.context() as inside:
            log = module.log
            inside.setattr(module, "log", lambda name, _, **kind: log(name, value, **kind))
            SCORED(module)

    monkeypatch.setattr(StageModule, "on_validation_epoch_end", score)
    return epochs


@pytest.mark.parametrize("workers", [0, 1])
def test_an_epoch_whose_validation_broke_off_is_validated(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    resources = replace(ONE, workers=workers, checkpoint_every=7)  # falls on an epoch's last step
    train(tiny_recipe(), data, tmp_path / "whole", resources=resources)
    scores(monkeypatch, 0.2, None)
    with pytest.raises(ConnectionAbortedError):
        train(tiny_recipe(), data, tmp_path / "run", resources=resources)
    epochs = scores(monkeypatch, 0.1)
    train(tiny_recipe(), data, tmp_path / "run", resources=resources, resume=True)
    assert epochs == [1]
    expected, found = weights(tmp_path / "whole"), weights(tmp_path / "run")
    assert all(torch.equal(tensor, found[name]) for name, tensor in expected.items())
    best = torch.load(tmp_path / "run/all/best.ckpt", weights_only=True)
    assert best["epoch"] == 1


def test_a_run_whose_folder_was_moved_keeps_its_best_epoch(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores(monkeypatch, 0.1)
    with pytest.raises(ConnectionAbortedError):
        train(tiny_recipe(loss=Breaks(8)), data, tmp_path / "old", resources=ONE)
    shutil.move(tmp_path / "old", tmp_path / "new")
    scores(monkeypatch, 0.9)
    train(tiny_recipe(), data, tmp_path / "new", resources=ONE, resume=True)
    assert torch.load(tmp_path / "new/all/best.ckpt", weights_only=True)["epoch"] == 0
    shutil.move(tmp_path / "new", tmp_path / "newer")
    (tmp_path / "newer/all/best.safetensors").unlink()
    train(tiny_recipe(), data, tmp_path / "newer", resources=ONE, resume=True)
    assert (tmp_path / "newer/all/best.safetensors").exists()


def test_weights_are_there_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = create("pdp-small")
    file = tmp_path / "w.safetensors"
    save_weights(model, file, name="pdp-small")
    before = file.read_bytes()

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sightline.models.weights._sort_notes", killed)
    with pytest.raises(KeyboardInterrupt):
        save_weights(model, file, name="pdp-small", half=True)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_score_that_is_undefined_chooses_no_epoch(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    score = Benchmark.score

    def undefined(benchmark: Benchmark, measured: Measured) -> dict[str, Score]:
        scores = score(benchmark, measured)
        return {name: replace(value, value=float("nan")) for name, value in scores.items()}

    monkeypatch.setattr(Benchmark, "score", undefined)
    with pytest.raises(ValueError, match=r"is undefined on gazefollow-val.*decides=\"last\""):
        train(tiny_recipe(), data, tmp_path, resources=ONE)


class Interrupts(Breaks):
    """A user's Ctrl-C."""

    def __call__(self, model, batch):
        try:
            return super().__call__(model, batch)
        except ConnectionAbortedError as error:
            raise KeyboardInterrupt from error


def test_ctrl_c_says_how_to_go_on(data: Path, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt, match="--resume"):
        train(tiny_recipe(loss=Interrupts(9)), data, tmp_path, resources=ONE)
    assert signal.getsignal(signal.SIGINT) is before
    train(tiny_recipe(), data, tmp_path, resources=ONE, resume=True)
    assert read_state(tmp_path / "all/best.safetensors")[0]


def test_a_batch_is_shared_evenly(data: Path) -> None:
    stage = replace(tiny_recipe().stages[0], batch_size=5)
    module = StageModule(create("pdp-small"), stage, None, data, seed=0, workers=0)
    module.trainer = type("Two", (), {"world_size": 2})()
    with pytest.raises(ValueError, match=r"5 cannot be shared by 2 .* multiple of --devices"):
        module.train_dataloader()


@pytest.mark.parametrize("wrong", [{"devices": 0}, {"workers": -1}, {"checkpoint_every": 0}])
def test_resources_that_make_no_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="give at least"):
        Resources(**wrong)


FROZEN = ("pdp-vat", "pdp-vat-nodepth", "chong2020-vat", "gatector-goo-synth", "gatector-goo-real")


@pytest.mark.parametrize("name", [*FROZEN, "gatector-detector-goo-real"])
def test_recipes_whose_frozen_parts_must_know_something_start_from_weights(
    name: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=f"{name} starts from .*--init"):
        train(find_recipe(name), tmp_path / "data", tmp_path / "run")
    assert not find_recipe("gatector-goo-synth-released").starts_from, "as the release did"


def test_a_schedule_as_long_as_its_stage_stays_so() -> None:
    def schedules(name: str) -> list[dict[str, object]]:
        return [stage.schedule.keywords for stage in find_recipe(name, epochs=20).stages]

    assert schedules("pdp-small-synthetic") == [{"T_max": 20}, {"T_max": 20}]
    assert schedules("gazelle-small-synthetic") == [{"epochs": 20}, {"T_max": 20}]
    (steps,) = schedules("pdp-gazefollow")
    assert steps["milestones"] == [18, 22, 28]


FACTORY = """
from sightline.models import create

def tiny(**changes):
    size = {"depth": False, "width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}
    return create("pdp", **(size | changes))
"""


def test_a_factory_keeps_its_settings_however_its_path_is_spelt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my.py").write_text(FACTORY)
    monkeypatch.chdir(tmp_path)
    model = create("my.py:tiny", head_margin=0.3)
    save_weights(model, tmp_path / "w.safetensors", name="my.py:tiny")
    read, _ = read_model(f"{tmp_path}/my.py:tiny", tmp_path / "w.safetensors")
    assert read.config == model.config
