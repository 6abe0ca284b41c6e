"""The model that is taken if none is named, and the licences of known weights."""

from pathlib import Path

import pytest

from sightline.models import MODELS, weights_catalogue
from sightline.models.cache import cache_folder, cached
from sightline.models.choice import ADVISED, PREFERENCE, best_known
from sightline.models.licences import DATA, licences


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIGHTLINE_CACHE", str(tmp_path))
    (tmp_path / "weights").mkdir()
    return tmp_path


def test_without_fetched_weights_it_is_the_small_model_and_says_how_to_get_a_better_one(
    cache: Path,
) -> None:
    name, why = best_known("perspective")
    assert name == "pdp-small.synthetic"
    assert "rendered people only" in why
    assert f"sightline models pull {ADVISED}" in why


def test_the_best_of_what_is_here_is_taken_and_counted(cache: Path) -> None:
    for name in ("gazelle-vitb14-inout.vat", "gazelle-vitl14.gazefollow"):
        cached(name).touch()
    name, why = best_known("perspective")
    assert name == "gazelle-vitb14-inout.vat"
    assert why.startswith(f"{name}: the best that tell who looks inside")
    assert why.endswith("of 3 whose weights are here")


def test_a_users_own_file_is_not_taken_for_what_was_fetched(cache: Path) -> None:
    cached("gazelle-vitl14.gazefollow").touch()
    assert best_known("perspective", "mine.safetensors") == ("pdp-small.synthetic", "")


def test_panoramas_are_read_by_their_own_model(cache: Path) -> None:
    cached("gazelle-vitl14.gazefollow").touch()
    assert best_known("equirectangular")[0] == "gazefollow360-small.synthetic"


def test_everything_preferred_is_known_and_the_last_is_in_the_package() -> None:
    catalogue = weights_catalogue()
    assert ADVISED in PREFERENCE["perspective"]
    for names in PREFERENCE.values():
        assert set(names) <= catalogue.keys()
        assert catalogue[names[-1]].file


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"SIGHTLINE_CACHE": "/mine"}, "/mine"),
        ({"XDG_CACHE_HOME": "/caches"}, "/caches/sightline"),
        ({"HOME": "/home/me"}, "/home/me/.cache/sightline"),
    ],
)
def test_the_cache_is_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], folder: str
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("SIGHTLINE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(folder)


def test_all_known_weights_are_of_a_model_and_tell_their_licences() -> None:
    for name, weights in weights_catalogue().items():
        assert name.partition(".")[0] in MODELS
        told = licences(weights)
        assert [what for what in told if what != "backbone"] == ["code", "weights", "data"]
        assert all(told.values()), name
        assert set(weights.data) <= DATA.keys()


def test_all_published_files_have_an_address_and_a_name_of_their_own() -> None:
    files = {s for weights in weights_catalogue().values() for s in weights.files}
    assert {s.url.partition("://")[0] for s in files} == {"https"}
    assert len({s.name for s in files}) == len(files)
    for source in files:
        assert source.sha256 is None or len(bytes.fromhex(source.sha256)) == 32
        assert (source.size is None) == (source.sha256 is None)
