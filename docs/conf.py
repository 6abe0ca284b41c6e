"""The site that `make docs` builds: these pages, the model cards where they lie, the docstrings.

The source folder is the whole project, so that the relative links of a page lead to the same files
on the site as on a code host. The navigation is made of the links in the index.
"""

import re
import sys
from pathlib import Path

from pygments.lexers.special import TextLexer

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))
import sightline  # noqa: E402

for name in sightline.__all__:  # they are imported when first asked for, which Sphinx does not do
    setattr(sightline, name, getattr(sightline, name))

project = "sightline"
copyright = "the authors of sightline, Apache-2.0"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "src/sightline/models/*/README.md",
    "bench/README.md",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
]
html_theme = "furo"
html_title = "sightline"
html_extra_path = ["start"]  # an index.html that leads to docs/index.html
html_copy_source = False
html_show_sphinx = False
language = "en"
myst_heading_anchors = 3
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
LINK = re.compile(r"\]\(([^)#:]+)\.md\)")
MARKS = re.compile(r"([\\*|_`])")
NAMED = re.compile(r"([a-z_]\w*(?:, [a-z_]\w*)*): (.+)")


def add_navigation(_app, name: str, source: list[str]) -> None:
    """A table of contents for each section of the index, of the pages that it links."""
    if name != root_doc:
        return
    for section in source[0].split("\n## ")[1:]:
        title = section.partition("\n")[0]
        pages = "\n".join(LINK.findall(section))
        source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{pages}\n```\n"


def plain_text(_app, _kind, _name, _thing, _options, lines: list[str]) -> None:
    """Docstrings are plain text: paragraphs, `code`, and lines "name: what it is"."""
    written: list[str] = []
    listed = False
    for line in map(str.strip, lines):
        if found := NAMED.match(line):
            written += [] if listed else [""]
            written.append(f"- ``{found[1]}``: {marked(found[2])}")
            listed = True
        else:
            listed = listed and line != ""
            written.append("  " * listed + marked(line))
    lines[:] = [*written, ""] if lines else []  # what has no docstring stays so


def marked(line: str) -> str:
    """A line in Sphinx's marks: code between two ticks, everything else as it is."""
    parts = line.split("`")
    if len(parts) % 2 == 0:  # code that goes on in the next line
        return MARKS.sub(r"\\\1", line)
    parts[::2] = [MARKS.sub(r"\\\1", part) for part in parts[::2]]
    return "``".join(parts)


def setup(app) -> None:
    """Sphinx calls this."""
    app.add_lexer("csv", TextLexer)  # Pygments knows none
    app.connect("source-read", add_navigation)
    app.connect("autodoc-process-docstring", plain_text)
