"""What every bench script shares: best-of timing, memory, one table, dated JSON.

A script is run as `python bench/NAME.py [--json FILE]`:

    file = json_argument(__doc__)
    seconds = best_of({"ours": ours, "naive": naive})
    report("name", [{"way": way, "ms": 1000 * s} for way, s in seconds.items()], file)
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

Row = Mapping[str, str | int | float]


def best_of(ways: Mapping[str, Callable[[], object]], repeats: int = 5) -> dict[str, float]:
    """Seconds of the fastest call of each way, after one warm-up call.

    The ways take turns, so that a busy spell of the machine hits all of them alike.
    """
    seconds = dict.fromkeys(ways, float("inf"))
    for repeat in range(repeats + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if repeat > 0:
                seconds[name] = min(seconds[name], time.perf_counter() - start)
    return seconds


def peak_memory() -> float:
    """The most memory this process has held so far, in MiB; it never falls."""
    unit = 2**20 if platform.system() == "Darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def memory_of(ways: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """MiB by which the first call of each way raises the peak; put the lightest way first."""
    rises = {}
    for name, way in ways.items():
        before = peak_memory()
        way()
        rises[name] = peak_memory() - before
    return rises


def json_argument(description: str | None) -> Path | None:
    """The file of `--json`; there are no other arguments."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, metavar="FILE", help="append the dated result to FILE")
    return parser.parse_args().json


def report(name: str, rows: Sequence[Row], file: Path | None = None) -> None:
    """Print rows of equal keys as a table; append them to a JSON file when one is given."""
    table = Table(title=f"{name} ({cpu()}, {torch.get_num_threads()} threads)")
    for column in rows[0]:
        table.add_column(column, no_wrap=True)
    for row in rows:
        table.add_row(*(f"{v:.4g}" if isinstance(v, float) else str(v) for v in row.values()))
    Console().print(table)
    if file is not None:
        results = json.loads(file.read_text()) if file.exists() else []
        results.append({"bench": name, **machine(), "rows": [dict(row) for row in rows]})
        file.write_text(json.dumps(results, indent=2) + "\n")


def machine() -> dict[str, str | int]:
    """When and where a result was measured."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "sightline": version("sightline"),
        "torch": torch.__version__,
        "cpu": cpu(),
        "threads": torch.get_num_threads(),
    }


def cpu() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
