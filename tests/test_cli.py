"""The command line as a user meets it: files, odd files, wrong uses, exit codes."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sightline.cli import run
from sightline.gaze import Gaze
from sightline.media.image import read_image
from sightline.models import create
from sightline.models.weights import read_state, save_weights
from worlds import write_tiny_gazefollow

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(create("pdp-nodepth", **TINY), path, name="pdp-nodepth")
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of three pictures, three that are none, and heads for all."""
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name in ("a.jpg", "b.png", "ü ж.jpg"):
        pixels = random.integers(0, 255, (60, 80, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name)
    whole = (folder / "a.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("no picture")
    heads = [["image", "x_min", "y_min", "x_max", "y_max"]]
    heads += [["a.jpg", 10, 10, 30, 30], ["a.jpg", 40, 10, 60, 30], ["b.png", 5, 5, 25, 25]]
    with (tmp_path / "heads.csv").open("w", newline="") as file:
        csv.writer(file).writerows(heads)
    return folder


def predict(photos: Path, weights: Path, *words: str, out: str = "out") -> int:
    options = ["--model", "pdp-nodepth", "--weights", str(weights), "--batch", "2"]
    heads = ["--heads", str(photos.parent / "heads.csv"), "--out", str(photos.parent / out)]
    return run(["predict", str(photos), *options, *heads, *words])


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "gaze.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_folder_run_reports_bad_files_and_writes_the_rest(
    photos: Path, weights: Path, capsys: pytest.CaptureFixture
) -> None:
    code = predict(photos, weights, "--save-heatmaps", "--parquet")
    out = photos.parent / "out"
    errors = capsys.readouterr().err
    assert code == 1
    for name in ("cut.jpg", "empty.jpg", "text.jpg"):
        assert errors.count(str(photos / name)) == 1  # skipped PATH: why
        assert f"skipped {photos / name}: " in errors
        assert not (out / f"{name}.gaze.json").exists()
    for name, people in (("a.jpg", 2), ("b.png", 1), ("ü ж.jpg", 0)):
        content = json.loads((out / f"{name}.gaze.json").read_text(encoding="utf-8"))
        assert len(content["people"]) == len(Gaze.from_dict(content["gaze"])) == people
        assert read_image(out / f"{name}.gaze.jpg").shape == (3, 60, 80)
        heatmaps = np.load(out / f"{name}.gaze.npy")
        assert heatmaps.dtype == np.float16
        assert len(heatmaps) == people
    assert [Path(row["image"]).name for row in table(out)] == ["a.jpg", "a.jpg", "b.png"]
    assert float(table(out)[0]["head_x_min"]) == pytest.approx(10, rel=1e-5)
    assert (out / "gaze.parquet").exists()
    record = json.loads((out / "run.json").read_text())
    assert record["weights_sha256"]
    assert record["model"] == "pdp-nodepth"


def test_the_bar_is_not_part_of_the_output(
    photos: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    predict(photos, weights)
    said = capsys.readouterr()
    assert said.out.splitlines() == [f"3 pictures, 3 people: see {photos.parent / 'out'}/"]
    assert "predicting" in said.err


def test_a_picture_too_long_for_its_drawing_is_skipped_and_the_run_goes_on(
    photos: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("sightline.media.image.LONGEST_JPEG", 99)
    Image.new("RGB", (100, 50)).save(photos / "a-long.png")
    assert predict(photos, weights) == 1
    said = capsys.readouterr()
    assert f"skipped {photos / 'a-long.png'}: " in said.err
    assert "4 of 7 pictures were skipped" in said.err
    assert said.out.startswith("3 pictures, 3 people")
    assert not (photos.parent / "out" / "a-long.png.gaze.json").exists()


def test_results_are_not_overwritten_silently(
    photos: Path, weights: Path, capsys: pytest.CaptureFixture
) -> None:
    predict(photos, weights)
    assert predict(photos, weights) == 2
    assert "--resume" in capsys.readouterr().err


def test_a_broken_run_goes_on_without_repeating_pictures(photos: Path, weights: Path) -> None:
    predict(photos, weights)
    out = photos.parent / "out"
    before = table(out)
    (out / "b.png.gaze.json").unlink()  # as if the run had been killed here
    kept = (out / "a.jpg.gaze.json").stat().st_mtime_ns
    predict(photos, weights, "--resume")
    assert table(out) == before
    assert (out / "a.jpg.gaze.json").stat().st_mtime_ns == kept
    assert (out / "b.png.gaze.json").exists()


def test_results_of_other_weights_are_not_continued(
    photos: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    predict(photos, weights)
    torch.manual_seed(1)
    other = tmp_path / weights.name
    save_weights(create("pdp-nodepth", **TINY), other, name="pdp-nodepth")
    assert predict(photos, other, "--resume") == 2
    assert "other weights" in capsys.readouterr().err


def test_results_of_other_heads_are_not_continued(
    photos: Path, weights: Path, capsys: pytest.CaptureFixture
) -> None:
    predict(photos, weights)
    with (photos.parent / "heads.csv").open("a") as file:
        file.write("b.png,1,1,20,20\n")
    assert predict(photos, weights, "--resume") == 2
    assert "other weights, heads or objects" in capsys.readouterr().err


def test_results_of_before_heads_and_folder_were_noted_are_continued(
    photos: Path, weights: Path
) -> None:
    predict(photos, weights)
    record = photos.parent / "out" / "run.json"
    facts = json.loads(record.read_text())
    record.write_text(json.dumps({k: v for k, v in facts.items() if k not in ("heads", "base")}))
    kept = (record.parent / "a.jpg.gaze.json").stat().st_mtime_ns
    assert predict(photos, weights, "--resume") == 1  # the files that are no pictures
    assert (record.parent / "a.jpg.gaze.json").stat().st_mtime_ns == kept


def test_pictures_of_another_folder_are_not_taken_for_finished(
    photos: Path, weights: Path, capsys: pytest.CaptureFixture
) -> None:
    predict(photos, weights)
    shutil.copytree(photos, photos.parent / "more")
    assert predict(photos.parent / "more", weights, "--resume") == 2
    error = capsys.readouterr().err
    assert f"results of pictures in {photos}, these are in {photos.parent / 'more'};" in error


def test_a_run_that_goes_on_with_other_pictures_keeps_the_rows_of_the_first(
    photos: Path, weights: Path
) -> None:
    (photos / "sub").mkdir()
    shutil.copy(photos / "a.jpg", photos / "sub" / "c.jpg")
    shutil.copy(photos.parent / "heads.csv", photos / "heads.csv")
    (photos.parent / "out").mkdir()
    (photos.parent / "out" / "somebody.gaze.json").write_text('["else"]')
    out, heads = photos.parent / "out", str(photos.parent / "heads.csv")
    options = ["--model", "pdp-nodepth", "--weights", str(weights), "--heads", heads]
    for name in ("b.png", "a.jpg", "sub/c.jpg"):
        more = ["--resume"] if (out / "run.json").exists() else []
        assert run(["predict", str(photos / name), *options, "--out", str(out), *more]) == 0
    assert [Path(row["image"]).name for row in table(out)] == ["a.jpg", "a.jpg", "b.png"]
    assert (out / "sub" / "c.jpg.gaze.json").exists()
    one = ["predict", str(photos / "b.png"), *options, "--out", str(out), "--overwrite"]
    assert run(one) == run([*one[:-1], "--resume"]) == 0  # what was replaced does not come back
    assert [Path(row["image"]).name for row in table(out)] == ["b.png"]


def test_overwrite_replaces_results(photos: Path, weights: Path) -> None:
    predict(photos, weights)
    before = (photos.parent / "out" / "a.jpg.gaze.json").stat().st_mtime_ns
    predict(photos, weights, "--overwrite")
    assert (photos.parent / "out" / "a.jpg.gaze.json").stat().st_mtime_ns > before
    assert len(table(photos.parent / "out")) == 3


def test_batches_do_not_change_results(photos: Path, weights: Path) -> None:
    predict(photos, weights, "--precision", "float32")
    predict(photos, weights, "--precision", "float32", "--batch", "16", out="other")
    for one, two in zip(table(photos.parent / "out"), table(photos.parent / "other"), strict=True):
        assert (one["gaze_x"], one["gaze_y"]) == (two["gaze_x"], two["gaze_y"])


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["predict", "gone.jpg"], 2, "gone.jpg"),
        (["predict", "{photos}", "--model", "pdq"], 2, "no model named 'pdq'"),
        (["predict", "{photos}", "--model", "pdp"], 2, "--weights FILE"),
        (["predict", "{photos}", "--heads", "gone.csv"], 2, "gone.csv"),
        (["predict", "{photos}", "--detector", "gone.onnx"], 2, "gone.onnx"),
        (["predict", "{photos}", "--model", "pdp-nodepth", "--weights", "{text}"], 1, "is refused"),
        (["train", "no-recipe", "--data", "d"], 2, "no recipe named"),
        (["train", "gone.py:recipe", "--data", "d"], 2, "gone.py"),
        (["evaluate", "gazefollow-tst", "--data", "d"], 2, "gazefollow-test"),
        (["evaluate", "gazefollow-test"], 2, "--data DIR"),
        (["evaluate", "gazefollow-test", "--predictions", "gone"], 2, "no predictions"),
        (["data", "check", "gazefolow", "d"], 2, "gazefollow"),
        (["data", "check", "gazefollow", "gone"], 2, "gone"),
        (["data", "synthesize", "gazefollow", "{photos}"], 2, "not an empty folder"),
        (["models", "convert", "pdp", "gone.pt", "out.safetensors"], 2, "gone.pt"),
        (["nonsense"], 2, "known:"),
        (["data"], 2, "data check"),
    ],
)
def test_wrong_uses_get_one_sentence_and_the_right_exit_code(
    photos: Path,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    says: str,
) -> None:
    monkeypatch.chdir(photos.parent)
    places = {"photos": photos, "text": photos / "text.jpg"}
    assert run([word.format(**places) for word in words]) == code
    errors = capsys.readouterr().err
    assert says in errors
    assert "Traceback" not in errors


def test_a_wrong_option_ends_with_code_2() -> None:
    with pytest.raises(SystemExit) as stop:
        run(["predict", "x", "--no-such-option"])
    assert stop.value.code == 2


def test_an_error_keeps_its_traceback_with_debug() -> None:
    with pytest.raises(FileNotFoundError):
        run(["predict", "gone.jpg"], debug=True)


def test_a_dataset_is_checked_scored_and_scored_again(
    tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture
) -> None:
    data = write_tiny_gazefollow(tmp_path / "data", test=3)
    assert run(["data", "check", "gazefollow", str(data)]) == 0
    model = ["--model", "pdp-nodepth", "--weights", str(weights), "--workers", "0"]
    where = ["--data", str(data), "--out", str(tmp_path / "scores")]
    assert run(["evaluate", "gazefollow-test", *model, *where, "--baselines"]) == 0
    first = json.loads((tmp_path / "scores" / "report.json").read_text())
    assert set(first["scores"]) == {"pdp-nodepth", "centre", "chance", "facing side"}
    saved = str(tmp_path / "scores" / "predictions")
    again = ["--predictions", saved, "--out", str(tmp_path / "again")]
    assert run(["evaluate", "gazefollow-test", *again]) == 0
    second = json.loads((tmp_path / "again" / "report.json").read_text())
    assert second["scores"]["pdp-nodepth"] == first["scores"]["pdp-nodepth"]
    assert second["weights_sha256"] == first["weights_sha256"]
    assert "gazefollow.auc.float-mirror" in capsys.readouterr().out


def test_an_official_checkpoint_is_converted_and_predicts(
    tmp_path: Path, golden: Path, photos: Path, capsys: pytest.CaptureFixture
) -> None:
    shapes = json.loads((golden / "pdp" / "spatial_nodepth_layout.json").read_text())
    state = {f"module.{name}": torch.zeros(shape) for name, shape in shapes.items()}
    torch.save({"state_dict": state}, tmp_path / "official.pt")
    target = tmp_path / "ours.safetensors"
    assert (
        run(["models", "convert", "pdp-nodepth", str(tmp_path / "official.pt"), str(target)]) == 0
    )
    assert "compress_conv1_inout" in capsys.readouterr().out
    assert read_state(target)[1]["model"] == "pdp-nodepth"
    assert run(["models", "convert", "pdp", str(tmp_path / "official.pt"), f"{target}2"]) == 1
    assert "another model" in capsys.readouterr().err


def test_a_file_of_ours_is_stored_in_half_the_space(tmp_path: Path, weights: Path) -> None:
    half = tmp_path / "half.safetensors"
    assert run(["models", "convert", "pdp-nodepth", str(weights), str(half), "--half"]) == 0
    assert half.stat().st_size < 0.6 * weights.stat().st_size
    assert all(t.dtype != torch.float32 for t in read_state(half)[0].values())


def test_models_and_versions_are_listed(capsys: pytest.CaptureFixture) -> None:
    assert run(["models", "list"]) == 0
    assert run(["info"]) == 0
    text = capsys.readouterr().out
    assert "pdp-gazefollow-nodepth" in text
    assert "torch" in text


def test_help_needs_no_torch() -> None:
    code = "import sys, sightline.cli as c; c.run(['--help']); print('torch' in sys.modules)"
    source = str(Path(__file__).parent.parent / "src")
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "predict" in done.stdout
    assert done.stdout.endswith("False\n")
