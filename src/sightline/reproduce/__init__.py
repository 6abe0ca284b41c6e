"""Experiments on rendered data: does the central claim of each paper hold for reduced models?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sightline.registry import resolve

if TYPE_CHECKING:
    from sightline.reproduce.experiment import Experiment

EXPERIMENTS = {  # name: "module:function"
    "pdp": "sightline.reproduce.pdp:patches",
    "pdp-video": "sightline.reproduce.pdp:video",
    "gatector": "sightline.reproduce.gatector:energy",
    "gazefollow360": "sightline.reproduce.gazefollow360:sphere",
    "gazelle": "sightline.reproduce.gazelle:prompting",
    "gazelle-patches": "sightline.reproduce.gazelle:patches",
}


def find_experiment(name: str) -> Experiment:
    """The experiment of that name; UnknownNameError lists the nearest."""
    return resolve(name, EXPERIMENTS, "experiment")()
