"""What a command needs beside the core is missed before it begins, with the line that brings it."""

from pathlib import Path

import pytest

from sightline.cli import options, run


@pytest.mark.parametrize(
    ("words", "extras"),
    [
        ("predict photo.jpg --parquet", "table"),
        ("data statistics gazefollow rendered: --plot figure.png", "plots"),
        ("data synthesize gazefollow360 rooms", "panorama"),
        ("reproduce pdp", "train,objects,panorama,plots"),
    ],
)
def test_a_command_says_what_to_install_before_it_writes_anything(
    words: str,
    extras: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(options, "find_spec", lambda name: None)
    assert run(words.split()) == 1
    assert capsys.readouterr().err.endswith(f": pip install 'sightline[{extras}]'\n")
    assert list(tmp_path.iterdir()) == []
