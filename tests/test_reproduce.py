import json
from dataclasses import replace

import pytest
import torch

from sightline.reproduce import EXPERIMENTS, find_experiment
from sightline.reproduce.experiment import Claim, Runs
from sightline.reproduce.pdp import DIFFER, agreement
from sightline.reproduce.report import report, table, write_section
from sightline.reproduce.running import run_all
from sightline.reproduce.scale import smoke
from sightline.reproduce.scores import spread
from sightline.reproduce.verdict import judge
from sightline.scene import Scene, Truth, blank_picture

DISTANCE, AUC = "gazefollow.distance.to-mean", "gazefollow.auc.float-mirror"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reproduce")


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_trains_scores_and_reports(folder, name):
    experiment = smoke(find_experiment(name))
    runs = Runs(folder / "runs", folder / "data", seeds=(1,))
    run_all(experiment, runs)
    text = report(experiment, runs, folder / "docs")
    results = json.loads((folder / "docs" / f"{name}.json").read_text())
    for system in experiment.systems:
        weights = runs.run(system.name, 1).glob("*/best.safetensors")
        assert len(list(weights)) == len(system.recipe().stages)
        assert f"| {system.name} | 1 |" in text
        assert results["processor_minutes"][system.name] > 0
    for claim in experiment.claims:
        assert claim.text in text
    assert (folder / "docs" / f"{name}-curves.png").stat().st_size > 5000
    assert experiment.examples is None or f"{name}-examples.jpg" in text


def test_what_is_there_is_not_made_again(folder):
    experiment = smoke(find_experiment("pdp"))
    runs = Runs(folder / "runs", folder / "data", seeds=(1,))
    run_all(experiment, runs)
    weights = runs.run("pdp", 1) / "all" / "best.safetensors"
    before = weights.stat().st_mtime_ns
    run_all(experiment, runs)
    assert weights.stat().st_mtime_ns == before


def judged(one: list[float], other: list[float], metric: str = AUC):
    """The verdict on "one" against "other" with these scores by seed."""
    scored = {
        name: {seed: {metric: value} for seed, value in enumerate(values)}
        for name, values in (("one", one), ("other", other))
    }
    claim = Claim("one is better", "one", "other", "gazefollow-test", metric)
    return judge(claim, {"gazefollow-test": {"": scored}})


def test_a_gain_far_beyond_that_between_seeds_holds():
    verdict = judged([0.90, 0.91, 0.92], [0.80, 0.81, 0.83])
    assert verdict.word == "holds"
    assert verdict.gain == pytest.approx(0.0967, abs=1e-3)
    # Student's quantile for three seeds is 4.303; the deviation of the gains is 0.00577
    assert verdict.low == pytest.approx(0.0967 - 4.303 * 0.00577 / 3**0.5, abs=1e-3)


def test_a_low_distance_is_a_gain():
    assert judged([0.10, 0.11, 0.12], [0.20, 0.21, 0.23], DISTANCE).word == "holds"


def test_gains_that_differ_in_sign_do_not_hold():
    assert judged([0.9, 0.8, 0.9], [0.8, 0.9, 0.85]).word.startswith("does not hold: no diff")


def test_small_gains_with_every_seed_lean_that_way():
    assert judged([0.81, 0.85, 0.90], [0.80, 0.80, 0.80]).word.startswith("leans")


def test_the_other_may_be_better():
    assert judged([0.80, 0.81, 0.83], [0.90, 0.91, 0.92]).word.endswith("the other is better")


def test_one_seed_tells_nothing():
    assert judged([0.9], [0.1]).word == "one seed tells nothing"


def test_a_claim_may_compare_two_metrics_of_one_system():
    scored = {"one": {seed: {AUC: 0.9 + seed / 100, "m": 0.5} for seed in range(3)}}
    claim = Claim("", "one", "one", "gazefollow-test", AUC, than_metric="m")
    assert judge(claim, {"gazefollow-test": {"": scored}}).gain == pytest.approx(0.41)


def test_scenes_are_told_apart_by_their_annotators():
    torch.manual_seed(0)
    noise = torch.randn(1, 10, 2)
    scenes = [
        Scene(
            blank_picture((100, 50)),
            torch.zeros(1, 4),
            truth=Truth(torch.tensor([50.0, 25.0]) + spread * noise, torch.ones(1)),
        )
        for spread in (5.0, 0.1, 1.0, 6.0, 0.2, 2.0)
    ]
    assert agreement(scenes) == [DIFFER, "1 agree most", "2 between"] * 2


def test_mean_and_deviation_are_those_of_the_seeds():
    assert spread([0.1, 0.2, 0.3]) == "0.200 ± 0.100"
    assert spread([0.25]) == "0.250"
    assert spread([]) == "-"


def test_a_table_has_one_line_per_row():
    assert table([{"a": 1, "b": 0.12345}]) == "| a | b |\n| --- | --- |\n| 1 | 0.123 |"


def test_a_section_is_replaced_where_it_is(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n")
    write_section(page, "pdp", "one")
    write_section(page, "gazelle", "other")
    write_section(page, "pdp", "new")
    text = page.read_text()
    assert "one" not in text
    assert text.index("before") < text.index("new") < text.index("other")


def test_every_claim_names_what_there_is():
    for name in EXPERIMENTS:
        experiment = find_experiment(name)
        systems = {system.name for system in experiment.systems}
        shown = {test.benchmark: test.shown for test in experiment.tests}
        for claim in experiment.claims:
            assert {claim.better, claim.than} <= systems
            assert {claim.metric, claim.than_metric or claim.metric} <= set(shown[claim.benchmark])


def test_smaller_experiments_keep_their_names_and_claims():
    whole = find_experiment("gatector")
    brief = smoke(whole)
    assert [s.name for s in brief.systems] == [s.name for s in whole.systems]
    assert replace(brief, systems=whole.systems, tests=whole.tests) == whole
