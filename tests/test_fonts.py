from pathlib import Path

import matplotlib
import pytest
import torch

from sightline import fonts
from sightline.fonts import font_for
from sightline.strokes import write


@pytest.fixture
def only_dejavu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system with one more font, which matplotlib brings."""
    font = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    monkeypatch.setattr(fonts, "INSTALLED", ("there-is-none.ttf", str(font)))


def written(text: str) -> torch.Tensor:
    picture = torch.zeros(3, 40, 120, dtype=torch.uint8)
    write(picture, text, (60, 20), 20, (255, 255, 255))
    return picture


@pytest.mark.usefixtures("only_dejavu")
def test_english_is_written_in_pillows_own_font_wherever_it_runs():
    assert font_for("Ann · inside 97%", 20).getname()[0] == "Aileron"


@pytest.mark.usefixtures("only_dejavu")
@pytest.mark.parametrize(("one", "other"), [("Зоя", "Юра"), ("Żé", "Çü"), ("Ζωή", "Ηρώ")])
def test_other_letters_are_written_in_an_installed_font_that_has_them(one: str, other: str):
    assert not written(one).equal(written(other)), "and not as boxes"


def test_letters_that_no_font_has_are_boxes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fonts, "INSTALLED", ("there-is-none.ttf",))
    assert font_for("小明", 20).getname()[0] == "Aileron"
    assert written("小明").any()
