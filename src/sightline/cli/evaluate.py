"""`sightline evaluate`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tyro.conf import Positional

from sightline.cli.options import ModelOptions

if TYPE_CHECKING:
    from sightline.metrics.scores import Score


@dataclass(kw_only=True)
class Evaluate(ModelOptions):
    """Score a model by a published protocol; predictions are kept and can be scored again."""

    benchmark: Positional[str]
    """gazefollow-test or gazefollow-val."""
    data: Path | None = None
    """The folder of the dataset."""
    out: Path | None = None
    """Where predictions and report.json go; scores/BENCHMARK-MODEL if not given."""
    predictions: Path | None = None
    """Score this folder of saved predictions: no data, no network."""
    baselines: bool = False
    """Also score two baselines: the picture's centre, and a fixed step to the facing side."""
    batch: int = 32
    """Scenes per batch."""
    workers: int = 2
    """Data-loading processes."""

    def run(self) -> int:
        """Predict what is missing, score, write the report, print it."""
        from sightline.baselines import BASELINES, predict_baseline
        from sightline.benchmark import find_benchmark
        from sightline.evaluate import predict_benchmark, score_pairs, write_report
        from sightline.shards import read_shards

        benchmark = find_benchmark(self.benchmark)
        out = self.out or Path("scores") / f"{self.benchmark}-{self.model}"
        folder, facts = self.predictions, {}
        if folder is None:
            if self.data is None:
                raise FileNotFoundError("name the dataset's folder with --data DIR")
            folder, facts = out / "predictions", self.describe()
            loading = {"batch_size": self.batch, "workers": self.workers}
            predict_benchmark(benchmark, self.load(), self.data, folder, **loading)
        columns = {self.model: score_pairs(benchmark, read_shards(folder))}
        if self.baselines:
            for name in BASELINES:
                columns[name] = score_pairs(benchmark, predict_baseline(name, read_shards(folder)))
        report = out / "report.json"
        write_report(report, benchmark, columns, **facts)
        _print_table(columns)
        print(f"report: {report}")
        return 0


def _print_table(columns: dict[str, dict[str, Score]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("metric", *columns, "people")
    for metric, score in next(iter(columns.values())).items():
        cells = [_cell(column[metric]) for column in columns.values()]
        table.add_row(metric, *cells, str(score.n))
    Console(width=max(100, 32 + 26 * len(columns))).print(table)


def _cell(score: Score) -> str:
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]" if score.n else "-"
