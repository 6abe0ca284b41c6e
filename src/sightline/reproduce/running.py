"""Running an experiment: render, train, predict; whatever is there is not made again.

Several processes may run the same experiment: each takes runs that no other one works on.
"""

from __future__ import annotations

import json
import logging
import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from sightline.benchmark import find_benchmark
from sightline.evaluate import predict_benchmark
from sightline.models import known_weights, load
from sightline.provenance import write_json
from sightline.recipe import Recipe
from sightline.reproduce.experiment import Experiment, Rendered, Runs, System, Test
from sightline.synthetic.gazefollow import write_gazefollow
from sightline.synthetic.gazefollow360 import write_gazefollow360
from sightline.synthetic.goo import write_goo
from sightline.synthetic.videoattentiontarget import write_videoattentiontarget
from sightline.train import Resources, train

FRAMES = 20  # of a clip
PATIENCE = 30.0  # seconds between looks at what another process works on
RESOURCES = Resources(accelerator="cpu", workers=1)

log = logging.getLogger(__name__)


def run_all(experiment: Experiment, runs: Runs) -> None:
    """Train every system with every seed, and predict every test with it."""
    for data in _data(experiment):
        render(data, runs.data)
    waiting = [(system, seed) for seed in runs.seeds for system in experiment.systems]
    while waiting:
        waiting = list(_tried(experiment, runs, waiting))


def _tried(
    experiment: Experiment, runs: Runs, jobs: list[tuple[System, int]]
) -> Iterator[tuple[System, int]]:
    """Do the jobs that no other process works on; gives those that one does."""
    patience = 0.0 if len(jobs) > 1 else PATIENCE
    for system, seed in jobs:
        try:
            weights = trained(system, seed, runs, patience)
        except Timeout:
            yield system, seed
            continue
        for test in experiment.tests:
            _predict(system, seed, weights, runs, test)


def _data(experiment: Experiment) -> list[Rendered]:
    """All that is rendered for an experiment, each once."""
    wanted = [system.data for system in experiment.systems]
    wanted += [s.start.data for s in experiment.systems if isinstance(s.start, System)]
    return list(dict.fromkeys([*wanted, *(test.data for test in experiment.tests)]))


def render(data: Rendered, folder: Path) -> Path:
    """The folder of rendered data, which is written unless it is there."""
    out = folder / data.name
    asked = {"seed": data.seed, "size": data.size, "workers": 2}
    with _alone(out):
        match data.layout:
            case "gazefollow":
                write_gazefollow(out, images=data.count, **asked)
            case "videoattentiontarget":
                write_videoattentiontarget(out, clips=data.count, frames=FRAMES, **asked)
            case "goo":
                write_goo(out, images=data.count, **asked)
            case "gazefollow360":
                write_gazefollow360(out, images=data.count, **asked)
    return out


def trained(system: System, seed: int, runs: Runs, patience: float = -1) -> Path:
    """The weights of one run, which is trained, or gone on with, unless it is finished.

    Raises Timeout if another process works on it for longer than `patience` seconds; -1 waits.
    """
    folder, recipe = runs.run(system.name, seed), replace(system.recipe(), seed=seed)
    weights = weights_of(recipe, folder)
    with _alone(folder, patience):
        if not weights.exists():
            _train(recipe, system, folder, runs)
    return weights


def _train(recipe: Recipe, system: System, folder: Path, runs: Runs) -> None:
    initial = None
    if isinstance(system.start, System):
        initial = trained(system.start, recipe.seed, runs)
    elif system.start:
        initial = known_weights(system.start)
    log.info("training %s, seed %d", system.name, recipe.seed)
    before, data = _processor_time(), runs.data / system.data.name
    resume = (folder / "run.json").exists()
    try:
        train(recipe, data, folder, resources=RESOURCES, resume=resume, initial=initial)
    finally:
        _add_cost(folder, _processor_time() - before)


def _alone(folder: Path, patience: float = -1) -> FileLock:
    """A lock on what is made in a folder."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(folder.with_name(f".{folder.name}.lock"), timeout=patience)


def weights_of(recipe: Recipe, folder: Path) -> Path:
    """Where the weights of a finished run are."""
    return folder / recipe.stages[-1].name / "best.safetensors"


def _processor_time() -> float:
    """Seconds that this process and its finished children have computed."""
    used = (resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in used)


def _add_cost(folder: Path, seconds: float) -> None:
    if folder.exists():
        write_json(folder / "cost.json", {"seconds": cost(folder) + seconds})


def cost(folder: Path) -> float:
    """Processor seconds that a run has taken, over all its continuations."""
    path = folder / "cost.json"
    return json.loads(path.read_text(encoding="utf-8"))["seconds"] if path.exists() else 0.0


def _predict(system: System, seed: int, weights: Path, runs: Runs, test: Test) -> None:
    benchmark, data = find_benchmark(test.benchmark), runs.data / test.data.name
    folder, origin = runs.predictions(system.name, seed, test.benchmark), {"system": system.name}
    with _alone(folder):
        log.info("predicting %s with %s, seed %d", test.benchmark, system.name, seed)
        model = load(system.recipe().model, weights)
        predict_benchmark(benchmark, model, data, folder, origin=origin, workers=1)
