"""`sightline evaluate`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from sightline.cli.options import ModelOptions, UsageError

if TYPE_CHECKING:
    from sightline.benchmark import Benchmark
    from sightline.metrics.scores import Score


@dataclass(kw_only=True)
class Evaluate(ModelOptions):
    """Score a model by a published protocol; predictions are kept and can be scored again."""

    benchmark: Annotated[Positional[str], arg(metavar="BENCHMARK")]
    """gazefollow-test, gazefollow-val, vat-test, vat-test-tracks, vat-test-frames, vat-val,
    vat-val-frames, goo-synth-test, goo-synth-val, goo-real-test, goo-real-val,
    goo-real-oneshot-test, goo-real-test-objects, goo-real-val-objects, gazefollow360-test,
    gazefollow360-val, coco-test or coco-val."""
    data: Path | None = None
    """The folder of the dataset, or a source of rendered pictures such as
    rendered:seed=3,images=10000,size=224x224,difficulty=hard (docs/rendered.md)."""
    out: Path | None = None
    """Where predictions and report.json go; if not given scores/BENCHMARK-MODEL, or beside the
    folder of --predictions."""
    predictions: Path | None = None
    """Score this folder of saved predictions: no data, no network."""
    baselines: bool = False
    """Also score baselines: the picture's centre, chance, a fixed step to the facing side; in
    panoramas also straight across."""
    batch: int = 32
    """Scenes per batch."""
    workers: int = 2
    """Data-loading processes."""

    def run(self) -> int:
        """Predict what is missing, score, write the report, print it."""
        from sightline.baselines import baseline_names, predict_baseline
        from sightline.benchmark import find_benchmark
        from sightline.evaluate import read_origin, score_pairs, write_report
        from sightline.shards import read_shards

        benchmark = find_benchmark(self.benchmark)
        if self.baselines and not benchmark.metrics:
            raise UsageError(f"{benchmark.name} scores no gaze; leave --baselines out")
        out = self.out or self._place()
        folder = self.predictions or self._predict(benchmark, out / "predictions")
        origin = read_origin(folder)
        _require_same_split(benchmark, folder, origin.get("benchmark"))
        systems = {origin.get("model", "model"): score_pairs(benchmark, read_shards(folder))}
        if self.baselines:
            for name in baseline_names(read_shards(folder)):
                pairs = predict_baseline(name, read_shards(folder))
                systems[name] = score_pairs(benchmark, pairs)
        report = out / "report.json"
        write_report(report, benchmark, systems, origin)
        _print_table(systems)
        print(f"report: {report}")
        return 0

    def _place(self) -> Path:
        if self.predictions:  # of whatever model, which --model does not say
            return self.predictions.parent
        return Path("scores") / f"{self.benchmark}-{self.model}"

    def _predict(self, benchmark: Benchmark, folder: Path) -> Path:
        from sightline.evaluate import predict_benchmark

        if self.data is None:
            raise UsageError("name the dataset's folder with --data DIR")
        origin = {**self.describe(), "precision": self.precision}
        loading = {"batch_size": self.batch, "workers": self.workers}
        predict_benchmark(benchmark, self.load(), self.data, folder, origin=origin, **loading)
        return folder


def _require_same_split(benchmark: Benchmark, folder: Path, predicted: str | None) -> None:
    """Raise UsageError for predictions of other scenes than the benchmark's, as far as we know."""
    from sightline.benchmark import BENCHMARKS

    if (of := BENCHMARKS.get(predicted or "")) is None:
        return
    if (of.dataset, of.split) != (benchmark.dataset, benchmark.split):
        raise UsageError(
            f"{folder} holds predictions for {predicted}, not for {benchmark.name}; name that "
            "benchmark, or other --predictions"
        )


def _print_table(systems: dict[str, dict[str, Score]]) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(Column("metric", no_wrap=True), *systems, "n")
    for metric, score in next(iter(systems.values())).items():
        cells = [_cell(scores[metric]) for scores in systems.values()]
        table.add_row(metric, *cells, str(score.n))
    Console(width=56 + 24 * len(systems)).print(table)


def _cell(score: Score) -> str:
    if math.isnan(score.value):
        return "-"
    interval = "" if math.isnan(score.low) else f" [{score.low:.3f}, {score.high:.3f}]"
    return f"{score.value:.3f}{interval}"
