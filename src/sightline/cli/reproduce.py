"""`sightline reproduce`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from sightline.cli.options import require

NEEDED = {  # package: extra
    "lightning": "train",
    "faster_coco_eval": "objects",
    "scipy": "panorama",
    "matplotlib": "plots",
}


@dataclass(kw_only=True)
class Reproduce:
    """Put a paper's central claim to the test: render, train, score, report.

    What is there is not made again: a broken run goes on, and a second process with the same
    command takes the runs that the first does not work on.
    """

    name: Annotated[Positional[str], arg(metavar="NAME")]
    """pdp, pdp-video, gatector, gazefollow360, gazelle or gazelle-patches."""
    out: Path = Path("runs/reproduce")
    """Where data and runs are kept; experiments share them."""
    docs: Path | None = None
    """A folder in which the report becomes a section of reproduction.md, with its figures."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Each system is trained once with each."""
    smoke: bool = False
    """A few pictures, one epoch: shows that all works, and nothing else."""

    def run(self) -> int:
        """Run what is missing, then report."""
        require("reproducing", NEEDED)
        import logging

        from sightline.reproduce import find_experiment
        from sightline.reproduce.experiment import Runs
        from sightline.reproduce.report import report, write_section
        from sightline.reproduce.running import run_all
        from sightline.reproduce.scale import smoke

        logging.getLogger("sightline.reproduce").setLevel(logging.INFO)
        experiment = find_experiment(self.name)
        out = self.out / "smoke" if self.smoke else self.out
        experiment = smoke(experiment) if self.smoke else experiment
        runs = Runs(out / "runs", out / "data", self.seeds)
        run_all(experiment, runs)
        docs = self.docs or out
        text = report(experiment, runs, docs / "reproduction")
        write_section(docs / "reproduction.md", experiment.name, text)
        print(text)
        return 0
