"""What every bench script shares: its options, best-of timing, memory, one table, dated JSON.

A script is run as `python bench/bench_NAME.py [--threads N] [--json FILE]`:

    options = parser(__doc__).parse_args()
    torch.set_num_threads(options.threads)
    seconds = best_of({"ours": ours, "naive": naive})
    report("name", [{"way": way, "ms": 1000 * s} for way, s in seconds.items()], options.json)
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from sightline.models.precision import choose_precision

Row = Mapping[str, str | int | float]


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options of every script; some add their own."""
    options = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    options.add_argument("--threads", type=int, default=1, metavar="N", help="of PyTorch")
    options.add_argument("--json", type=Path, metavar="FILE", help="append the dated result to it")
    return options


def best_of(
    ways: Mapping[str, Callable[[], object]], repeats: int = 5, *, wall: bool = False
) -> dict[str, float]:
    """Seconds of the fastest call of each way, after one warm-up call.

    The ways take turns, so that a busy spell of the machine hits all of them alike. One thread is
    timed by the processor time that it used, which other processes disturb less, unless the `wall`
    clock is asked for.
    """
    used = torch.get_num_threads() == 1 and not wall
    clock = time.process_time if used else time.perf_counter
    seconds = dict.fromkeys(ways, float("inf"))
    for repeat in range(repeats + 1):
        for name, way in ways.items():
            start = clock()
            way()
            if repeat > 0:
                seconds[name] = min(seconds[name], clock() - start)
    return seconds


def alone(function: Callable[..., Any], *arguments: object) -> Any:
    """What a function of the script returns in a new process, for the honest peak of memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def peak_memory() -> float:
    """The most memory this process has held so far, in MiB; it never falls."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage reports the parent's peak in a process just started
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 2**10
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


def report(name: str, rows: Sequence[Row], file: Path | None = None) -> None:
    """Print rows of equal keys as a table; append them to a JSON file when one is given."""
    table = Table(title=f"{name} ({cpu()}, {torch.get_num_threads()} threads)")
    for column in rows[0]:
        table.add_column(column, no_wrap=True)
    for row in rows:
        table.add_row(*(f"{v:.4g}" if isinstance(v, float) else str(v) for v in row.values()))
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    if file is not None:
        append(file, {"bench": name, **machine(), "rows": [dict(row) for row in rows]})


def headline(
    file: Path | None,
    what: str,
    ours: float,
    unit: str,
    beside: str = "",
    reference: float | None = None,
) -> None:
    """A row of the one table of `make bench`, appended to the JSON file if one is given.

    What was measured, in which unit ("/s" is better high, all else low), and the same `beside` it.
    """
    if file is not None:
        row = {"what": what, "ours": ours, "unit": unit, "beside": beside, "reference": reference}
        append(file, {"headline": row, **machine()})


def default_precision() -> str:
    """fp32 or bf16: what `predict` takes on this processor if nothing else is said."""
    return "bf16" if choose_precision("auto", "cpu") == torch.bfloat16 else "fp32"


def append(file: Path, result: Mapping[str, Any]) -> None:
    """Add a result to a JSON file, which may be new."""
    results = json.loads(file.read_text()) if file.exists() else []
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([*results, result], indent=2) + "\n")


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
