"""Scores by id against Gaze-LLE's own evaluation."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from released import fill

from sightline.gaze import Gaze
from sightline.metrics.gaze import average_precision
from sightline.metrics.gazefollow_scores import gazefollow_metrics
from sightline.metrics.scores import measure
from sightline.metrics.vat_scores import vat_metrics
from sightline.scene import Scene, Truth

pytestmark = pytest.mark.golden


@pytest.fixture
def cases(golden: Path) -> dict[str, Any]:
    return json.loads((golden / "gazelle" / "cases.json").read_text())["metrics"]


def gaze_of(golden: Path, name: str) -> Gaze:
    """One person with a released heatmap; `points` far away, since the release reads the map."""
    with np.load(golden / "gazelle" / "arrays.npz") as arrays:
        heatmap = torch.from_numpy(arrays[name])
    return Gaze(torch.zeros(1, 4), torch.full((1, 2), 9.0), heatmap[None], inside=torch.ones(1))


def scene_of(x: list[float], y: list[float], size: tuple[int, int]) -> Scene:
    """One person with annotations on the unit square, as our readers give them."""
    image = torch.zeros(1, 1, 1, dtype=torch.uint8).expand(3, size[1], size[0])
    points = torch.tensor([x, y]).T * torch.tensor(size)
    return Scene(image, torch.zeros(1, 4), truth=Truth(points[None], torch.ones(1)))


def test_gazelle_gazefollow_scores_match_release(golden: Path, cases: dict[str, Any]) -> None:
    for case in cases["gazefollow"]:
        scene = scene_of(case["gaze_x"], case["gaze_y"], (case["width"], case["height"]))
        pair = gaze_of(golden, case["heatmap"]), scene
        people = measure(gazefollow_metrics, [pair]).people
        expected = {
            "gazefollow.auc.float-clamp": case["auc"],
            "gazefollow.distance.to-mean.cell-corner": case["avg_l2"],
            "gazefollow.distance.minimum.cell-corner": case["min_l2"],
        }
        assert {name: people[name].item() for name in expected} == pytest.approx(expected, abs=1e-6)


def test_gazelle_video_scores_match_release(golden: Path, cases: dict[str, Any]) -> None:
    for case in cases["videoattentiontarget"]:
        scene = scene_of([case["gaze_x"]], [case["gaze_y"]], (640, 480))
        people = measure(vat_metrics, [(gaze_of(golden, case["heatmap"]), scene)]).people
        expected = {"vat.auc.float-cut": case["auc"], "vat.distance.cell-corner": case["l2"]}
        assert {name: people[name].item() for name in expected} == pytest.approx(expected, abs=1e-6)


def test_gazelle_tied_maxima_are_read_as_the_release_reads_them(
    golden: Path, cases: dict[str, Any]
) -> None:
    case = cases["ties"]
    scene = scene_of(case["gaze_x"], case["gaze_y"], (case["width"], case["height"]))
    pair = gaze_of(golden, case["heatmap"]), scene
    people = measure((*gazefollow_metrics, *vat_metrics), [pair]).people
    expected = {
        "gazefollow.auc.float-clamp": case["gazefollow_auc"],
        "vat.auc.float-cut": case["vat_auc"],
        "vat.distance.cell-corner": case["vat_l2"],
    }
    assert {name: people[name].item() for name in expected} == pytest.approx(expected, abs=1e-6)


def test_gazelle_average_precision_matches_release(golden: Path, cases: dict[str, Any]) -> None:
    for case in cases["inout_ap"]:
        scores = fill(golden).uniform(case["scores"], tuple(case["shape"]))
        if "rounded_to_decimals" in case:
            scores = np.round(scores, case["rounded_to_decimals"])
        labels = torch.tensor(case["labels"], dtype=torch.float64)
        value = average_precision(torch.from_numpy(scores), labels)
        assert value.item() == pytest.approx(case["ap"], abs=1e-6)
