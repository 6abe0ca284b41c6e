"""What is in a dataset, counted by hand in scenes of a few people."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sightline.cli import run
from sightline.datasets.statistics import Statistics, measure_dataset, measure_scenes
from sightline.scene import Objects, Scene, Truth, blank_picture

NAN = float("nan")


def scene(points: list, inside: list[float], **options) -> Scene:
    """People with a head of 20 x 10 around the centre of a picture of 200 x 100."""
    heads = torch.tensor([[90.0, 45.0, 110.0, 55.0]]).expand(len(inside), 4)
    counted = options.pop("counted", None)
    objects = options.pop("objects", None)
    truth = Truth(torch.tensor(points, dtype=torch.float32), torch.tensor(inside), counted=counted)
    return Scene(blank_picture((200, 100)), heads, truth=truth, objects=objects, **options)


def row(statistics: Statistics, name: str):
    return next(row for row in statistics.rows() if row.name == name)


def test_people_heads_and_what_they_look_at_are_measured_as_shares_of_the_picture() -> None:
    one = scene([[[150.0, 50.0]], [[NAN, NAN]]], [1.0, 0.0])
    two = scene([[[100.0, 20.0]], [[100.0, 50.0]], [[NAN, NAN]]], [1.0, NAN, NAN])
    found = measure_scenes([one, two])
    assert row(found, "people per picture")[1:] == (2, 2.5, pytest.approx((2.05, 2.5, 2.95)))
    assert row(found, "head width").mean == pytest.approx(0.1)
    assert row(found, "head height").mean == pytest.approx(0.1)
    assert row(found, "looks inside, of those known")[1:3] == (3, pytest.approx(2 / 3))
    assert row(found, "inside or outside unknown").mean == pytest.approx(2 / 5)
    assert row(found, "from head to target").n == 2
    assert row(found, "from head to target").mean == pytest.approx((0.25 + 0.3) / 2)
    assert row(found, "looks right in the picture").mean == 0.5
    assert row(found, "looks up in the picture").mean == 0.5
    assert row(found, "looks down in the picture").mean == 0


def test_people_who_do_not_count_are_left_out() -> None:
    found = measure_scenes(
        [scene([[[0.0, 0.0]]] * 2, [1.0, 1.0], counted=torch.tensor([False, True]))]
    )
    assert found.people.tolist() == [1]
    assert len(found.heads) == len(found.targets) == 1


def test_annotators_are_compared_with_the_others_one_by_one() -> None:
    random = np.random.default_rng(0)
    marks = random.uniform(0, 1, (3, 4, 2))
    marks[1, 2:], marks[2, 1:] = np.nan, np.nan  # two annotators, and one
    points = marks * (200, 100)
    found = measure_scenes([scene(points.tolist(), [1.0, 1.0, 1.0])])
    for person, count in ((0, 4), (1, 2)):
        mine = marks[person, :count]
        to_mean, to_nearest = [], []
        for i in range(count):
            others = np.delete(mine, i, 0)
            to_mean.append(np.linalg.norm(mine[i] - others.mean(0)))
            to_nearest.append(min(np.linalg.norm(mine[i] - other) for other in others))
        assert found.apart[person].item() == pytest.approx(np.mean(to_mean), rel=1e-4)
        assert found.nearest[person].item() == pytest.approx(np.mean(to_nearest), rel=1e-4)
    assert found.apart[2].isnan()
    assert found.nearest[2].isnan()


def test_one_annotator_each_gives_no_row_about_annotators() -> None:
    names = [row.name for row in measure_scenes([scene([[[10.0, 10.0]]], [1.0])]).rows()]
    assert not any("annotator" in name or "object" in name for name in names)


def test_in_a_panorama_the_shorter_way_round_counts() -> None:
    head = torch.tensor([[0.0, 45.0, 10.0, 55.0]])
    truth = Truth(torch.tensor([[[195.0, 50.0]]]), torch.ones(1))
    around = Scene(blank_picture((200, 100)), head, truth=truth, projection="equirectangular")
    found = measure_scenes([around])
    assert row(found, "from head to target").mean == pytest.approx(0.05)
    assert row(found, "looks left in the picture").mean == 1


def test_objects_are_counted_and_measured_where_they_are_annotated() -> None:
    boxes = torch.tensor([[0.0, 0.0, 20.0, 50.0], [0.0, 0.0, 40.0, 30.0]])
    objects = Objects(boxes, torch.zeros(2).long(), torch.ones(2))
    without = scene([[[0.0, 0.0]]], [1.0])
    found = measure_scenes([scene([[[0.0, 0.0]]], [1.0], objects=objects), without])
    assert row(found, "objects per picture")[1:3] == (1, 2)
    assert row(found, "object width").mean == pytest.approx(0.15)
    assert row(found, "object height").mean == pytest.approx(0.4)


def test_scenes_without_truth_have_heads_at_least() -> None:
    found = measure_scenes([Scene(blank_picture((20, 20)), torch.tensor([[0.0, 0, 5, 10]]))])
    assert row(found, "head height").mean == pytest.approx(0.5)
    assert row(found, "inside or outside unknown").mean == 1


class Outlines:
    """A dataset that can be read without its pictures."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> Scene:
        raise AssertionError("no picture is needed")

    def outline(self, index: int) -> list[Scene]:
        self.asked.append(index)
        return [scene([[[0.0, 0.0]]], [1.0])] * 2


def test_samples_are_taken_evenly_and_without_pictures_where_that_is_possible() -> None:
    dataset = Outlines()
    assert len(measure_dataset(dataset, 5).people) == 10  # clips of two frames
    assert dataset.asked == [0, 2, 4, 6, 8]
    assert len(measure_dataset(dataset, 1000).people) == 20


@pytest.mark.parametrize("name", ["gazefollow", "goo-synth", "videoattentiontarget"])
def test_the_command_prints_a_table_and_draws_a_figure(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    plot = tmp_path / "figure.png"
    words = ["data", "statistics", name, "rendered:images=3,size=64x48", "--samples", "2"]
    assert run([*words, "--plot", str(plot)]) == 0
    assert "people per picture" in capsys.readouterr().out
    assert Image.open(plot).size == (1200, 700)


def test_without_matplotlib_the_figure_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    words = ["data", "statistics", "gazefollow", "rendered:images=1,size=64x48"]
    assert run(words) == 0
    assert run([*words, "--plot", str(tmp_path / "figure.png")]) == 1
    assert "pip install 'sightline[plots]'" in capsys.readouterr().err
