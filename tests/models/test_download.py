"""Downloads over HTTP: whole or refused, whatever server, connection and disk do."""

import errno
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from file_server import Served, serving

from sightline.models import download
from sightline.models.download import DownloadError, Transfer

CONTENT = bytes(range(256)) * 4000  # about a megabyte


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "WAIT", 0.0)
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "weights.pt.part"


def test_a_file_arrives_whole_and_is_watched(part: Path) -> None:
    seen = []
    with serving(Served(CONTENT)) as server:
        Transfer(server.url, part, watch=lambda *what: seen.append(what)).run()
    assert part.read_bytes() == CONTENT
    assert seen[0] == ("weights.pt", 0, len(CONTENT))
    assert seen[-1] == ("weights.pt", len(CONTENT), len(CONTENT))


def test_a_download_goes_on_behind_what_is_there(part: Path) -> None:
    part.write_bytes(CONTENT[:1000])
    with serving(Served(CONTENT)) as server:
        Transfer(server.url, part, len(CONTENT)).run()
    assert server.asked == [("/weights.pt", "bytes=1000-")]
    assert part.read_bytes() == CONTENT


def test_what_is_complete_is_not_asked_for_again(part: Path) -> None:
    part.write_bytes(CONTENT)
    with serving(Served(CONTENT)) as server:
        Transfer(server.url, part, len(CONTENT)).run()
    assert server.asked == []


def test_a_broken_connection_is_taken_up_again(part: Path) -> None:
    with serving(Served(CONTENT, breaks=[5000, 70000])) as server:
        Transfer(server.url, part).run()
    assert [wanted for _, wanted in server.asked] == [None, "bytes=5000-", "bytes=75000-"]
    assert part.read_bytes() == CONTENT


def test_a_file_that_changes_meanwhile_begins_anew(part: Path) -> None:
    with serving(Served(CONTENT, breaks=[5000])) as server:
        transfer = Transfer(server.url, part, version='"zero"')
        part.write_bytes(b"old" * 100)
        transfer.run()
    assert part.read_bytes() == CONTENT


def test_a_server_without_parts_begins_anew(part: Path) -> None:
    with serving(Served(CONTENT, breaks=[5000], ranges=False)) as server:
        Transfer(server.url, part).run()
    assert part.read_bytes() == CONTENT


def test_a_connection_that_always_breaks_is_given_up_and_keeps_what_came(part: Path) -> None:
    with (
        serving(Served(CONTENT, breaks=[100] * 9)) as server,
        pytest.raises(DownloadError, match=r"broke off 5 times \(500 of 1024000 bytes came\)"),
    ):
        Transfer(server.url, part, len(CONTENT)).run()
    assert part.read_bytes() == CONTENT[:500]


def test_more_than_there_is_begins_anew(part: Path) -> None:
    part.write_bytes(CONTENT + b"more")
    with serving(Served(CONTENT)) as server:
        Transfer(server.url, part, len(CONTENT)).run()
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("served", "says"),
    [
        (Served(CONTENT, told=999), "has 999 bytes where 1024000 were published"),
        (Served(CONTENT, told=2_000_000), "has 2000000 bytes where 1024000 were published"),
        (Served(CONTENT, kind="text/html; charset=utf-8"), "a web page instead of the file"),
        (Served(CONTENT, status=404), "answers 404 Not Found; it may have moved"),
        (Served(CONTENT, status=503), "broke off 5 times .the server answers 503"),
    ],
    ids=["short", "long", "page", "gone", "busy"],
)
def test_what_cannot_be_the_file_is_refused_in_a_sentence(
    part: Path, served: Served, says: str
) -> None:
    with serving(served) as server, pytest.raises(DownloadError, match=says):
        Transfer(server.url, part, len(CONTENT)).run()
    assert not part.exists()


def test_a_page_in_between_costs_nothing_of_what_is_there(part: Path) -> None:
    part.write_bytes(CONTENT[:1000])
    page = Served(b"<html>log in</html>", ranges=False, kind="text/html")
    with serving(page) as server, pytest.raises(DownloadError, match="web page"):
        Transfer(server.url, part, len(CONTENT)).run()
    assert part.read_bytes() == CONTENT[:1000]


def test_a_server_that_is_not_there_is_told_at_once(part: Path) -> None:
    with serving(Served(CONTENT)) as server:
        url = server.url
    with pytest.raises(DownloadError, match=r"cannot be reached .*HTTPS_PROXY"):
        Transfer(url, part).run()


def test_a_proxy_of_the_environment_is_asked(part: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Served(CONTENT)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/weights.pt"))
        Transfer("http://elsewhere.invalid/weights.pt", part).run()
        assert proxy.asked == [("http://elsewhere.invalid/weights.pt", None)]
        monkeypatch.setenv("NO_PROXY", "elsewhere.invalid")
        with pytest.raises(DownloadError, match="cannot be reached"):
            Transfer("http://elsewhere.invalid/weights.pt", part.with_name("b.part")).run()
    assert part.read_bytes() == CONTENT


def test_a_full_disk_is_told_before_anything_is_fetched(
    part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 500_000))
    with (
        serving(Served(CONTENT)) as server,
        pytest.raises(DownloadError, match=r"1 MB are wanted and 0 MB are free.*SIGHTLINE_CACHE"),
    ):
        Transfer(server.url, part).run()
    assert not part.exists()


def test_a_disk_that_fills_up_meanwhile_is_told_with_the_file(part: Path) -> None:
    def full(_: str, have: int, total: int | None) -> None:
        if have:
            raise OSError(errno.ENOSPC, "No space left on device")

    with serving(Served(CONTENT)) as server, pytest.raises(OSError, match="No space") as error:
        Transfer(server.url, part, watch=full).run()
    assert error.value.filename == str(part)
