"""Training and scoring on rendered pictures, without a folder."""

from dataclasses import replace
from pathlib import Path

import pytest

from sightline.benchmark import find_benchmark
from sightline.cli import run
from sightline.evaluate import predict_benchmark, score_pairs
from sightline.models import create
from sightline.models.pdp.loss import pdp_loss
from sightline.models.pdp.recipe import pdp_small_synthetic
from sightline.recipe import Recipe
from sightline.shards import read_shards
from sightline.stage_samples import StageSampler
from sightline.train import Resources, train

TINY = {"depth": False, "width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}
ONE = Resources(accelerator="cpu", workers=0, precision="float32", checkpoint_every=1)
SOURCE = Path("rendered:seed=3,images=6,size=64x48")


def tiny_model(**overrides: object):
    return create("pdp", **(TINY | overrides))


class Watched:
    """PDP's loss, which keeps a number for the picture of every batch; may break at a call."""

    def __init__(self, breaks_at: int = 0) -> None:
        self.seen: list[float] = []
        self.breaks_at = breaks_at

    def __call__(self, model, batch):
        if len(self.seen) + 1 == self.breaks_at:
            raise ConnectionAbortedError
        self.seen.append(batch.images.double().sum().item())
        return pdp_loss(model, batch, patch_weight=8.0)


def recipe(loss: Watched) -> Recipe:
    stage = pdp_small_synthetic().stages[-1]
    stage = replace(stage, epochs=2, batch_size=2, loss=loss, augment=None)
    return Recipe("tiny", f"{__file__}:tiny_model", (stage,), "gazefollow-val")


def test_every_epoch_has_new_pictures_and_a_resumed_run_sees_the_same_ones(tmp_path: Path) -> None:
    whole = Watched()
    train(recipe(whole), SOURCE, tmp_path / "whole", resources=ONE)
    assert len(set(whole.seen)) == 6  # two epochs of three batches
    broken, rest = Watched(breaks_at=5), Watched()
    with pytest.raises(ConnectionAbortedError):
        train(recipe(broken), SOURCE, tmp_path / "broken", resources=ONE)
    train(recipe(rest), SOURCE, tmp_path / "broken", resources=ONE, resume=True)
    assert broken.seen + rest.seen == whole.seen


def test_indices_of_an_endless_set_go_on_over_epochs_and_processes() -> None:
    seen = []
    for epoch in range(2):
        for rank in range(2):
            sampler = StageSampler(6, 1, rank, 2, endless=True)
            sampler.set_epoch(epoch)
            seen += [index for index, _ in sampler]
    assert sorted(seen[:6]) == list(range(6))
    assert sorted(seen[6:]) == list(range(6, 12))


def test_features_of_pictures_that_never_come_again_are_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="leave --features out"):
        train(recipe(Watched()), SOURCE, tmp_path, resources=ONE, features=tmp_path / "features")


@pytest.mark.parametrize(
    "name", ["gazefollow-test", "vat-test", "vat-test-frames", "goo-synth-val", "gazefollow360-val"]
)
def test_benchmarks_are_scored_on_rendered_pictures(name: str, tmp_path: Path) -> None:
    models = {"gazefollow-test": "pdp-small", "goo-synth-val": "gatector-small"}
    model = create(models.get(name, "gazefollow360-small" if "360" in name else "pdp-small"))
    if name == "vat-test":
        model = create("pdp-video", **TINY)
    data = Path("rendered:seed=4,images=20,size=128x64")
    benchmark = find_benchmark(name)
    assert predict_benchmark(benchmark, model, data, tmp_path, origin={}, workers=0) == 2
    pairs = list(read_shards(tmp_path))
    assert all(scene.truth.directions is not None for _, scene in pairs)
    assert score_pairs(benchmark, pairs)[benchmark.decides].n > 0


def test_predictions_of_two_sources_do_not_mix(tmp_path: Path) -> None:
    benchmark, model = find_benchmark("gazefollow-test"), create("pdp-small")
    options = {"origin": {}, "workers": 0}
    predict_benchmark(benchmark, model, SOURCE, tmp_path, **options)
    assert predict_benchmark(benchmark, model, SOURCE, tmp_path, **options) == 0
    with pytest.raises(FileExistsError, match="name another --out"):
        predict_benchmark(benchmark, model, Path(f"{SOURCE},difficulty=hard"), tmp_path, **options)


def test_a_wrong_source_is_one_sentence_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "run")]
    assert run(["train", "pdp-small-synthetic", "--data", "rendered:seed=x", *out]) == 1
    error = capsys.readouterr().err
    assert "'seed=x' in 'rendered:seed=x' cannot be read" in error
    assert error.count("\n") == 1


def test_a_sampler_of_a_folder_repeats_its_indices() -> None:
    sampler = StageSampler(6, 1, 0, 1)
    sampler.set_epoch(3)
    assert sorted(index for index, _ in sampler) == list(range(6))
