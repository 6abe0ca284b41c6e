"""Download one file over HTTP, going on where the connection broke.

urllib honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, build_opener

Watch = Callable[[str, int, int | None], None]
"""Called with the file's name, bytes that are here, and bytes in all if the server tells."""

ATTEMPTS = 5
WAIT = 1.0  # seconds before the second attempt, twice as long before each further one
TIMEOUT = 30.0  # seconds without a byte
CHUNK = 1 << 18
BY_HAND = "copy the file here by hand and register it with `sightline models add NAME FILE`"


class DownloadError(RuntimeError):
    """A file that could not be fetched, or that is not what was published; the message says why."""


class _BrokenOffError(Exception):
    """The connection broke; what came is kept, and the rest can be asked for."""


def unwatched(name: str, have: int, total: int | None) -> None:
    """For downloads that nobody watches."""


def _read(response: HTTPResponse) -> bytes:
    try:
        return response.read(CHUNK)
    except (OSError, HTTPException) as error:
        raise _BrokenOffError(str(error) or type(error).__name__) from error


@dataclass
class Transfer:
    """One file on its way into `part`.

    size: bytes, if known. version: the server's name of this version of the file, once it told.
    """

    url: str
    part: Path
    size: int | None = None
    watch: Watch = unwatched
    version: str = ""

    def run(self) -> None:
        """Bring `part` to its full length; what it already holds is not asked for again.

        Raises DownloadError, and OSError where nothing can be written.
        """
        reason: Exception | None = None
        for attempt in range(ATTEMPTS):
            time.sleep(WAIT * 2 ** (attempt - 1) if attempt else 0)
            try:
                return self._go_on()
            except _BrokenOffError as error:
                reason = error
            except OSError as error:  # of the disk: those of the network became others
                if error.filename or error.errno is None:
                    raise
                raise OSError(error.errno, error.strerror, str(self.part)) from error
        raise DownloadError(
            f"{self.url} broke off {ATTEMPTS} times ({reason}); pull again later, or {BY_HAND}"
        )

    def _go_on(self) -> None:
        """One request for what is missing; raises _BrokenOffError if it does not all come."""
        asked = self.part.stat().st_size if self.part.exists() else 0
        if asked and asked == self.size:
            return
        with self._open(asked) as response:
            have, total = self._extent(response, asked)
            self._refuse_full((total or 0) - have)
            self.version = response.headers.get("ETag", "")
            self.watch(self.part.stem, have, total)
            with self.part.open("r+b" if have else "wb") as file:
                file.seek(have)
                while block := _read(response):
                    file.write(block)
                    have += len(block)
                    self.watch(self.part.stem, have, total)
        if total is not None and have < total:
            raise _BrokenOffError(f"{have} of {total} bytes came")

    def _open(self, have: int) -> HTTPResponse:
        headers = {"User-Agent": "sightline"}
        if have:
            headers["Range"] = f"bytes={have}-"
            if self.version and not self.version.startswith("W/"):  # weak ones say too little
                headers["If-Range"] = self.version
        try:
            return build_opener().open(Request(self.url, headers=headers), timeout=TIMEOUT)
        except HTTPError as error:
            raise self._answered(error) from error
        except URLError as error:
            if have:  # a while ago it could be reached
                raise _BrokenOffError(str(error.reason)) from error
            raise DownloadError(
                f"{self.url} cannot be reached ({error.reason}); check the connection and "
                f"HTTPS_PROXY, or {BY_HAND}"
            ) from error
        except (OSError, HTTPException) as error:
            raise _BrokenOffError(str(error) or type(error).__name__) from error

    def _answered(self, error: HTTPError) -> Exception:
        if error.code == 416:  # more is here than there is
            self.part.unlink(missing_ok=True)
        if error.code in (408, 416, 429) or error.code >= 500:
            return _BrokenOffError(f"the server answers {error.code} {error.reason}")
        return DownloadError(
            f"{self.url} answers {error.code} {error.reason}; it may have moved: find the file on "
            f"its authors' page, then {BY_HAND}"
        )

    def _extent(self, response: HTTPResponse, asked: int) -> tuple[int, int | None]:
        """At which byte the answer begins, and how many bytes the file has."""
        if response.headers.get_content_type() == "text/html":
            raise DownloadError(
                f"{self.url} answers with a web page instead of the file: a login page or a proxy "
                f"may be in between; {BY_HAND}"
            )
        length = response.headers.get("Content-Length")
        start = asked if response.status == 206 else 0  # 200: all of it, from the beginning
        if not response.headers.get("Content-Range", f"bytes {start}-").startswith(
            f"bytes {start}-"
        ):
            raise DownloadError(f"{self.url} answers with another part than was asked for")
        total = self.size if length is None else start + int(length)
        if self.size is not None and total != self.size:
            raise DownloadError(
                f"{self.url} has {total} bytes where {self.size} were published: it is another "
                "file, or a proxy changed it"
            )
        return start, total

    def _refuse_full(self, wanted: int) -> None:
        free = shutil.disk_usage(self.part.parent).free
        if wanted > free:
            raise DownloadError(
                f"{self.part.parent}: {wanted / 1e6:.0f} MB are wanted and {free / 1e6:.0f} MB are "
                "free; make room, or name another folder in SIGHTLINE_CACHE"
            )
