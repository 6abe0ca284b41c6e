"""`sightline events` and `sightline agreement` as a user meets them."""

import json
from pathlib import Path

import pytest

from gazetables import row, write_table
from sightline.cli import run
from sightline.coding.files import read_events


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the table of a film, the film, and areas."""
    looks = ["toy"] * 25 + ["wall"] * 25
    rows = [row(frame, 1, look, name="Ann") for frame, look in enumerate(looks)]
    write_table([*rows, row(50)], tmp_path / "gaze.csv")
    (tmp_path / "film.mp4").write_bytes(b"")
    polygon = [[780, 380], [820, 380], [820, 420], [780, 420]]
    (tmp_path / "areas.json").write_text(
        json.dumps({"areas": [{"name": "toy", "polygon": polygon}]})
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


FILES = ["--boris", "b.tsv", "--boris-paste", "b.txt", "--elan", "e.eaf", "--media", "film.mp4"]


def test_a_table_becomes_events_in_all_forms(desk: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(["events", "gaze.csv", "--areas", "areas.json", *FILES]) == 0
    assert "1 people, 2 events: see events.csv" in capsys.readouterr().out
    for name in ("events.csv", "b.tsv", "e.eaf"):
        found = [(e.person, e.label, e.start, e.end) for e in read_events(desk / name)]
        assert found == [("Ann", "looks at toy", 0, 1), ("Ann", "looks elsewhere", 1, 2)]
    assert len((desk / "b.txt").read_text().split("\n")) == 4


def test_thresholds_are_used_and_kept_beside_the_table(desk: Path) -> None:
    assert run(["events", "gaze.csv", "--inside-threshold", "0.8", "--out", "out/e.csv"]) == 0
    assert [e.label for e in read_events(desk / "out" / "e.csv")] == ["looks outside"]
    record = json.loads((desk / "out" / "e.json").read_text())
    assert record["coding"]["inside_threshold"] == 0.8
    assert record["table"] == "gaze.csv"


@pytest.mark.parametrize("name", ["events.csv", "events.json", "e.eaf", "b.tsv", "b.txt"])
def test_no_file_is_overwritten_unless_asked(
    desk: Path, name: str, capsys: pytest.CaptureFixture
) -> None:
    (desk / name).write_text("mine")
    assert run(["events", "gaze.csv", *FILES]) == 2
    assert f"{name} is there already" in capsys.readouterr().err
    assert (desk / name).read_text() == "mine"
    assert run(["events", "gaze.csv", *FILES, "--overwrite"]) == 0
    assert (desk / name).read_text() != "mine"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["gone.csv"], 2, "gone.csv"),
        (["gaze.csv", "--areas", "gone.json"], 2, "gone.json"),
        (["gaze.csv", "--media", "gone.mp4"], 2, "gone.mp4"),
        (["gaze.csv", "--areas", "gaze.csv"], 1, "no valid JSON"),
        (["areas.json"], 1, "sightline predict"),
        (["gaze.csv", "--merge-gap", "-1"], 2, "merge_gap is -1"),
        (["gaze.csv", "--elan", "events.csv"], 2, "events.csv is named for two things"),
        (["gaze.csv", "--boris", "gaze.csv", "--overwrite"], 2, "gaze.csv is named for two things"),
    ],
)
def test_wrong_uses_get_one_sentence(
    desk: Path, capsys: pytest.CaptureFixture, words: list[str], code: int, says: str
) -> None:
    assert run(["events", *words]) == code
    errors = capsys.readouterr().err
    assert says in errors
    assert "Traceback" not in errors
    assert not (desk / "events.csv").exists()


def test_folders_are_made_for_all_files(desk: Path) -> None:
    assert run(["events", "gaze.csv", "--out", "a/e.csv", "--elan", "b/e.eaf"]) == 0
    assert (desk / "a" / "e.json").exists()
    assert (desk / "b" / "e.eaf").exists()


def test_people_of_one_coding_only_are_named(desk: Path, capsys: pytest.CaptureFixture) -> None:
    run(["events", "gaze.csv"])
    text = (desk / "events.csv").read_text()
    (desk / "other.csv").write_text(text.replace("Ann", "Ann [left]"))
    capsys.readouterr()
    assert run(["agreement", "events.csv", "other.csv"]) == 0
    printed = capsys.readouterr().out
    assert "only in events.csv: Ann\n" in printed
    assert "only in other.csv: Ann [left]\n" in printed
    assert printed.count("Ann [left]") == 3  # in both tables, brackets and all


def test_a_corrected_file_is_compared_with_the_prediction(
    desk: Path, capsys: pytest.CaptureFixture
) -> None:
    run(["events", "gaze.csv", "--areas", "areas.json", "--elan", "e.eaf"])
    corrected = (desk / "e.eaf").read_text().replace('TIME_VALUE="1000"', 'TIME_VALUE="1500"')
    (desk / "corrected.eaf").write_text(corrected)
    words = ["agreement", "events.csv", "corrected.eaf", "--bin", "0.5", "--out", "a.json"]
    assert run(words) == 0
    printed = capsys.readouterr().out
    assert "looks at toy" in printed
    report = json.loads((desk / "a.json").read_text())
    (ann,) = report["people"]
    assert (ann["bins"], ann["equal"], ann["kappa"]) == (4, 0.75, 0.5)
    assert [label["iou"] for label in report["labels"]] == pytest.approx([2 / 3, 1 / 2])
    assert run(words) == 2
    assert "a.json is there already" in capsys.readouterr().err


def test_an_undefined_kappa_is_a_dash_and_null(desk: Path, capsys: pytest.CaptureFixture) -> None:
    run(["events", "gaze.csv"])
    assert run(["agreement", "events.csv", "events.csv", "--out", "a.json"]) == 0
    assert json.loads((desk / "a.json").read_text())["people"][0]["kappa"] is None
    assert " - " in capsys.readouterr().out
