"""`sightline` with Gaze-LLE, at reduced size, as a user has it."""

import json
from pathlib import Path

import pytest
from PIL import Image
from test_gazelle import tiny

from sightline.cli import run
from sightline.models.weights import save_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "gazelle.safetensors"
    save_weights(tiny(), path, name="gazelle-vitb14")
    return path


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.effect_noise((80, 60), 50).convert("RGB").save(path)
    return path


def test_people_without_a_box_are_predicted_drawn_and_written(
    photo: Path, weights: Path, capsys: pytest.CaptureFixture
) -> None:
    out = photo.parent / "out"
    words = ["predict", str(photo), "--model", "gazelle-vitb14", "--weights", str(weights)]
    assert run([*words, "--heads", "none", "--out", str(out)]) == 0
    assert "1 picture, 1 person" in capsys.readouterr().out
    (person,) = json.loads((out / "photo.png.gaze.json").read_text())["people"]
    assert person["head_x_min"] is None
    assert 0 <= person["gaze_x"] <= 80
    assert Image.open(out / "photo.png.gaze.jpg").size == (80, 60)


def test_a_model_that_needs_boxes_says_so(photo: Path, capsys: pytest.CaptureFixture) -> None:
    words = ["predict", str(photo), "--model", "pdp-small.synthetic", "--heads", "none"]
    assert run([*words, "--out", str(photo.parent / "out")]) == 1
    assert "a person has no head box (NaN), and this model needs one" in capsys.readouterr().err


def test_nobody_without_a_box_is_followed_through_a_film(
    tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    words = ["predict", str(film), "--model", "gazelle-vitb14", "--weights", str(weights)]
    assert run([*words, "--heads", "none"]) == 2
    assert "--heads none is for pictures" in capsys.readouterr().err
