"""Fifty and more wrong uses: each is told in one sentence what, where and how to mend it."""

import os
from pathlib import Path

import pytest
import torch

from sightline.cli import run
from sightline.media.image import write_image

PDP = ["--model", "pdp-small.synthetic"]
HEADS = ["--heads", "heads.csv"]
PICTURE = ["predict", "a.jpg", *PDP]
USE, FAILED = 2, 1  # exit codes

HEAD = "image,x_min,y_min,x_max,y_max\n"
FILES = {
    "heads.csv": HEAD + "a.jpg,10,10,40,40\n" + "text.jpg,1,1,9,9\nzero.png,1,1,9,9\n",
    "unit.csv": HEAD + "a.jpg,0.1,0.1,0.4,0.4\n",
    "reversed.csv": HEAD + "a.jpg,40,40,10,10\n",
    "huge.csv": HEAD + "a.jpg,1e30,10,1e31,40\n",
    "columns.csv": "a,b,c\n1,2,3\n",
    "broken.json": '{"x": ',
    "text.jpg": "no picture",
    "zero.png": "",
    "text.safetensors": "nothing",
    "file": "x",
    "recipe.py": "def other(): ...\n",
}

WRONG = {
    # what is wrong: (words, exit code, parts of the sentence)
    "a command that is not there": (["predic"], USE, ["'predic'", "known: predict"]),
    "half a command": (["data"], USE, ["data check", "data convert"]),
    "options of films with a picture": (
        [*PICTURE, *HEADS, "--start", "1", "--no-video"],
        USE,
        ["--start, --no-video: for films, and a.jpg is none"],
    ),
    "a picture that is not there": (["predict", "nope.jpg"], USE, ["nope.jpg", "no such file"]),
    "an empty folder": (["predict", "empty"], USE, ["empty: no pictures", ".jpg"]),
    "a pattern without a match": (["predict", "*.tiff"], USE, ["*.tiff: no pictures"]),
    "a text as a picture": (
        ["predict", "text.jpg", *PDP, *HEADS],
        FAILED,
        ["text.jpg: this is no picture", "JPEG"],
    ),
    "a file without a byte": (["predict", "zero.png", *PDP, *HEADS], FAILED, ["zero.png"]),
    "a folder with the name of a picture": (
        ["predict", "folder.jpg", *PDP],
        USE,
        ["folder.jpg: no pictures"],
    ),
    "boxes as fractions": (
        [*PICTURE, "--heads", "unit.csv"],
        FAILED,
        ["unit.csv", "fractions", "pixels"],
    ),
    "a box the wrong way round": (
        [*PICTURE, "--heads", "reversed.csv"],
        FAILED,
        ["line 2", "reversed", "x_min"],
    ),
    "a box beyond all pictures": ([*PICTURE, "--heads", "huge.csv"], FAILED, ["line 2", "'1e30'"]),
    "other columns": (
        [*PICTURE, "--heads", "columns.csv"],
        FAILED,
        ["columns.csv", "x_min, y_min"],
    ),
    "a broken file of heads": (
        [*PICTURE, "--heads", "broken.json"],
        FAILED,
        ["broken.json", "no valid JSON"],
    ),
    "a file of heads that is not there": (
        [*PICTURE, "--heads", "no.csv"],
        USE,
        ["no.csv", "check the path"],
    ),
    "a folder without heads": ([*PICTURE, "--heads", "empty"], FAILED, ["empty", "no head boxes"]),
    "an unknown detector": ([*PICTURE, "--detector", "yolo99"], USE, ["yolo99", "mtcnn"]),
    "an unknown model": (
        ["predict", "a.jpg", *HEADS, "--model", "pdq"],
        USE,
        ["'pdq'", "did you mean pdp"],
    ),
    "a model without weights": (
        ["predict", "a.jpg", *HEADS, "--model", "pdp"],
        USE,
        ["--weights FILE", "pdp.gazefollow"],
    ),
    "weights that were not fetched": (
        ["predict", "a.jpg", *HEADS, "--model", "gazelle-vitb14.gazefollow"],
        USE,
        ["sightline models pull gazelle-vitb14.gazefollow"],
    ),
    "weights of another model": (
        ["predict", "a.jpg", *HEADS, "--model", "gazelle-small", "--weights", "SMALL"],
        FAILED,
        ["holds weights of pdp-small, not of gazelle-small"],
    ),
    "a text as weights": (
        ["predict", "a.jpg", *HEADS, "--model", "pdp-small", "--weights", "text.safetensors"],
        FAILED,
        ["text.safetensors is refused", "safetensors"],
    ),
    "weights that would run code": (
        ["predict", "a.jpg", *HEADS, "--model", "pdp", "--weights", "code.pt"],
        FAILED,
        ["code.pt is refused", "ask its author"],
    ),
    "weights that are not there": (
        ["predict", "a.jpg", *HEADS, "--model", "pdp-small", "--weights", "no.pt"],
        USE,
        ["no weights file at no.pt"],
    ),
    "a GPU where none is": (
        [*PICTURE, *HEADS, "--device", "cuda:7"],
        FAILED,
        ["'cuda:7'", "'cpu'"],
    ),
    "a device that there is not": (
        [*PICTURE, *HEADS, "--device", "tpu"],
        FAILED,
        ["'tpu'", "cpu, cuda"],
    ),
    "results into a file": (
        [*PICTURE, *HEADS, "--out", "file"],
        USE,
        ["file: a file is where a folder should be"],
    ),
    "results below a file": (
        [*PICTURE, *HEADS, "--out", "file/below"],
        USE,
        ["file/below", "name another"],
    ),
    "results where nothing can be written": (
        [*PICTURE, *HEADS, "--out", "/proc/sightline"],
        USE,
        ["/proc/sightline", "check the path"],
    ),
    "a model for panoramas on a picture": (
        ["predict", "a.jpg", *HEADS, "--model", "gazefollow360-small.synthetic"],
        FAILED,
        ["a.jpg", "reads panoramas", "--projection equirectangular"],
    ),
    "objects that are not there": (
        [*PICTURE, *HEADS, "--objects", "no.json"],
        USE,
        ["no.json", "COCO"],
    ),
    "broken objects": (
        [*PICTURE, *HEADS, "--objects", "broken.json"],
        FAILED,
        ["broken.json", "no valid JSON"],
    ),
    "an unknown benchmark": (
        ["evaluate", "gazefolow-test", "--data", "."],
        USE,
        ["'gazefolow-test'", "gazefollow-test"],
    ),
    "data that are not there": (
        ["evaluate", "gazefollow-test", "--data", "nowhere", *PDP],
        USE,
        ["nowhere has no test_annotations_release.txt"],
    ),
    "the data of another benchmark": (
        ["evaluate", "vat-test", "--data", "empty", *PDP],
        USE,
        ["annotations/test", "images/"],
    ),
    "weights that nobody may fetch": (
        ["evaluate", "vat-test", "--data", "empty", "--model", "pdp-video.vat"],
        USE,
        ["sightline models add pdp-video.vat FILE"],
    ),
    "an unknown recipe": (
        ["train", "pdp-smal", "--data", "."],
        USE,
        ["'pdp-smal'", "pdp-small-synthetic"],
    ),
    "training without data": (
        ["train", "pdp-small-synthetic", "--data", "empty"],
        USE,
        ["empty has no train_annotations_release.txt"],
    ),
    "training on a seed that is no number": (
        ["train", "pdp-small-synthetic", "--data", "rendered:seed=x"],
        FAILED,
        ["'seed=x'", "rendered:seed=3"],
    ),
    "a recipe's file that is not there": (
        ["train", "no.py:recipe", "--data", "."],
        USE,
        ["no.py", "Python file"],
    ),
    "a recipe that its file does not have": (
        ["train", "recipe.py:mine", "--data", "."],
        USE,
        ["mine", "recipe.py"],
    ),
    "batches of nothing": (
        ["train", "pdp-small-synthetic", "--data", "empty", "--batch-size", "0"],
        FAILED,
        ["batch_size = 0", "at least 1"],
    ),
    "no epoch": (
        ["train", "pdp-small-synthetic", "--data", "empty", "--epochs", "-1"],
        FAILED,
        ["epochs = -1"],
    ),
    "a dataset that there is not": (
        ["data", "check", "gazefolow", "."],
        USE,
        ["'gazefolow'", "gazefollow"],
    ),
    "a folder of another dataset": (
        ["data", "check", "goo", "empty"],
        USE,
        ["empty holds no release of GOO"],
    ),
    "nothing to convert": (
        ["data", "convert", "goo-synth", "empty", "out"],
        USE,
        ["empty has no annotations", "looked for"],
    ),
    "statistics of nothing": (
        ["data", "statistics", "gazefollow", "empty"],
        USE,
        ["empty has no train_annotations_release.txt"],
    ),
    "rendering into a file": (
        ["data", "synthesize", "gazefollow", "file"],
        USE,
        ["file exists", "name a new folder"],
    ),
    "fewer than no pictures": (
        ["data", "synthesize", "gazefollow", "new", "--images", "-3"],
        FAILED,
        ["images = -3"],
    ),
    "pictures without a pixel": (
        ["data", "synthesize", "goo", "new", "--size", "0", "4"],
        FAILED,
        ["size = (0, 4)"],
    ),
    "panoramas that are not twice as wide as high": (
        ["data", "synthesize", "gazefollow360", "new", "--size", "300", "200"],
        FAILED,
        ["300", "200"],
    ),
    "events of nothing": (["events", "no.gaze.csv"], USE, ["no.gaze.csv", "no such table"]),
    "events of another table": (
        ["events", "columns.csv"],
        FAILED,
        ["columns.csv", "are missing", "sightline predict"],
    ),
    "codings of another kind": (
        ["agreement", "columns.csv", "heads.csv"],
        FAILED,
        ["columns.csv", "person, behaviour"],
    ),
    "weights with a name that there is not": (
        ["models", "pull", "nothing"],
        USE,
        ["'nothing'", "known"],
    ),
    "fetching where that is forbidden": (
        ["models", "pull", "gazelle-vitb14.gazefollow"],
        FAILED,
        ["HF_HUB_OFFLINE=1", "sightline models add"],
    ),
    "a copy that is not there": (
        ["models", "add", "gazelle-vitb14.gazefollow", "no.pt"],
        USE,
        ["no.pt", "copied here"],
    ),
    "a checkpoint that is not there": (
        ["models", "convert", "pdp", "no.pt", "new.safetensors"],
        USE,
        ["no weights file at no.pt"],
    ),
    "a model to export that there is not": (["models", "export", "nothing"], USE, ["'nothing'"]),
    "an experiment that there is not": (["reproduce", "pdq"], USE, ["'pdq'", "did you mean pdp"]),
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of odd files, in which the user sits."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in ("empty", "folder.jpg"):
        (tmp_path / name).mkdir()
    (tmp_path / "code.pt").write_bytes(b"\x80\x04cos\nsystem\n(S'true'\ntR.")
    write_image(tmp_path / "a.jpg", torch.zeros(3, 60, 80, dtype=torch.uint8))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIGHTLINE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return tmp_path


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_use_is_told_in_a_sentence(
    what: str, desk: Path, capfd, small_weights: str
) -> None:
    words, code, parts = WRONG[what]
    given = [small_weights if word == "SMALL" else word for word in words]
    before = set(desk.iterdir())
    assert run(given) == code
    told = [line for line in capfd.readouterr().err.splitlines() if line.strip()]
    assert all(line.startswith("sightline: ") for line in told)
    assert all(part in " ".join(told) for part in parts)
    assert not any("Traceback" in line or "Error" in line for line in told)
    if code == USE:  # found out before anything was done
        assert set(desk.iterdir()) - before <= {desk / "runs"}


@pytest.fixture(scope="session")
def small_weights() -> str:
    """The file of weights that ships, for a model that it is not of."""
    from sightline.models import known_weights

    return str(known_weights("pdp-small.synthetic"))


@pytest.mark.parametrize(
    "words",
    [
        [*PICTURE, "--hads", "x"],
        [*PICTURE, "--precision", "float8"],
        ["predict"],
        ["train", "--out"],
    ],
)
def test_an_option_that_there_is_not_is_named(words: list[str], desk: Path, capfd) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(words)
    assert stopped.value.code == USE
    told = capfd.readouterr().err
    assert "--help" in told
    assert "Traceback" not in told


def test_with_debug_the_place_is_shown(desk: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nope\.jpg"):
        run(["predict", "nope.jpg"], debug=True)


def test_a_training_that_did_not_begin_stands_in_nobodys_way(desk: Path, capfd) -> None:
    for _ in range(2):
        assert run(["train", "pdp-small-synthetic", "--data", "empty", "--out", "mine"]) == USE
        assert "empty has no train_annotations_release.txt" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["名前 ä.jpg", "a b'c\".jpg", "x" * 120 + ".jpg"])
def test_odd_names_are_names(name: str, desk: Path) -> None:
    Path("a.jpg").replace(name)
    quoted = name.replace('"', '""')
    Path("heads.csv").write_text(f'{HEAD}"{quoted}",10,10,40,40\n', encoding="utf-8")
    assert run(["predict", name, *PDP, *HEADS, "--out", "out"]) == 0
    assert Path("out", f"{name}.gaze.json").is_file()


def test_a_full_disk_keeps_what_was_finished(
    desk: Path, capfd, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    from sightline import results

    written = []

    def write(path: Path, *rest: object) -> None:
        if written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        written.append(path)
        write_image(path, *rest)

    Path("photos").mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        Path("photos", name).write_bytes(Path("a.jpg").read_bytes())
    rows = "".join(f"{name},10,10,40,40\n" for name in ("a.jpg", "b.jpg", "c.jpg"))
    Path("heads.csv").write_text(HEAD + rows)
    command = ["predict", "photos", *PDP, *HEADS, "--out", "out"]
    monkeypatch.setattr(results, "write_image", write)
    assert run(command) == FAILED
    assert "no space left on device; check the path, its permissions and the disk" in (
        capfd.readouterr().err
    )
    assert Path("out/a.jpg.gaze.json").is_file()
    monkeypatch.setattr(results, "write_image", write_image)
    assert run([*command, "--resume"]) == 0
    assert len(Path("out/gaze.csv").read_text().splitlines()) == 4
