"""What is written about a result is JSON that every program reads."""

import json
import math
from pathlib import Path

import pytest

from sightline.benchmark import find_benchmark
from sightline.evaluate import write_report
from sightline.metrics.scores import Score
from sightline.provenance import write_json


def read_strictly(path: Path) -> dict:
    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is no JSON")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def test_numbers_that_json_does_not_have_become_null(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"a": [math.nan, (1.5, -math.inf)], "b": {"c": math.inf}})
    assert read_strictly(tmp_path / "a.json") == {"a": [None, [1.5, None]], "b": {"c": None}}


def test_a_report_of_a_score_without_an_interval_is_json(tmp_path: Path) -> None:
    scores = {"model": {"goo.distance": Score(0.5, 3, math.nan, math.nan)}}
    write_report(tmp_path / "report.json", find_benchmark("goo-real-test"), scores, {})
    report = read_strictly(tmp_path / "report.json")
    expected = {"value": 0.5, "n": 3, "low": None, "high": None}
    assert report["scores"]["model"]["goo.distance"] == expected
