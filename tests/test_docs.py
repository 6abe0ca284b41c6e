"""What the documentation says is true: its code runs, its commands parse, its links lead somewhere.

A fenced block that a line like "`heads.csv`:" introduces is a file of that name; `python` blocks
run and `pycon` blocks must print what they show, page by page in one session; `sh` blocks and
commands in running text must parse. A picture, weights and a small GazeFollow are at hand.
"""

import doctest
import re
import shlex
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import torch
from worlds import write_tiny_gazefollow

from sightline import cli
from sightline.benchmark import BENCHMARKS
from sightline.media.image import write_image
from sightline.metrics.scores import gazefollow_metrics, vat_metrics
from sightline.models import MODELS, RECIPES

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*DOCS, *ROOT.glob("*.md"), *sorted((ROOT / "src").rglob("*.md"))]
FENCE = re.compile(r"(?:^[^\n]*?`([\w.-]+)`:\n\n)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(sightline [^`]+)`")


def blocks(page: Path) -> list[tuple[str, str, str]]:
    """The fenced blocks of a page: file name or "", language, content."""
    return FENCE.findall(page.read_text(encoding="utf-8"))


def commands(page: Path) -> Iterator[list[str]]:
    """The words after `sightline` of every command line of a page."""
    for _, language, content in blocks(page):
        if language == "sh":
            lines = content.replace("\\\n", " ").splitlines()
            yield from (words[1:] for words in map(_words, lines) if words[:1] == ["sightline"])
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    yield from (_words(line)[1:] for line in INLINE.findall(text))


def _words(line: str) -> list[str]:
    return shlex.split(line, comments=True)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with inputs; what a page imports or registers is forgotten afterwards."""
    write_tiny_gazefollow(tmp_path / "gazefollow", train=40)
    write_image(tmp_path / "photo.jpg", torch.randint(256, (3, 72, 96), dtype=torch.uint8))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    for name in ("DATASETS", "CHECKS"):
        registry = getattr(import_module("sightline.datasets"), name)
        monkeypatch.setattr(f"sightline.datasets.{name}", dict(registry))
    for name in BENCHMARKS:
        monkeypatch.setitem(BENCHMARKS, name, BENCHMARKS[name])
    return tmp_path


def write_files(page: Path, folder: Path) -> None:
    """Write the files that a page shows."""
    for name, _, content in blocks(page):
        if name:
            (folder / name).write_text(content, encoding="utf-8")


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs_and_prints_what_it_shows(page: Path, desk: Path) -> None:
    write_files(page, desk)
    session: dict = {"__name__": "page"}
    runner = doctest.DocTestRunner()
    for name, language, content in blocks(page):
        if language == "python" and not name:
            exec(compile(content, str(page), "exec"), session)
        elif language == "pycon":
            examples = doctest.DocTestParser().get_doctest(content, session, page.name, None, 0)
            runner.run(examples, clear_globs=False)
            session |= examples.globs
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_every_command_of_a_page_parses(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in commands(page):
        name = next((c for c in cli.COMMANDS if words[: len(c.split())] == c.split()), None)
        assert name is not None, f"there is no command {words}"
        if words == name.split():
            continue  # spoken of, not shown
        module, kind, _ = cli.COMMANDS[name]
        monkeypatch.setattr(f"sightline.cli.{module}.{kind}.run", lambda self: 0)
        assert cli.run(words, debug=True) == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_index_links_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    assert [page.name for page in DOCS if page.stem != "index" and page.name not in index] == []


def test_every_metric_benchmark_model_and_recipe_is_described() -> None:
    metrics = (ROOT / "docs" / "metrics.md").read_text()
    training = (ROOT / "docs" / "training.md").read_text()
    known = {metric.id for metric in gazefollow_metrics + vat_metrics} | BENCHMARKS.keys()
    assert [name for name in known if f"`{name}`" not in metrics] == []
    assert [name for name in MODELS.keys() | RECIPES.keys() if f"`{name}`" not in training] == []
