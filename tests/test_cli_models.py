"""`sightline models` and `sightline info --licences` as a user meets them."""

from functools import partial
from pathlib import Path

import pytest
import torch

from sightline import cli
from sightline.cli import run
from sightline.media.image import write_image
from sightline.models.cache import cached
from sightline.models.pdp import model as pdp_model
from sightline.models.weights import save_weights


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_CACHE", str(tmp_path / "cache"))


def test_the_list_says_what_is_here_and_what_can_be_had(capsys: pytest.CaptureFixture) -> None:
    assert run(["models", "list"]) == 0
    shown = capsys.readouterr().out
    groups = dict(part.split(":\n", 1) for part in shown.split("weights ")[1:])
    here, fetched, added = (groups[title] for title in groups)
    assert "pdp-small.synthetic" in here
    assert "gazelle-vitl14-inout.vat" in fetched
    assert "over 1218 MB" in fetched
    assert "pdp.gazefollow" in added
    assert max(map(len, shown.partition("cache:")[0].splitlines())) <= 82


def test_weights_in_the_cache_are_listed_as_here(capsys: pytest.CaptureFixture) -> None:
    cached("pdp.gazefollow").parent.mkdir(parents=True)
    cached("pdp.gazefollow").write_bytes(b"0" * 1_500_000)
    run(["models", "list"])
    here = capsys.readouterr().out.partition("weights to fetch")[0]
    assert "pdp.gazefollow                 cache          1.5 MB" in here


def test_added_weights_are_loaded_by_their_name(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = partial(pdp_model.pdp_nodepth, width=4)
    monkeypatch.setattr(pdp_model, "pdp_nodepth", small)  # large ones take seconds
    save_weights(small(), tmp_path / "w.safetensors", name="pdp-nodepth")
    name = "pdp-nodepth.gazefollow"
    assert run(["models", "add", name, str(tmp_path / "w.safetensors")]) == 0
    assert f"{name} is here: {cached(name)}" in capsys.readouterr().out
    assert run(["models", "pull", name]) == 0
    assert "is here already" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["models", "pull", "gazelle-vitb14.gazefollow"], 1, "HF_HUB_OFFLINE=1 forbids"),
        (["models", "pull", "pdp.gazefollow"], 1, "qiaomu-miao"),
        (["models", "pull", "gazelle-vitb14"], 2, "take gazelle-vitb14.gazefollow"),
        (["models", "add", "pdp.gazefollow", "gone.pt"], 2, "there is no file gone.pt"),
        (["models", "add", "pdp.gazefollow"], 2, "name the files"),
        (["models", "card", "pdq"], 2, "no model named 'pdq'"),
        (["info", "--licences", "pdq"], 2, "no weights are known of pdq"),
    ],
)
def test_wrong_uses_get_one_sentence(
    capsys: pytest.CaptureFixture, words: list[str], code: int, says: str
) -> None:
    assert run(words) == code
    errors = capsys.readouterr().err
    assert says in errors
    assert errors.count("\n") == 1


def test_licences_are_told_of_code_backbone_weights_and_data(
    capsys: pytest.CaptureFixture,
) -> None:
    assert run(["info", "--licences", "gazelle-vitl14-inout"]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[:4] == [
        "gazelle-vitl14-inout.vat",
        "  code      Apache-2.0 (this implementation)",
        "  backbone  Apache-2.0 (DINOv2)",
        "  weights   MIT",
    ]
    assert "VideoAttentionTarget" in shown
    assert run(["info", "--licences"]) == 0
    assert "gatector.goo-synth" in capsys.readouterr().out


def test_a_card_is_printed_or_written_but_never_over_another(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    words = ["models", "card", "pdp-small.synthetic"]
    assert run(words) == 0
    card = capsys.readouterr().out.strip()
    out = tmp_path / "card.md"
    assert run([*words, "--out", str(out)]) == 0
    assert out.read_text().strip() == card
    assert run([*words, "--out", str(out)]) == 2
    assert f"{out} exists already; name another file" in capsys.readouterr().err
    assert run(["models", "card", "pdp-small.nothing"]) == 2
    assert "pdp-small.synthetic" in capsys.readouterr().err


def test_predict_says_once_which_model_it_takes_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(2):
        picture = torch.randint(256, (3, 40, 50), dtype=torch.uint8)
        write_image(tmp_path / "photos" / f"{number}.png", picture)
    (tmp_path / "heads.csv").write_text("image,x_min,y_min,x_max,y_max\n0.png,5,5,20,20\n")
    words = ["predict", str(tmp_path / "photos"), "--heads", str(tmp_path / "heads.csv")]
    assert run([*words, "--out", str(tmp_path / "out")]) == 0
    errors = capsys.readouterr().err
    assert errors.count("sightline: pdp-small.synthetic: the small model of the package") == 1
    assert run([*words, "--out", str(tmp_path / "b"), "--model", "pdp-small.synthetic"]) == 0
    assert "the small model" not in capsys.readouterr().err


def test_the_overview_names_the_commands() -> None:
    assert {"models pull", "models add", "models card"} <= cli.COMMANDS.keys()
