"""GOO converted to safe files reads the same, and the check counts what is wrong."""

from pathlib import Path

import numpy as np
import pytest
import torch

from goo_worlds import record, write_tiny_goo
from sightline import cli
from sightline.datasets import check, load_dataset
from sightline.datasets.convert import convert


def counts_of(root: Path, name: str = "goo-synth") -> dict[str, int]:
    return dict(check(name, root).counts)


@pytest.mark.parametrize("name", ["goo-synth", "goo-real"])
def test_what_is_converted_reads_as_before_without_the_release(tmp_path: Path, name: str) -> None:
    write_tiny_goo(tmp_path / "released", name, train=[record(0), record(1, hx=None), record(2)])
    with pytest.warns(UserWarning, match="1 records are left out"):
        before = load_dataset(name, tmp_path / "released", "trainval")
    options = {"to": "arrays", "pictures": True, "workers": 1}
    report = convert(name, tmp_path / "released", tmp_path / "out", **options)
    assert len(report.problems) == 1
    with pytest.warns(UserWarning, match="1 records are left out"):
        after = load_dataset(name, tmp_path / "out", "trainval")
    assert after.keys.tolist() == before.keys.tolist()
    for one, other in ((before[i], after[i]) for i in range(2)):
        assert torch.equal(one.image, other.image)
        assert torch.equal(one.objects.boxes, other.objects.boxes)
        assert torch.equal(one.truth.points, other.truth.points)
        assert torch.equal(one.truth.gaze_object, other.truth.gaze_object)


def test_converted_beside_the_pickles_is_preferred_to_them(tmp_path: Path) -> None:
    write_tiny_goo(tmp_path)
    convert("goo-synth", tmp_path, tmp_path, to="arrays")
    for file in tmp_path.rglob("*.pkl"):
        file.write_bytes(b"no longer a pickle")
    assert load_dataset("goo-synth", tmp_path, "test")[2].heads.tolist() == [[302, 50, 362, 120]]
    with pytest.raises(FileExistsError, match="exists already; remove it to convert again"):
        convert("goo-synth", tmp_path, tmp_path, to="arrays")


def test_a_whole_copy_has_no_problem_but_its_size_is_noted(tmp_path: Path) -> None:
    report = check("goo-synth", write_tiny_goo(tmp_path))
    assert report.ok
    counts = dict(report.counts)
    assert counts["train records"] == 6
    assert counts["test boxes"] == 12
    assert counts["test boxes of class 25, Head"] == 3
    assert report.notes == [
        "The published split has 172,800 training and 19,200 test records, not 6 and 3."
    ]


def test_a_part_that_is_missing_costs_the_other_nothing(tmp_path: Path) -> None:
    write_tiny_goo(tmp_path)
    (tmp_path / "goosynth/picklefile/goosynth_train_v2_no_segm.pkl").unlink()
    report = check("goo-synth", tmp_path)
    assert dict(report.counts)["test records"] == 3
    assert "no annotations of goo-synth for train" in report.problems[0]
    assert "not 0 and 3" in report.notes[-1]
    converted = convert("goo-synth", tmp_path, tmp_path / "out", to="arrays")
    assert "no annotations of goo-synth for train" in converted.notes[0]
    assert len(load_dataset("goo-synth", tmp_path / "out", "test")) == 3


def test_nothing_is_left_where_there_was_nothing_to_convert(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no annotations"):
        convert("goo-synth", tmp_path, tmp_path / "out", to="arrays")
    assert not (tmp_path / "out").exists()


def test_of_records_without_gaze_the_dataset_of_boxes_is_named(tmp_path: Path) -> None:
    boxes_only = {key: record(0)[key] for key in ("filename", "width", "height", "ann")}
    write_tiny_goo(tmp_path, "goo-real", train=[boxes_only])
    with (
        pytest.warns(UserWarning, match="records without gaze are left out"),
        pytest.raises(ValueError, match="take goo-real-objects"),
    ):
        load_dataset("goo-real", tmp_path, "trainval")
    assert len(load_dataset("goo-real-objects", tmp_path, "trainval")) == 1


def test_the_published_split_of_goo_real_is_named(tmp_path: Path) -> None:
    write_tiny_goo(tmp_path, "goo-real", train=[record(0, width=1920, height=1080)])
    report = check("goo-real", tmp_path)
    assert "The published split has 3,609 training and 904 test records" in report.notes[-1]
    assert dict(report.counts)["train pictures of another size than the record's"] == 1


def test_all_releases_in_a_folder_are_checked_together(tmp_path: Path) -> None:
    write_tiny_goo(tmp_path)
    write_tiny_goo(tmp_path, "goo-real", train=[record(0, width=960, height=540)])
    counts = counts_of(tmp_path, "goo")
    assert (counts["goo-synth: train records"], counts["goo-real: train records"]) == (6, 1)
    assert not any(label.startswith("goo-real-oneshot") for label in counts)
    with pytest.raises(FileNotFoundError, match="holds no release of GOO; give the folder of goo"):
        check("goo", tmp_path / "goosynth")


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"gaze_item": 8}, "gaze items of another class than row gazeIdx"),
        ({"gaze_cx": 300}, "gaze points outside the box of their object"),
        ({"gaze_cx": -1, "gaze_cy": -1}, "gaze points missing"),
        ({"gazeIdx": -1}, "gaze objects not visible (gazeIdx is -1)"),
        ({"gazeIdx": 3}, "gaze objects that are the head itself"),
        ({"occluded": 1}, "gaze objects occluded"),
        ({"height": 400}, "pictures of another size than the record's"),
        ({"hx": "?"}, "records left out: unreadable"),
    ],
)
def test_the_check_counts_each_oddity_of_a_record(
    tmp_path: Path, changes: dict, label: str
) -> None:
    write_tiny_goo(tmp_path, train=[record(0), record(1, **changes)])
    assert counts_of(tmp_path)[f"train {label}"] == 1
    assert counts_of(tmp_path)[f"test {label}"] == 0


@pytest.mark.parametrize(
    ("box", "label"),
    [
        ([10, 10, 10, 20], "boxes left out: without an area"),
        ([700, 10, 720, 20], "boxes left out: outside the picture"),
        ([630, 10, 650, 20], "boxes reaching outside the picture"),
    ],
)
def test_the_check_counts_each_oddity_of_a_box_and_says_where(
    tmp_path: Path, box: list[float], label: str
) -> None:
    ann = record()["ann"]
    boxes = np.concatenate([ann["bboxes"][:-1], [box], ann["bboxes"][-1:]])
    odd = record(1, ann={"bboxes": boxes, "labels": np.array([4, 7, 12, 3, 25])})
    report = check("goo-synth", write_tiny_goo(tmp_path, train=[record(0), odd]))
    assert dict(report.counts)[f"train {label}"] == 1
    note = f"train {label}: the first is in goosynth_train_v2_no_segm.pkl: record 1."
    assert note in report.notes


def test_records_without_gaze_and_missing_pictures_are_counted(tmp_path: Path) -> None:
    boxes_only = {key: record(1)[key] for key in ("filename", "width", "height", "ann")}
    write_tiny_goo(tmp_path, train=[record(0), boxes_only])
    (tmp_path / "goosynth/train/images/1.png").unlink()
    report = check("goo-synth", tmp_path)
    counts = dict(report.counts)
    assert counts["train records without gaze"] == 1
    assert counts["train pictures missing or unreadable"] == 1
    assert report.problems[0].startswith("goosynth_train_v2_no_segm.pkl: record 1: ")


@pytest.mark.parametrize("words", [("coco",), ("goo-synth", "--to", "coco", "--pictures")])
def test_a_conversion_that_there_is_not_is_wrong_usage(tmp_path: Path, words: tuple) -> None:
    dataset, *options = words
    folders = [str(write_tiny_goo(tmp_path)), str(tmp_path / "out")]
    assert cli.run(["data", "convert", dataset, *folders, *options]) == 2


def test_the_command_line_converts_and_checks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_goo(tmp_path / "goo", train=[record(i) for i in range(30)])  # one is for validation
    words = ["data", "convert", "goo-synth", str(tmp_path / "goo"), str(tmp_path / "out")]
    assert cli.run([*words, "--to", "coco"], debug=True) == 0
    assert cli.run(["data", "check", "coco", str(tmp_path / "out")], debug=True) == 0
    assert "3  test people" in capsys.readouterr().out
