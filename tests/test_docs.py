"""What the documentation says is true: its code runs, its commands parse, its links lead somewhere.

A fenced block that a line like "`heads.csv`:" introduces is a file of that name; `python` blocks
run and `pycon` blocks must print what they show, page by page in one session; `sh` blocks and
commands in running text must parse. A picture, weights and a small GazeFollow are at hand.
"""

import builtins
import doctest
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest
import torch

from sightline import benchmark, cli, datasets
from sightline.media.image import write_image
from sightline.models import MODELS, RECIPES, weights_catalogue
from sightline.models.licences import DATA
from worlds import write_tiny_gazefollow

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
METRICS = ROOT / "docs" / "metrics.md"
PAGES = [*DOCS, *ROOT.glob("*.md"), *sorted((ROOT / "src").rglob("*.md")), *ROOT.glob("bench/*.md")]
FENCE = re.compile(
    r"(?:^[^\n]*?`([\w.-]+)`:\n\n)?^```([\w{}-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
INLINE = re.compile(r"`(sightline [^`]+)`")


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """The fenced blocks of a page: file name or "", language, content."""
    return FENCE.findall(page.read_text(encoding="utf-8"))


def shown(page: Path) -> list[list[str]]:
    """The words after `sightline` of the command lines in `sh` blocks."""
    text = "".join(content for _, language, content in blocks(page) if language == "sh")
    lines = [shlex.split(line, comments=True) for line in text.replace("\\\n", " ").splitlines()]
    return [words[1:] for words in lines if words[:1] == ["sightline"]]


def mentioned(page: Path) -> list[list[str]]:
    """The same of commands in running text, which may be cut short."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return [shlex.split(line)[1:] for line in INLINE.findall(text)]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with inputs; what a page imports or registers is forgotten afterwards."""
    write_tiny_gazefollow(tmp_path / "gazefollow", train=40)
    write_image(tmp_path / "photo.jpg", torch.randint(256, (3, 72, 96), dtype=torch.uint8))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(datasets, "DATASETS", dict(datasets.DATASETS))
    monkeypatch.setattr(benchmark, "BENCHMARKS", dict(benchmark.BENCHMARKS))
    yield tmp_path
    for file in tmp_path.glob("*.py"):
        sys.modules.pop(file.stem, None)


def write_files(page: Path, folder: Path) -> None:
    """Write the files that a page shows."""
    for name, _, content in blocks(page):
        if name:
            (folder / name).write_text(content, encoding="utf-8")


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs_and_prints_what_it_shows(page: Path, desk: Path) -> None:
    write_files(page, desk)
    assert failures(page) == 0


def failures(page: Path) -> int:
    """Run the Python blocks of a page; returns how many of its lines print something else."""
    session: dict = {"__name__": "page"}
    runner = doctest.DocTestRunner()
    for name, language, content in blocks(page):
        if language == "python" and not name:
            exec(compile(content, str(page), "exec"), session)
        elif language == "pycon":
            examples = doctest.DocTestParser().get_doctest(content, session, page.name, None, 0)
            runner.run(examples, clear_globs=False)
            session |= examples.globs
    vars(builtins).pop("_", None)  # the last result of doctest, which tyro would take for gettext
    return runner.summarize(verbose=False).failed


@pytest.mark.parametrize("page", ["training", "add-a-model", "train-your-own"])
def test_the_commands_about_a_users_own_file_run(
    page: str, desk: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = ROOT / "docs" / f"{page}.md"
    write_files(path, desk)
    assert failures(path) == 0
    small = {
        "train": ["--epochs=1", "--workers=0", "--accelerator=cpu"],
        "evaluate": ["--workers=0"],
    }
    for words in shown(path):
        if any(word.startswith("my_") for word in words):
            assert cli.run([*words, *small[words[0]]], debug=True) == 0
    assert ".distance" in capfd.readouterr().out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_every_command_of_a_page_parses(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in shown(page):
        _, kind = command_of(words)
        monkeypatch.setattr(kind, "run", lambda self: 0)
        assert cli.run(words, debug=True) == 0
    for words in mentioned(page):
        if words[0] not in ("COMMAND", "--help", "--debug"):
            name, kind = command_of(words)
            options = {f"--{field.name.replace('_', '-')}" for field in fields(kind)} | {"--help"}
            given = {word for word in words if word.startswith("--")}
            assert given <= options, f"sightline {name} has no option {given - options}"


def command_of(words: list[str]) -> tuple[str, type]:
    """The command that words begin with, and the dataclass of its options."""
    name = next((c for c in cli.COMMANDS if words[: len(c.split())] == c.split()), None)
    assert name is not None, f"there is no command {words}"
    module, kind, _ = cli.COMMANDS[name]
    return name, getattr(import_module(f"sightline.cli.{module}"), kind)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_test_that_proves_a_row_is_there() -> None:
    rows = re.findall(r"^\| .* \| (`.*) \|$", (ROOT / "docs/released.md").read_text(), re.M)
    assert len(rows) > 70
    for part in "; ".join(rows).split("; "):
        file, *names = re.findall("`([^`]+)`", part)
        text = (ROOT / "tests" / file).read_text()
        assert names
        assert [name for name in names if f"def {name}(" not in text] == []


def test_every_page_can_be_reached_from_the_index() -> None:
    met, waiting = set(), [ROOT / "docs" / "index.md"]
    while waiting:
        met.add(page := waiting.pop())
        links = re.findall(r"\]\(([^)#:]+\.md)", page.read_text(encoding="utf-8"))
        waiting += {(page.parent / link).resolve() for link in links} - met
    assert [page for page in PAGES if page not in met] == []


def test_every_metric_benchmark_model_and_recipe_is_described() -> None:
    metrics = METRICS.read_text()
    training = (ROOT / "docs" / "training.md").read_text()
    known = set(benchmark.BENCHMARKS).union(
        *(each.definitions() for each in benchmark.BENCHMARKS.values())
    )
    assert [name for name in known if f"`{name}`" not in metrics] == []
    assert [name for name in MODELS.keys() | RECIPES.keys() if f"`{name}`" not in training] == []


def test_every_metric_has_a_worked_number() -> None:
    printed = "".join(content for _, kind, content in blocks(METRICS) if kind == "pycon")
    worked = re.findall(r"^([\w.-]+) +\d+\.\d+ of \d+$", printed, re.MULTILINE)
    known = set().union(*(each.definitions() for each in benchmark.BENCHMARKS.values()))
    assert known - set(worked) == set()


def test_the_licences_are_those_that_the_command_prints() -> None:
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    rows = [
        f"| `{name}` | {weights.licence} | {weights.backbone or 'none'} | "
        f"{', '.join(f'`{data}`' for data in weights.data)} |"
        for name, weights in weights_catalogue().items()
    ] + [f"| `{name}` | {terms} |" for name, terms in DATA.items()]
    assert [row for row in rows if row not in page] == []


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_has_every_page(tmp_path: Path) -> None:
    pytest.importorskip("furo")
    command = ["-m", "sphinx", "-q", "-W", "-E", "-c", "docs", ".", str(tmp_path)]
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True)
    index = tmp_path / "docs" / "index.html"
    site = {tmp_path / page.relative_to(ROOT).with_suffix(".html") for page in PAGES} - {index}
    links = {page: f'href="{os.path.relpath(page, index.parent)}"' for page in site}
    text = index.read_text(encoding="utf-8")
    assert [page for page in site if not page.exists() or links[page] not in text] == []
    assert "sightline.predict" in (index.parent / "api.html").read_text(encoding="utf-8")


def test_the_design_page_shows_the_layers_that_are_enforced() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = [layer.replace("sightline.", "") for layer in settings["contracts"][0]["layers"]]
    shown = "".join(f"    {layer}\n" for layer in layers)
    assert f"\n\n{shown}\n" in (ROOT / "docs" / "design.md").read_text()
