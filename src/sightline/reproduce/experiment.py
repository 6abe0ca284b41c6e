"""What an experiment is: systems trained alike on rendered data, tests, and claims about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from sightline.recipe import Recipe
from sightline.scene import Scene

Row: TypeAlias = Mapping[str, str | int | float]


@dataclass(frozen=True)
class Rendered:
    """Rendered data in a released layout, written once; `count` pictures, panoramas or clips."""

    layout: Literal["gazefollow", "videoattentiontarget", "goo", "gazefollow360"]
    count: int
    size: tuple[int, int]
    seed: int = 1

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.layout}-{self.count}-{self.size[0]}x{self.size[1]}-{self.seed}"


@dataclass(frozen=True)
class System:
    """One of the things compared.

    name: also the name of its runs' folders, which experiments share.
    recipe: how it is trained; the seed is set by the experiment.
    data: what it is trained on. start: the system, or known weights, that it starts from.
    """

    name: str
    recipe: Callable[[], Recipe]
    data: Rendered
    start: System | str | None = None


@dataclass(frozen=True)
class Grouping:
    """Scenes told apart for the scores: all of them -> the name of the group of each."""

    title: str
    groups: Callable[[list[Scene]], list[str]]


@dataclass(frozen=True)
class Test:
    """Scores of every system on a benchmark.

    shown: metric id -> column. baselines: names in `sightline.baselines`, scored beside them.
    grouping: also a table of the scores by group.
    """

    benchmark: str
    data: Rendered
    shown: Mapping[str, str]
    baselines: tuple[str, ...] = ()
    grouping: Grouping | None = None


@dataclass(frozen=True)
class Claim:
    """One system is better than another by a metric of a benchmark, in one group or over all.

    than_metric: the other's metric where it is another one.
    """

    text: str
    better: str
    than: str
    benchmark: str
    metric: str
    group: str = ""
    than_metric: str = ""


@dataclass(frozen=True)
class Experiment:
    """A paper's central claim, put to the test.

    about: what is compared and how, for the report. examples: the benchmark and the system whose
    best and worst answers are drawn, if any. extra: title -> rows of a further table.
    """

    name: str
    title: str
    about: str
    systems: tuple[System, ...]
    tests: tuple[Test, ...]
    claims: tuple[Claim, ...]
    examples: tuple[str, str] | None = None
    extra: Mapping[str, Callable[[Runs], list[Row]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Runs:
    """Where the trained systems of an experiment and their predictions are.

    folder: all runs of all experiments. seeds: those of this one.
    """

    folder: Path
    data: Path
    seeds: tuple[int, ...]

    def run(self, system: str, seed: int) -> Path:
        """The folder of one run."""
        return self.folder / f"{system}-{seed}"

    def predictions(self, system: str, seed: int, benchmark: str) -> Path:
        """The shards of one run's predictions for a benchmark."""
        return self.run(system, seed) / "predictions" / benchmark
