"""`sightline models export` as a user meets it, without the export itself."""

from pathlib import Path

import pytest

from sightline.cli import run


@pytest.mark.parametrize("name", ["model.onnx", "model.json"])
def test_nothing_is_overwritten(name: str, tmp_path: Path, capsys) -> None:
    (tmp_path / name).write_text("mine")
    words = ["models", "export", "pdp-small.synthetic", "--out", str(tmp_path / "model.onnx")]
    assert run(words) == 2
    assert f"{name} exists already" in capsys.readouterr().err
    assert (tmp_path / name).read_text() == "mine"


def test_weights_that_are_not_there_are_named(tmp_path: Path, capsys) -> None:
    words = ["models", "export", "pdp", "--out", str(tmp_path / "model.onnx")]
    assert run(words) == 2
    assert "names no weights" in capsys.readouterr().err
