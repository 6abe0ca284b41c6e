"""Known weights into the cache: pulled, added by hand, verified, and refused in a sentence."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from file_server import Served, serving
from safetensors import SafetensorError

from sightline.models import create, download, find_weights, known_weights, load
from sightline.models.base import GazeModel
from sightline.models.cache import cache_folder, downloads
from sightline.models.catalogue import Source, Weights
from sightline.models.download import DownloadError
from sightline.models.obtain import add, fetch, pull
from sightline.models.pdp import convert as pdp_convert
from sightline.models.pdp import model as pdp_model
from sightline.models.pdp import weights as pdp_weights
from sightline.models.pdp.model import PDP, PDPConfig
from sightline.models.weights import WeightsError, read_state, save_weights
from sightline.provenance import sha256

TINY = {"width": 4, "blocks": (1, 1, 1, 1, 1), "image_size": 64}
NAME = "pdp-nodepth.test"
PART = "deconv"  # the names that begin so are published in a file of their own, without it


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The files of a release: most of a model, and a part that belongs under a prefix."""
    torch.manual_seed(0)
    state = _official(PDP(PDPConfig(depth=False, **TINY)))
    part = {n.removeprefix(PART): t for n, t in state.items() if n.startswith(PART)}
    most = {n: t for n, t in state.items() if not n.startswith(PART)}
    folder = tmp_path_factory.mktemp("release")
    torch.save(most, folder / "most.pt")
    torch.save({"state_dict": part}, folder / "part.pt")
    return folder / "most.pt", folder / "part.pt"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_CACHE", str(tmp_path / "cache"))
    for name in ("HF_HUB_OFFLINE", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(download, "WAIT", 0.0)
    config = partial(PDPConfig, **TINY)
    monkeypatch.setattr(pdp_convert, "PDPConfig", config)
    monkeypatch.setattr(pdp_model, "pdp_nodepth", lambda: PDP(config(depth=False)))


@pytest.fixture
def model() -> GazeModel:
    """The model of the release."""
    torch.manual_seed(0)
    return create("pdp-nodepth")


@pytest.fixture
def published(release: tuple[Path, Path], tmp_path: Path) -> tuple[Path, ...]:
    """Copies of the files of the release."""
    return tuple(Path(shutil.copy(file, tmp_path)) for file in release)


@pytest.fixture
def sources(
    published: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Served, Served]]:
    """Both files on a server each, and in the catalogue; the hash of the second alone is known."""
    most, part = (file.read_bytes() for file in published)
    with serving(Served(most)) as first, serving(Served(part)) as second:
        known = Source(
            second.url.replace("weights.pt", "part.pt"),
            "MIT",
            prefix=PART,
            size=len(part),
            sha256=sha256(published[1]),
        )
        unknown = Source(first.url.replace("weights.pt", "most.pt"), "MIT")
        weights = Weights("MIT", "made up for the tests", files=(unknown, known))
        monkeypatch.setitem(pdp_weights.WEIGHTS, NAME, weights)
        yield first, second


def _official(model: GazeModel) -> dict[str, torch.Tensor]:
    """The weights of a PDP under the names of its release."""
    ours = {new: old for old, new in pdp_convert.NAMES.items()}
    state = {}
    for name, tensor in model.state_dict().items():
        start = next(n for n in ours if name == n or name.startswith(f"{n}."))
        linear = start.startswith("patch_head") and name.endswith("weight")
        state[ours[start] + name.removeprefix(start)] = tensor[..., None] if linear else tensor
    return state


def assert_same(one: GazeModel, other: GazeModel) -> None:
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name


def change(monkeypatch: pytest.MonkeyPatch, which: int, **fields: object) -> None:
    """Change what the catalogue says of one of the files."""
    weights = pdp_weights.WEIGHTS[NAME]
    files = list(weights.files)
    files[which] = replace(files[which], **fields)
    monkeypatch.setitem(pdp_weights.WEIGHTS, NAME, replace(weights, files=tuple(files)))


def test_pulled_weights_are_those_that_were_published(
    model: GazeModel, sources: tuple[Served, Served]
) -> None:
    with pytest.raises(FileNotFoundError, match=f"sightline models pull {NAME}"):
        load(NAME)
    stored = pull(NAME)
    assert stored.path == known_weights(NAME) == cache_folder() / f"weights/{NAME}.safetensors"
    assert_same(model, load(NAME, precision="float32"))
    note = json.loads((cache_folder() / f"weights/{NAME}.json").read_text())
    assert note["sha256"] == sha256(stored.path)
    assert [part["file"] for part in note["made of"]] == ["most.pt", "part.pt"]
    assert note["licence"] == "MIT"


def test_what_is_downloaded_is_not_fetched_again(sources: tuple[Served, Served]) -> None:
    pull(NAME).path.unlink()
    pull(NAME)
    assert [len(server.asked) for server in sources] == [1, 1]


def test_half_precision_takes_half_the_space(
    model: GazeModel, sources: tuple[Served, Served]
) -> None:
    half = pull(NAME, half=True).path.stat().st_size
    assert half < 0.6 * pull(NAME).path.stat().st_size


@pytest.mark.parametrize("variable", ["SIGHTLINE_OFFLINE", "HF_HUB_OFFLINE"])
def test_the_offline_switch_fails_at_once_and_says_what_to_do(
    sources: tuple[Served, Served], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "1")
    url = pdp_weights.WEIGHTS[NAME].files[0].url
    with pytest.raises(DownloadError, match=f"{variable}=1 forbids fetching {url}.*models add"):
        pull(NAME)
    assert sources[0].asked == []


def test_offline_what_is_downloaded_already_still_serves(
    sources: tuple[Served, Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    for source in pdp_weights.WEIGHTS[NAME].files:
        fetch(source)
    monkeypatch.setenv("SIGHTLINE_OFFLINE", "1")
    assert pull(NAME).path.is_file()


def test_a_wrong_hash_is_refused_and_the_file_removed(
    sources: tuple[Served, Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(monkeypatch, 1, sha256="0" * 64)
    with pytest.raises(DownloadError, match=r"part\.pt as published: its SHA-256 is .* removed"):
        pull(NAME)
    assert [file.name for file in downloads().glob("part*")] == []
    assert find_weights(NAME) is None


def test_a_file_of_no_known_hash_must_stay_what_it_was_at_first(
    sources: tuple[Served, Served], tmp_path: Path
) -> None:
    pull(NAME)
    (downloads() / "most.pt").unlink()
    sources[0].content += b"tail"
    with pytest.raises(DownloadError, match=r"most\.pt as first downloaded .*most\.pt\.json"):
        pull(NAME)


def test_a_download_that_was_damaged_later_is_told(sources: tuple[Served, Served]) -> None:
    pull(NAME)
    (downloads() / "part.pt").write_bytes(b"damaged")
    with pytest.raises(DownloadError, match="delete it and run `sightline models pull` again"):
        pull(NAME)


def test_an_interrupted_file_of_known_hash_goes_on_and_another_begins_anew(
    sources: tuple[Served, Served],
) -> None:
    downloads().mkdir(parents=True)
    for server, name in zip(sources, ("most", "part"), strict=True):
        (downloads() / f"{name}.pt.part").write_bytes(server.content[:99])
    pull(NAME)
    assert [server.asked[0][1] for server in sources] == [None, "bytes=99-"]


def test_pulls_at_once_fetch_once_and_agree(
    model: GazeModel, sources: tuple[Served, Served]
) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(pull, [NAME] * 3))
    assert [len(server.asked) for server in sources] == [1, 1]
    assert_same(model, load(NAME, precision="float32"))


def test_weights_of_another_model_are_refused_by_name_and_not_stored(
    sources: tuple[Served, Served], published: tuple[Path, ...], tmp_path: Path
) -> None:
    state, _ = read_state(published[0])
    state.pop("conv1_face.weight")
    torch.save(state, tmp_path / "whole.pt")
    with pytest.raises(WeightsError, match=r"face_trunk\.stem\.0\.weight"):
        add(NAME, [tmp_path / "whole.pt"])
    assert find_weights(NAME) is None


def test_what_is_no_weights_file_is_not_kept_as_the_first_download(
    model: GazeModel, sources: tuple[Served, Served]
) -> None:
    right, sources[0].content = sources[0].content, b"something else altogether"
    with pytest.raises(WeightsError, match=r"most\.pt is refused"):
        pull(NAME)
    sources[0].content = right
    pull(NAME)
    assert_same(model, load(NAME, precision="float32"))


def test_weights_without_an_address_say_where_to_get_them() -> None:
    with pytest.raises(DownloadError, match=r"qiaomu-miao.*models add pdp\.gazefollow FILE"):
        pull("pdp.gazefollow")


def test_a_cache_that_cannot_be_written_is_told_with_its_path(
    sources: tuple[Served, Served], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SIGHTLINE_CACHE", str(tmp_path / "file"))
    with pytest.raises(NotADirectoryError) as error:
        pull(NAME)
    assert error.value.filename.startswith(str(tmp_path / "file"))


def test_a_disk_that_is_full_when_weights_are_written_leaves_nothing(
    sources: tuple[Served, Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(state: object, path: Path, **_: object) -> None:
        path.write_bytes(b"half of it")
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("sightline.models.weights.save_file", full)
    with pytest.raises(OSError, match=r"safetensors cannot be written .*No space left.*check"):
        pull(NAME)
    left = [file.name for file in (cache_folder() / "weights").iterdir()]
    assert [name for name in left if not name.endswith(".lock")] == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_parts_copied_by_hand_give_the_same_as_a_pull(
    model: GazeModel,
    sources: tuple[Served, Served],
    published: tuple[Path, ...],
    monkeypatch: pytest.MonkeyPatch,
    order: tuple[int, int],
) -> None:
    monkeypatch.setenv("SIGHTLINE_OFFLINE", "1")
    added = add(NAME, [published[i] for i in order]).path
    assert_same(model, load(NAME, precision="float32"))
    monkeypatch.delenv("SIGHTLINE_OFFLINE")
    content = added.read_bytes()
    assert pull(NAME).path.read_bytes() == content


def test_a_part_that_is_missing_is_named_with_its_address(
    sources: tuple[Served, Served], published: tuple[Path, ...]
) -> None:
    with pytest.raises(FileNotFoundError, match=r"also needs part\.pt, from http://127\.0\.0\.1"):
        add(NAME, [published[0]])


def test_a_part_that_is_downloaded_already_need_not_be_given(
    model: GazeModel, sources: tuple[Served, Served], published: tuple[Path, ...]
) -> None:
    fetch(pdp_weights.WEIGHTS[NAME].files[1])
    add(NAME, [published[0]])
    assert_same(model, load(NAME, precision="float32"))


def test_a_copy_of_a_part_that_is_not_the_published_one_is_refused(
    sources: tuple[Served, Served], published: tuple[Path, ...]
) -> None:
    published[1].write_bytes(published[1].read_bytes()[:-1])
    with pytest.raises(DownloadError, match=r"part\.pt as published: .* copy it once more"):
        add(NAME, list(published))


@pytest.mark.parametrize("file", ["whole.pt", "most.pt"])
def test_one_official_file_with_everything_is_taken(
    model: GazeModel, sources: tuple[Served, Served], tmp_path: Path, file: str
) -> None:
    torch.save(_official(model), tmp_path / file)
    add(NAME, [tmp_path / file])
    assert_same(model, load(NAME, precision="float32"))


def test_a_file_of_ours_is_taken(
    model: GazeModel, sources: tuple[Served, Served], tmp_path: Path
) -> None:
    save_weights(model, tmp_path / "ours.safetensors", name="pdp-nodepth")
    add(NAME, [tmp_path / "ours.safetensors"])
    assert_same(model, load(NAME, precision="float32"))


def test_files_that_are_not_there_or_of_other_names_are_told(
    sources: tuple[Served, Served], published: tuple[Path, ...], tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.pt"):
        add(NAME, [tmp_path / "gone.pt"])
    other = published[1].rename(tmp_path / "other.pt")
    with pytest.raises(WeightsError, match=r"most\.pt and part\.pt, not of other\.pt"):
        add(NAME, [published[0], other])
