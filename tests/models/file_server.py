"""A file server on this machine that can misbehave in the ways that servers do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Served:
    """What is served at any address, and what was asked for.

    breaks: after so many bytes each of the first answers breaks off. ranges: whether parts can be
    asked for. told: the length that is announced instead of the true one. status: instead of 200.
    """

    content: bytes
    breaks: list[int] = field(default_factory=list)
    ranges: bool = True
    told: int | None = None
    status: int = 200
    kind: str = "application/octet-stream"
    tag: str = '"one"'
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""


def _handler(served: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            served.asked.append((self.path, wanted))
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            changed = self.headers.get("If-Range", served.tag) != served.tag
            if not served.ranges or changed:
                start = 0
            if start and start >= len(served.content):
                return self.send_error(416)
            body = served.content[start:]
            self.send_response(206 if start else served.status)
            if start:
                whole = len(served.content)
                self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
            self.send_header("Content-Type", served.kind)
            self.send_header("ETag", served.tag)
            self.send_header("Content-Length", str(served.told or len(body)))
            self.end_headers()
            self.wfile.write(body[: served.breaks.pop(0)] if served.breaks else body)
            return None

    return Handler


@contextmanager
def serving(served: Served) -> Iterator[Served]:
    """Serve on a free port of this machine, until the block is done."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(served)) as server:
        served.url = f"http://127.0.0.1:{server.server_port}/weights.pt"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
