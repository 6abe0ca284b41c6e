"""How much of an experiment is run: all of it, or just enough to see that everything works."""

from __future__ import annotations

from dataclasses import replace

from sightline.recipe import Recipe
from sightline.reproduce.experiment import Experiment, Rendered, System, Test

FEW = {"gazefollow": 40, "videoattentiontarget": 10, "goo": 30, "gazefollow360": 10}


def smoke(experiment: Experiment) -> Experiment:
    """The same on a few small pictures, one epoch of each stage."""
    return replace(
        experiment,
        systems=tuple(map(_brief, experiment.systems)),
        tests=tuple(map(_few, experiment.tests)),
    )


def _brief(system: System) -> System:
    start = _brief(system.start) if isinstance(system.start, System) else system.start
    return replace(
        system, recipe=lambda: _once(system.recipe()), data=few(system.data), start=start
    )


def _once(recipe: Recipe) -> Recipe:
    """One epoch of each stage, in batches that a few pictures fill."""
    stages = (replace(stage, epochs=1, batch_size=4) for stage in recipe.stages)
    return replace(recipe, stages=tuple(stages))


def _few(test: Test) -> Test:
    return replace(test, data=few(test.data))


def few(data: Rendered) -> Rendered:
    """A few small pictures instead of many."""
    width, height = data.size
    return replace(data, count=FEW[data.layout], size=(width // 2, height // 2))
