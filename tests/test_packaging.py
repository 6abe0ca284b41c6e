"""What a release holds: all of the package, and nothing that happens to lie in a checkout."""

import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEFT_OUT = {".ci", ".gitignore", ".pre-commit-config.yaml"}  # for those who have the history
ALWAYS_IN = {"pyproject.toml", "README.md", "LICENSE"}


def tracked(*options: str) -> list[Path]:
    """What `git ls-files` lists."""
    if not (ROOT / ".git").exists():
        pytest.skip("no checkout")
    command = ["git", "-C", str(ROOT), "ls-files", "-z", *options]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in listed.split("\0") if name]


def test_no_file_of_the_package_is_ignored_by_git_and_so_left_out_of_the_wheel() -> None:
    assert tracked("--cached", "--ignored", "--exclude-standard", "src") == []


def test_the_package_with_its_small_weights_and_viewer_stays_below_40_megabytes() -> None:
    files = tracked("src")
    assert {".safetensors", ".js", ".css", ".html"} <= {file.suffix for file in files}
    assert sum((ROOT / file).stat().st_size for file in files) < 40e6


def test_the_source_archive_has_a_place_for_every_top_level_name() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    included = set(settings["targets"]["sdist"]["only-include"])
    assert included | ALWAYS_IN | LEFT_OUT == {file.parts[0] for file in tracked()}
