"""Run every benchmark here and print the one table of their headlines, in Markdown.

    python bench/all.py [--only NAME ...] [--json FILE]

A benchmark that fails is named, and the others still run. Each prints its own tables too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from timing import cpu, default_precision

HERE = Path(__file__).parent


def scripts() -> dict[str, Path]:
    """Every benchmark by name."""
    return {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}


def line(row: Mapping[str, Any]) -> str:
    """A headline as a row of the table."""
    ours, unit, reference = row["ours"], row["unit"], row["reference"]
    beside = times = ""
    if reference is not None:
        beside = f"{row['beside']}: {shown(reference)} {unit}"
        times = f"{ours / reference if unit.endswith('/s') else reference / ours:.2g}"
    return f"| {row['what']} | {shown(ours)} {unit} | {beside} | {times} |"


def shown(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    """All headlines as Markdown."""
    head = ["| What | sightline | beside, in the same run | times better |", "|---|---|---|---|"]
    return "\n".join([*head, *map(line, rows)])


def main() -> int:
    """Run them one after the other."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--only", nargs="+", choices=scripts(), default=list(scripts()))
    options.add_argument("--json", type=Path, metavar="FILE", help="append the dated results to it")
    chosen, failed = options.parse_args(), []
    with TemporaryDirectory() as folder:
        file = chosen.json or Path(folder) / "bench.json"
        before = len(json.loads(file.read_text())) if file.exists() else 0
        for name in chosen.only:
            print(f"{name} ...", flush=True)
            command = [sys.executable, str(scripts()[name]), "--json", str(file)]
            if subprocess.run(command).returncode:
                failed.append(name)
        results = json.loads(file.read_text())[before:] if file.exists() else []
    print(f"\n{cpu()}, {os.cpu_count()} cores, {default_precision()}\n")
    print(table(result["headline"] for result in results if "headline" in result))
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
