"""Training: modes, logs, several processes, broken runs that go on, a user's own recipe."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from torch.optim.lr_scheduler import MultiStepLR

from sightline.benchmark import find_benchmark
from sightline.collate import collate_with_scenes
from sightline.datasets import load_dataset
from sightline.models import create, find_recipe
from sightline.models.pdp.loss import pdp_loss
from sightline.models.pdp.recipe import pdp_small_synthetic
from sightline.models.weights import read_state, save_weights
from sightline.recipe import Recipe, Stage
from sightline.stage_module import StageModule
from sightline.stage_samples import StageSampler
from sightline.train import Resources, train
from worlds import write_tiny_gazefollow, write_tiny_videoattentiontarget

TINY = {"depth": False, "width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}
ONE = Resources(accelerator="cpu", workers=0, precision="float32", checkpoint_every=3)


def tiny_model(**overrides: object):
    return create("pdp", **(TINY | overrides))


def loss_with_chance(model, batch, **weights: float) -> dict[str, torch.Tensor]:
    """PDP's loss, with chance in it as that of dropout."""
    terms = pdp_loss(model, batch, **weights)
    return {name: term * torch.rand(()) for name, term in terms.items()}


def tiny_recipe(**changes: object) -> Recipe:
    stage = pdp_small_synthetic().stages[-1]
    halve = partial(MultiStepLR, milestones=[1], gamma=0.5)
    loss = partial(loss_with_chance, patch_weight=8.0)
    stage = replace(stage, epochs=2, batch_size=8, **({"schedule": halve, "loss": loss} | changes))
    return Recipe("tiny", f"{__file__}:tiny_model", (stage,), "gazefollow-val")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gazefollow(tmp_path_factory.mktemp("data"), train=64)


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run, 2 epochs of 7 steps."""
    out = tmp_path_factory.mktemp("finished")
    train(tiny_recipe(), data, out, resources=ONE)
    return out


class Breaks:
    """A loss that raises at a given call, as a machine that goes down would."""

    def __init__(self, at: int) -> None:
        self.inner, self.left = tiny_recipe().stages[0].loss, at

    def __call__(self, model, batch):
        self.left -= 1
        if self.left == 0:
            raise ConnectionAbortedError
        return self.inner(model, batch)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "all" / "last.ckpt", weights_only=True)["state_dict"]


def test_a_run_leaves_weights_checkpoints_logs_and_its_settings(finished: Path) -> None:
    stage = finished / "all"
    assert read_state(stage / "best.safetensors")[1]["recipe"] == "tiny"
    assert (stage / "best.ckpt").exists()
    record = json.loads((finished / "run.json").read_text())
    assert {"torch", "lightning", "sightline"} <= record["versions"].keys()
    assert record["recipe"]["stages"][0]["epochs"] == 2
    assert record["recipe"]["stages"][0]["loss"]["patch_weight"] == 8.0
    (log,) = stage.glob("log/*/metrics.csv")
    columns = next(csv.reader(log.open()))
    assert {"train/heatmap", "train/patch", "val/gazefollow.distance.to-mean"} <= set(columns)
    assert list(stage.glob("tensorboard/events*"))


@pytest.mark.parametrize(
    "broken_at", [5, 8, 9], ids=["inside an epoch", "at an epoch's end", "just after it"]
)
def test_a_resumed_run_ends_with_the_weights_of_an_unbroken_one(
    finished: Path, data: Path, tmp_path: Path, broken_at: int
) -> None:
    with pytest.raises(ConnectionAbortedError):
        train(tiny_recipe(loss=Breaks(broken_at)), data, tmp_path, resources=ONE)
    train(tiny_recipe(), data, tmp_path, resources=ONE, resume=True)
    expected, found = weights(finished), weights(tmp_path)
    assert expected.keys() == found.keys()
    for name, tensor in expected.items():
        assert torch.equal(tensor, found[name]), name


def test_a_second_run_into_the_same_folder_is_refused(finished: Path, data: Path) -> None:
    with pytest.raises(FileExistsError, match="--resume"):
        train(tiny_recipe(), data, finished, resources=ONE)


def test_a_finished_run_resumes_to_nothing(finished: Path, data: Path) -> None:
    before = (finished / "all" / "last.ckpt").stat().st_mtime_ns
    train(tiny_recipe(loss=Breaks(1)), data, finished, resources=ONE, resume=True)
    assert (finished / "all" / "last.ckpt").stat().st_mtime_ns == before


def changed(**changes: object) -> Recipe:
    recipe = tiny_recipe()
    return replace(recipe, stages=tuple(replace(stage, **changes) for stage in recipe.stages))


def test_a_training_set_smaller_than_a_batch_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="--batch-size"):
        train(changed(batch_size=500), data, tmp_path, resources=ONE)


def module_for(stage: Stage) -> StageModule:
    return StageModule(tiny_model(), stage, None, Path(), seed=0, workers=0)


def test_frozen_parts_get_no_gradient_and_their_statistics_do_not_move() -> None:
    stage = replace(tiny_recipe().stages[0], trainable=("heatmap_head", "patch_head"))
    module = module_for(stage)
    module.on_train_epoch_start()
    trained = {n for n, p in module.model.named_parameters() if p.requires_grad}
    assert trained
    assert all(name.startswith(("heatmap_head", "patch_head")) for name in trained)
    assert not module.model.scene_trunk.stem[1].training
    assert module.model.heatmap_head[3].training


def test_frozen_statistics_stay_also_when_resumed_inside_an_epoch(
    data: Path, tmp_path: Path
) -> None:
    part = {"trainable": ("heatmap_head", "patch_head")}
    with pytest.raises(ConnectionAbortedError):
        train(changed(**part, loss=Breaks(5)), data, tmp_path, resources=ONE)
    before = weights(tmp_path)["model.scene_trunk.stem.1.running_mean"]
    train(changed(**part), data, tmp_path, resources=ONE, resume=True)
    assert torch.equal(weights(tmp_path)["model.scene_trunk.stem.1.running_mean"], before)


@pytest.mark.parametrize(("statistics", "moves"), [("all", True), ("none", False)])
def test_batch_statistics_can_be_all_on_or_all_off(statistics: str, moves: bool) -> None:
    stage = replace(
        tiny_recipe().stages[0], trainable=("heatmap_head",), batch_statistics=statistics
    )
    module = module_for(stage)
    module.on_train_epoch_start()
    assert module.model.scene_trunk.stem[1].training is moves
    assert module.model.heatmap_head[3].training is moves


def test_processes_share_an_epoch_without_overlap_and_epochs_differ() -> None:
    shares = [[index for index, _ in StageSampler(10, 0, rank, 2)] for rank in (0, 1)]
    assert len(shares[0]) == len(shares[1]) == 5
    assert sorted(shares[0] + shares[1]) == list(range(10))
    later = StageSampler(10, 0, 0, 2)
    later.set_epoch(1)
    assert [index for index, _ in later] != shares[0]


def test_a_sampler_skips_what_was_seen() -> None:
    whole, rest = StageSampler(9, 0, 0, 1), StageSampler(9, 0, 0, 1)
    rest.skip = 4
    assert list(rest) == list(whole)[4:]
    assert len(list(rest)) == 9, "later epochs are whole"


def test_validation_decodes_in_full_precision_as_prediction_does(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = StageModule(
        tiny_model(),
        tiny_recipe().stages[0],
        find_benchmark("gazefollow-val"),
        data,
        seed=0,
        workers=0,
    )
    scene = load_dataset("gazefollow", data, "val")[0]
    lowered = []
    decode = module.model.decode

    def spy(output, batch):
        lowered.append(torch.is_autocast_enabled("cpu"))
        return decode(output, batch)

    monkeypatch.setattr(module.model, "decode", spy)
    batch = collate_with_scenes(module.model.preprocess, 1, [scene])
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        module.eval().validation_step(batch)
    assert lowered == [False]


def test_initial_weights_of_ours_are_taken(data: Path, tmp_path: Path) -> None:
    start = tiny_model()
    save_weights(start, tmp_path / "start.safetensors", name="pdp")
    frozen = changed(epochs=1, trainable=("patch_head",))
    model = train(
        frozen, data, tmp_path / "run", resources=ONE, initial=tmp_path / "start.safetensors"
    )
    assert torch.equal(model.tokens.qkv.weight, start.tokens.qkv.weight)
    assert not torch.equal(model.patch_head[0].weight, start.patch_head[0].weight)


def test_a_stage_on_clips_is_validated_by_a_benchmark_of_clips(tmp_path: Path) -> None:
    films = write_tiny_videoattentiontarget(tmp_path / "films")
    recipe = changed(dataset="videoattentiontarget", batch_size=4, epochs=1)
    train(replace(recipe, benchmark="vat-val"), films, tmp_path / "run", resources=ONE)
    (log,) = (tmp_path / "run" / "all").glob("log/*/metrics.csv")
    (values,) = [row for row in csv.DictReader(log.open()) if row.get("val/vat.distance")]
    assert 0 < float(values["val/vat.distance"]) < 2**0.5
    assert float(values["val/vat.ap.inside-positive"]) > 0


def tiny_video(**overrides: object):
    return create("pdp-video", **(TINY | overrides))


def test_a_model_of_five_frames_is_not_trained_on_pictures(data: Path, tmp_path: Path) -> None:
    recipe = replace(changed(batch_size=5), model=f"{__file__}:tiny_video")
    with pytest.raises(ValueError, match="sees 5 consecutive frames together and GazeFollow gives"):
        train(recipe, data, tmp_path, resources=ONE)


RECIPE_FILE = """
from test_train import tiny_recipe

def recipe():
    return tiny_recipe()
"""


def start_cli(folder: Path, *words: str) -> subprocess.Popen:
    """The command line in a process of its own, with a recipe file of the user's."""
    (folder / "my_recipe.py").write_text(RECIPE_FILE)
    here = Path(__file__).parent
    paths = [str(here), str(here / "models"), str(here.parent / "src")]
    return subprocess.Popen(
        [sys.executable, "-m", "sightline", "train", f"{folder}/my_recipe.py:recipe", *words],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


COMMON = ("--accelerator", "cpu", "--precision", "float32", "--workers", "0")


@pytest.mark.slow
def test_a_killed_run_resumes_on_the_command_line(data: Path, tmp_path: Path) -> None:
    words = ("--data", str(data), "--out", str(tmp_path / "run"), "--epochs", "400", *COMMON)
    process = start_cli(tmp_path, *words, "--checkpoint-every", "1")
    last = tmp_path / "run" / "all" / "last.ckpt"
    deadline = time.monotonic() + 120
    while not last.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    step = torch.load(last, weights_only=True)["global_step"]
    assert step >= 1, "a whole checkpoint survives a kill at any moment"
    epochs = step // 7 + 1
    words = ("--data", str(data), "--out", str(tmp_path / "run"), "--epochs", str(epochs), *COMMON)
    process = start_cli(tmp_path, *words, "--resume")
    output, _ = process.communicate(timeout=180)
    assert process.returncode == 0, output
    assert torch.load(last, weights_only=True)["global_step"] == 7 * epochs


@pytest.mark.slow
def test_two_processes_train_one_model(data: Path, tmp_path: Path) -> None:
    words = ("--data", str(data), "--out", str(tmp_path / "run"), "--epochs", "1", *COMMON)
    process = start_cli(tmp_path, *words, "--devices", "2")
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    checkpoint = torch.load(tmp_path / "run" / "all" / "last.ckpt", weights_only=True)
    assert checkpoint["global_step"] == 7, "the batch is split over the processes"
    (log,) = (tmp_path / "run" / "all").glob("log/*/metrics.csv")
    assert "val/gazefollow.distance.to-mean" in log.read_text()


def test_recipes_are_found_by_name_and_changed() -> None:
    recipe = find_recipe("pdp-gazefollow", epochs=3, batch_size=None)
    assert (recipe.stages[0].epochs, recipe.stages[0].batch_size) == (3, 80)
