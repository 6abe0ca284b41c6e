"""Scoring: shards that survive, predictions that are scored again, reports, baselines."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from sightline import cli
from sightline.baselines import centre, facing_side, predict_baseline
from sightline.benchmark import BENCHMARKS, find_benchmark
from sightline.datasets import load_dataset
from sightline.evaluate import predict_benchmark, predict_dataset, score_pairs, write_report
from sightline.gaze import Gaze
from sightline.models import create
from sightline.registry import UnknownNameError
from sightline.scene import Objects, Scene, Truth
from sightline.shards import ShardWriter, read_shards, shard_files
from worlds import write_tiny_gazefollow, write_tiny_videoattentiontarget

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}


def pair(key: str, people: int = 2, annotators: int = 3) -> tuple[Gaze, Scene]:
    generator = torch.Generator().manual_seed(len(key) + people)
    scene = Scene(
        torch.zeros(3, 40, 60, dtype=torch.uint8),
        torch.rand(people, 4, generator=generator) * 40,
        truth=Truth(torch.rand(people, annotators, 2, generator=generator), torch.ones(people)),
        key=key,
    )
    values = torch.rand(people, 6, generator=generator), torch.rand(people, 2, generator=generator)
    heatmaps = torch.rand(people, 8, 8, generator=generator)
    return Gaze(values[0][:, :4], values[1], heatmaps, torch.rand(people)), scene


def test_shards_give_back_what_they_were_given(tmp_path: Path) -> None:
    pairs = [pair("a"), pair("bb", people=1), pair("ccc", people=0)]
    with ShardWriter(tmp_path, size=2) as writer:
        writer.add(pairs[:2])
        writer.add(pairs[2:])
    assert len(shard_files(tmp_path)) == 2
    for (gaze, scene), (again, other) in zip(pairs, read_shards(tmp_path), strict=True):
        assert (other.key, other.size) == (scene.key, scene.size)
        assert torch.equal(again.heatmaps, gaze.heatmaps), "to the last bit: ties decide an AUC"
        assert torch.equal(again.inside, gaze.inside)
        assert torch.equal(other.truth.points, scene.truth.points)


def test_shards_keep_objects_and_who_looks_at_which(tmp_path: Path) -> None:
    def objects(count: int) -> Objects:
        boxes = torch.rand(count, 4)
        return Objects(boxes, torch.arange(count), torch.rand(count), classes=("cup", "hat"))

    pairs = []
    for count, (gaze, scene) in enumerate([pair("a"), pair("bb", people=1), pair("c", people=0)]):
        looked_at = torch.arange(len(gaze)) - 1
        found = replace(gaze, objects=objects(3 - count), gaze_object=looked_at)
        pairs.append((found, replace(scene, objects=objects(count), eyes=scene.heads[:, :2])))
    nobody = replace(pairs[0][0][[]], objects=objects(2))  # what a detector of objects gives
    pairs.append((nobody, pairs[0][1]))
    with ShardWriter(tmp_path) as writer:
        writer.add(pairs)
    for (gaze, scene), (again, other) in zip(pairs, read_shards(tmp_path), strict=True):
        for one, two in ((gaze.objects, again.objects), (scene.objects, other.objects)):
            assert torch.equal(one.boxes, two.boxes)
            assert torch.equal(one.labels, two.labels)
            assert two.classes == ("cup", "hat")
        assert torch.equal(again.gaze_object, gaze.gaze_object)
        assert torch.equal(other.eyes, scene.eyes)


def test_a_shard_that_was_not_finished_is_no_shard(tmp_path: Path) -> None:
    (tmp_path / "shard-00000.part").write_bytes(b"half")
    with pytest.raises(FileNotFoundError, match="no predictions"):
        list(read_shards(tmp_path))


def test_what_was_computed_before_an_error_is_kept(tmp_path: Path) -> None:
    def broken_run() -> None:
        with ShardWriter(tmp_path) as writer:
            writer.add([pair("a")])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_run()
    assert [scene.key for _, scene in read_shards(tmp_path)] == ["a"]


def test_pairs_that_come_together_are_never_torn_apart(tmp_path: Path) -> None:
    with ShardWriter(tmp_path, size=4) as writer:
        for clip in ("abc", "def", "gh"):
            writer.add([pair(key) for key in clip])
    shards = [json.loads(safe_open(f, "pt").metadata()["header"]) for f in shard_files(tmp_path)]
    assert [shard["keys"] for shard in shards] == [list("abcdef"), list("gh")]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gazefollow(tmp_path_factory.mktemp("data"), train=4, test=6)


def test_predictions_are_written_once_and_scored_from_disk(data: Path, tmp_path: Path) -> None:
    benchmark = find_benchmark("gazefollow-test")
    model = create("pdp-nodepth", **TINY)
    origin = {"model": "tiny"}
    options = {"origin": origin, "batch_size": 2, "workers": 0}
    assert predict_benchmark(benchmark, model, data, tmp_path, **options) == 6
    assert predict_benchmark(benchmark, model, data, tmp_path, **options) == 0, "all are there"
    scores = score_pairs(benchmark, read_shards(tmp_path))
    assert all(score.n == 6 for score in scores.values())
    assert 0 <= scores["gazefollow.auc.float-mirror"].value <= 1
    write_report(tmp_path / "report.json", benchmark, {"tiny": scores}, origin)
    report = json.loads((tmp_path / "report.json").read_text())
    for name, score in report["scores"]["tiny"].items():
        assert score["low"] <= score["value"] <= score["high"]
        assert report["metrics"][name]["definition"]
    assert {"versions", "commit", "protocol", "benchmark"} <= report.keys()


def test_predictions_of_other_weights_are_not_mixed(data: Path, tmp_path: Path) -> None:
    benchmark, model = find_benchmark("gazefollow-test"), create("pdp-nodepth", **TINY)
    predict_benchmark(benchmark, model, data, tmp_path, origin={"weights": "a"}, workers=0)
    with pytest.raises(FileExistsError, match="other weights"):
        predict_benchmark(benchmark, model, data, tmp_path, origin={"weights": "b"}, workers=0)


def test_depth_is_read_only_when_the_model_uses_it(data: Path, tmp_path: Path) -> None:
    for picture in (data / "depth" / "test2").rglob("*.png"):
        picture.rename(picture.with_suffix(".away"))
    benchmark = find_benchmark("gazefollow-test")
    plain = create("pdp-nodepth", **TINY)
    assert predict_benchmark(benchmark, plain, data, tmp_path / "a", origin={}, workers=0) == 6
    with pytest.raises(ValueError, match=r"no such file"):
        predict_benchmark(
            benchmark, create("pdp", **TINY), data, tmp_path / "b", origin={}, workers=0
        )


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tracks of 12 and 3 frames to test with: 4 windows."""
    return write_tiny_videoattentiontarget(tmp_path_factory.mktemp("films"))


ANNOTATED = [f"Finale/10_90/s00.txt/{frame:08d}.jpg" for frame in range(12)]
ANNOTATED += [f"Finale/10_90/s01.txt/{frame:08d}.jpg" for frame in range(3)]


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("name", ["vat-test", "vat-test-tracks"])
def test_every_annotated_frame_counts_once(
    films: Path, tmp_path: Path, name: str, workers: int
) -> None:
    benchmark, model = find_benchmark(name), create("pdp-small", **TINY)
    predict_benchmark(benchmark, model, films, tmp_path, origin={}, batch_size=7, workers=workers)
    scenes = [scene for _, scene in read_shards(tmp_path)]
    assert [scene.key for scene in scenes if scene.truth.counted.all()] == ANNOTATED
    scores = score_pairs(benchmark, read_shards(tmp_path))
    assert scores["vat.ap.inside-positive"].n == 15
    assert scores["vat.distance"].n == scores["vat.auc.float"].n == 12, "inside only"


def test_every_head_of_every_frame_counts_once(films: Path, tmp_path: Path) -> None:
    benchmark, model = find_benchmark("vat-test-frames"), create("pdp-small", **TINY)
    predict_benchmark(benchmark, model, films, tmp_path, origin={}, batch_size=7, workers=0)
    scenes = [scene for _, scene in read_shards(tmp_path)]
    assert [scene.key for scene in scenes] == [f"Finale/10_90/{i:08d}.jpg" for i in range(12)]
    assert [len(scene) for scene in scenes] == [2] * 3 + [1] * 9
    scores = score_pairs(benchmark, read_shards(tmp_path))
    assert scores["vat.ap.inside-positive"].n == 15
    assert scores["vat.distance.cell-corner"].n == scores["vat.auc.float-cut"].n == 12


class BreaksAfter:
    """Preprocesses some batches, then raises, as a machine that goes down would."""

    def __init__(self, preprocess, batches: int) -> None:
        self.preprocess, self.left = preprocess, batches

    def __call__(self, scenes):
        self.left -= 1
        if self.left < 0:
            raise ConnectionAbortedError
        return self.preprocess(scenes)


@pytest.mark.parametrize(("name", "left"), [("vat-test", 3), ("vat-test-tracks", 1)])
def test_a_broken_run_goes_on_with_the_clips_that_are_missing(
    films: Path, tmp_path: Path, name: str, left: int
) -> None:
    benchmark, model = find_benchmark(name), create("pdp-small", **TINY)
    whole = model.preprocess
    options = {"origin": {}, "batch_size": 5, "workers": 0}
    model.preprocess = BreaksAfter(whole, 1)
    with pytest.raises(ConnectionAbortedError):
        predict_benchmark(benchmark, model, films, tmp_path / "broken", **options)
    model.preprocess = whole
    assert predict_benchmark(benchmark, model, films, tmp_path / "broken", **options) == left
    assert predict_benchmark(benchmark, model, films, tmp_path / "broken", **options) == 0
    predict_benchmark(benchmark, model, films, tmp_path / "unbroken", **options)
    for (gaze, scene), (other, same) in zip(
        read_shards(tmp_path / "broken"), read_shards(tmp_path / "unbroken"), strict=True
    ):
        assert scene.key == same.key
        assert torch.equal(gaze.points, other.points)


def test_a_long_track_gives_the_same_bit_by_bit(films: Path) -> None:
    model = create("pdp-small", **TINY)
    dataset = load_dataset("videoattentiontarget-tracks", films, "test")
    seen: list[tuple[int, int]] = []
    model.register_forward_pre_hook(
        lambda _, inputs: seen.append((len(inputs[0].images), inputs[0].clip_length))
    )
    ((bits, *_), (whole, *_)) = (
        list(predict_dataset(model, dataset, batch_size=size, workers=0)) for size in (5, 12)
    )
    assert seen == [(frames, 1) for frames in (5, 5, 2, 3, 12, 3)]
    for (gaze, scene), (other, same) in zip(bits, whole, strict=True):
        assert scene.key == same.key
        assert torch.allclose(gaze.heatmaps, other.heatmaps, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "lengths"),
    [
        ("videoattentiontarget-tracks", [(12, 12), (3, 3)]),
        ("videoattentiontarget", [(10, 5), (10, 5)]),
    ],
)
def test_a_model_of_any_number_of_frames_gets_whole_tracks_or_windows(
    films: Path, name: str, lengths: list[tuple[int, int]]
) -> None:
    model, seen = create("pdp-small", **TINY), []
    model.__class__ = type("Joins", (type(model),), {"clip_length": None})
    model.register_forward_pre_hook(
        lambda _, inputs: seen.append((len(inputs[0].images), inputs[0].clip_length))
    )
    list(predict_dataset(model, load_dataset(name, films, "test"), batch_size=10, workers=0))
    assert seen == lengths


def test_a_model_of_five_frames_gets_windows(films: Path, tmp_path: Path) -> None:
    model = create("pdp-video-nodepth", **TINY)
    written = predict_benchmark(
        find_benchmark("vat-test"), model, films, tmp_path, origin={}, batch_size=12, workers=0
    )
    assert written == 4
    assert len(list(read_shards(tmp_path))) == 20


@pytest.mark.parametrize(
    ("name", "given"), [("vat-test-tracks", "gives whole tracks"), ("gazefollow-test", "gives 1")]
)
def test_a_model_of_five_frames_is_not_given_others(
    films: Path, data: Path, tmp_path: Path, name: str, given: str
) -> None:
    model, folder = create("pdp-video-nodepth", **TINY), films if "vat" in name else data
    with pytest.raises(ValueError, match=rf"sees 5 consecutive frames together and \w+ {given}"):
        predict_benchmark(find_benchmark(name), model, folder, tmp_path, origin={}, workers=0)


def test_every_benchmark_decides_by_one_of_its_metrics() -> None:
    for benchmark in BENCHMARKS.values():
        about = benchmark.definitions()[benchmark.decides]
        assert benchmark.better == {"lower": "min", "higher": "max"}[about["better"]]
    with pytest.raises(UnknownNameError, match="gazefollow-test"):
        find_benchmark("gazefollow-tset")


def test_a_benchmark_of_objects_has_no_baselines() -> None:
    words = ["evaluate", "goo-real-test-objects", "--model", "pdp-small", "--baselines"]
    with pytest.raises(ValueError, match="scores no gaze; leave --baselines out"):
        cli.run(words, debug=True)


def test_baselines_know_the_middle_and_the_side() -> None:
    image = torch.zeros(3, 100, 200, dtype=torch.uint8)
    heads = torch.tensor([[80.0, 40, 120, 60], [0, 0, 20, 20]])
    points = torch.tensor([[[20.0, 90.0]], [[190.0, 10.0]]])
    scene = Scene(image, heads, truth=Truth(points, torch.ones(2)))
    assert centre(scene).tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert facing_side(scene).tolist() == [[0.25, 0.5], [pytest.approx(0.3), pytest.approx(0.1)]]
    ((gaze, _),) = predict_baseline("facing side", [(None, scene)])
    row, column = divmod(gaze.heatmaps[0].argmax().item(), 64)
    assert (column, row) in {(15, 31), (16, 31), (15, 32), (16, 32)}


def test_a_foreign_file_among_shards_is_not_unpickled(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(1)}, tmp_path / "shard-00000.safetensors")
    with pytest.raises(ValueError, match="no predictions of ours"):
        list(read_shards(tmp_path))


def test_a_model_with_a_memory_forgets_between_the_clips_of_a_dataset(tmp_path: Path) -> None:
    write_tiny_videoattentiontarget(tmp_path)
    model = create("chong2020-video", **TINY)
    windows = load_dataset("videoattentiontarget", tmp_path, "test")
    (pairs,) = predict_dataset(model, windows, batch_size=32, workers=0)
    alone = [gaze for window in windows for gaze in model.predict(window)]
    assert len(alone) == len(pairs) > 5
    for (gaze, _), other in zip(pairs, alone, strict=True):
        torch.testing.assert_close(gaze.heatmaps, other.heatmaps, atol=1e-5, rtol=1e-4)
