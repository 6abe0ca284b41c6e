"""Saved predictions are scored again: beside themselves, and as what they are."""

import json
from pathlib import Path

import pytest
import torch

from sightline import cli
from sightline.gaze import Gaze
from sightline.scene import Scene, Truth
from sightline.shards import ShardWriter


def write_predictions(folder: Path, **origin: str) -> Path:
    """Predictions of one person who looks inside."""
    truth = Truth(torch.full((1, 1, 2), 20.0), torch.ones(1))
    image = torch.zeros(3, 40, 60, dtype=torch.uint8)
    scene = Scene(image, torch.tensor([[1.0, 1, 9, 9]]), truth=truth, key="a")
    gaze = Gaze(torch.rand(1, 4), torch.rand(1, 2), torch.rand(1, 8, 8), torch.rand(1))
    with ShardWriter(folder) as writer:
        writer.add([(gaze, scene)])
    (folder / "origin.json").write_text(json.dumps(origin))
    return folder


def test_the_report_goes_beside_the_predictions_not_to_another_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    origin = {"benchmark": "gazefollow-test", "model": "mine"}
    saved = write_predictions(Path("elsewhere/predictions"), **origin)
    cli.run(["evaluate", "gazefollow-test", "--predictions", str(saved)], debug=True)
    report = json.loads(Path("elsewhere/report.json").read_text())
    assert list(report["scores"]) == ["mine"]
    assert not Path("scores").exists()


@pytest.mark.parametrize("other", ["gazefollow-val", "vat-test"])
def test_predictions_of_other_scenes_are_not_scored_as_what_they_are_not(
    tmp_path: Path, other: str, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = write_predictions(tmp_path / "predictions", benchmark=other)
    assert cli.run(["evaluate", "gazefollow-test", "--predictions", str(saved)]) == 2
    assert f"holds predictions for {other}, not for gazefollow-test" in capsys.readouterr().err
    assert not (tmp_path / "report.json").exists()


@pytest.mark.parametrize("origin", [{}, {"benchmark": "my-own"}])
def test_predictions_of_unknown_origin_are_scored(tmp_path: Path, origin: dict) -> None:
    saved = write_predictions(tmp_path / "predictions", **origin)
    assert cli.run(["evaluate", "gazefollow-test", "--predictions", str(saved)], debug=True) == 0
