"""Benchmarks: a dataset split and the published protocol by which it is scored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sightline.gaze import Gaze
from sightline.metrics.detection_scores import coco_objects, released_objects
from sightline.metrics.gazefollow_scores import gazefollow_metrics
from sightline.metrics.goo_scores import gaze_object_metrics, goo_metrics
from sightline.metrics.scores import Measured, Metric, Score, SetMetric, measure, score
from sightline.metrics.sphere_scores import gazefollow360_metrics, one_hot_metrics
from sightline.metrics.vat_scores import inside_metrics, vat_metrics
from sightline.registry import unknown_name
from sightline.scene import Scene


@dataclass(frozen=True)
class Benchmark:
    """Which scenes, which metrics, and the metric that picks an epoch in training.

    metrics: over people. set_metrics: over all pictures together.
    """

    name: str
    dataset: str
    split: str
    protocol: str
    metrics: tuple[Metric, ...]
    decides: str
    set_metrics: tuple[SetMetric, ...] = ()

    @property
    def better(self) -> Literal["min", "max"]:
        """Whether a low or a high value of the deciding metric is good."""
        low = {metric.id for metric in self.metrics if metric.better == "lower"}
        return "min" if self.decides in low else "max"

    def measure(self, pairs: Iterable[tuple[Gaze, Scene]]) -> Measured:
        """What each picture contributes to the scores."""
        return measure(self.metrics, pairs, self.set_metrics)

    def score(self, measured: Measured) -> dict[str, Score]:
        """Every metric from what all pictures contribute."""
        return score(self.metrics, measured, self.set_metrics)

    def definitions(self) -> dict[str, dict[str, str]]:
        """Of each score its definition and whether a high or a low value is good."""
        people = {m.id: {"definition": m.description, "better": m.better} for m in self.metrics}
        sets = {
            name: {"definition": text, "better": "higher"}
            for metric in self.set_metrics
            for name, text in metric.descriptions.items()
        }
        return people | sets


def _goo(dataset: str, split: str, protocol: str) -> Benchmark:
    """Gaze, gaze object and detection on one split of GOO."""
    return Benchmark(
        f"{dataset}-{split}",
        dataset,
        split,
        protocol,
        goo_metrics + gaze_object_metrics,
        decides="goo.distance",
        set_metrics=(coco_objects, released_objects),
    )


def _goo_objects(split: str, protocol: str) -> Benchmark:
    """Detection alone on one split of GOO-Real."""
    return Benchmark(
        f"goo-real-{split}-objects",
        "goo-real-objects",
        split,
        protocol,
        (),
        decides="objects.coco.ap",
        set_metrics=(coco_objects, released_objects),
    )


def _own_data(split: str) -> Benchmark:
    """The same but for the released detection scores on a user's own pictures."""
    return Benchmark(
        f"coco-{split}",
        "coco",
        split,
        "ours: your own pictures in COCO's format with a list `gaze`",
        goo_metrics + gaze_object_metrics,
        decides="goo.distance",
        set_metrics=(coco_objects,),
    )


_CHOSEN_ON_TEST = "published codes choose their epoch on the test set instead"

BENCHMARKS = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark(
            "gazefollow-test",
            "gazefollow",
            "test",
            "Recasens et al. 2015 as in Chong et al. 2020: ten annotators, all people look inside",
            gazefollow_metrics,
            decides="gazefollow.distance.to-mean",
        ),
        Benchmark(
            "gazefollow-val",
            "gazefollow",
            "val",
            "ours: 5 % of the training pictures, one annotator, also people who look outside; "
            + _CHOSEN_ON_TEST,
            gazefollow_metrics + inside_metrics,
            decides="gazefollow.distance.to-mean",
        ),
        Benchmark(
            "vat-test",
            "videoattentiontarget",
            "test",
            "Miao et al. 2023 (PDP): windows of five frames, each annotated frame counted once",
            vat_metrics,
            decides="vat.distance",
        ),
        Benchmark(
            "vat-test-tracks",
            "videoattentiontarget-tracks",
            "test",
            "Chong et al. 2020: whole tracks, heads smoothed over the track",
            vat_metrics,
            decides="vat.distance",
        ),
        Benchmark(
            "vat-test-frames",
            "videoattentiontarget-frames",
            "test",
            "Ryan et al. 2025 (Gaze-LLE): every frame by itself with all its heads, smoothed over "
            "their tracks and cut to the picture",
            vat_metrics,
            decides="vat.distance",
        ),
        Benchmark(
            "vat-val",
            "videoattentiontarget",
            "val",
            "ours: windows of five frames of 5 % of the training shows; " + _CHOSEN_ON_TEST,
            vat_metrics,
            decides="vat.distance",
        ),
        Benchmark(
            "vat-val-frames",
            "videoattentiontarget-frames",
            "val",
            "ours: every frame of 5 % of the training shows; " + _CHOSEN_ON_TEST,
            vat_metrics,
            decides="vat.distance",
        ),
        _goo("goo-synth", "test", "Wang et al. 2022 (GaTector): pictures of humans 1 and 20"),
        _goo("goo-synth", "val", "ours: a part of the training pictures; " + _CHOSEN_ON_TEST),
        _goo("goo-real", "test", "Wang et al. 2022 (GaTector): their 904 test pictures"),
        _goo("goo-real", "val", "ours: a part of the training pictures; " + _CHOSEN_ON_TEST),
        _goo("goo-real-oneshot", "test", "Tomas et al. 2021 (GOO): their one-shot test pictures"),
        _goo_objects("test", "Wang et al. 2022 (GaTector): objects alone, 904 test pictures"),
        _goo_objects("val", "ours: objects alone, a part of the training pictures"),
        Benchmark(
            "gazefollow360-test",
            "gazefollow360",
            "test",
            "Li et al. 2021 (GazeFollow360): one target per person, anywhere on the sphere",
            gazefollow360_metrics + one_hot_metrics,
            decides="gazefollow360.sphere-distance",
        ),
        Benchmark(
            "gazefollow360-val",
            "gazefollow360",
            "val",
            "the released validation split, which no published number uses; " + _CHOSEN_ON_TEST,
            gazefollow360_metrics,
            decides="gazefollow360.sphere-distance",
        ),
        _own_data("test"),
        _own_data("val"),
    )
}


def find_benchmark(name: str) -> Benchmark:
    """The benchmark of that name; raises UnknownNameError with the nearest names."""
    if name not in BENCHMARKS:
        raise unknown_name(name, BENCHMARKS, "benchmark")
    return BENCHMARKS[name]
