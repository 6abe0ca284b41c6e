"""The page about rendered pictures says what the code does."""

import re
from dataclasses import fields
from pathlib import Path

import numpy as np

from sightline.datasets import RENDERED
from sightline.synthetic.difficulty import DIFFICULTIES, Difficulty

PAGE = (Path(__file__).parents[2] / "docs" / "rendered.md").read_text(encoding="utf-8")


def shown(name: str, value: float | tuple[float, float]) -> str:
    if isinstance(value, tuple):
        return f"{value[0]:g} to {value[1]:g}"
    return f"{np.degrees(value) if name == 'eyes_apart' else value:g}"


def test_the_table_of_difficulties_is_that_of_the_code() -> None:
    names = [field.name for field in fields(Difficulty) if field.name != "name"]
    wanted = [
        [f"`{name}`", *(shown(name, getattr(each, name)) for each in DIFFICULTIES.values())]
        for name in names
    ]
    lines = re.findall(r"^\| (`\w+` \|.*) \|$", PAGE.partition("## How hard")[2], re.MULTILINE)
    assert [line.split(" | ")[:-1] for line in lines] == wanted
    assert f"| Field | {' | '.join(DIFFICULTIES)} |" in PAGE


def test_every_dataset_that_can_be_rendered_is_named() -> None:
    named = PAGE.replace("`-every-6th`", "`videoattentiontarget-every-6th`")
    assert [name for name in RENDERED if f"`{name}`" not in named] == []
