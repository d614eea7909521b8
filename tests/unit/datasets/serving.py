"""A web server in a thread that behaves as badly as a test wants it to."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[["Handler"], None]


class Server:
    """Answers requests with `replies` in turn, the last one for ever.

    Attributes:
        address: of its root, ending in a slash.
        ranges: the Range header of each request so far, None where there was none.
        paths: the path of each request so far.
    """

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.ranges: list[str | None] = []
        self.paths: list[str] = []
        self.stopped = threading.Event()
        self.address = ""

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class Handler(BaseHTTPRequestHandler):
    server: Any

    def do_GET(self) -> None:
        asked: Server = self.server.asked
        asked.ranges.append(self.headers["Range"])
        asked.paths.append(self.path)
        asked.next_reply()(self)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Nothing: pytest's output is for tests."""

    def head(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()


class _Quiet(ThreadingHTTPServer):
    asked: Server

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what some tests are about."""


@contextlib.contextmanager
def serving(*replies: Reply) -> Iterator[Server]:
    """A server on 127.0.0.1 for the time of a test."""
    asked = Server(*replies)
    server = _Quiet(("127.0.0.1", 0), Handler)
    server.asked = asked
    asked.address = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield asked
    finally:
        asked.stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()


# --- replies ------------------------------------------------------------------------------------------------


def whole(content: bytes, **headers: object) -> Reply:
    """The file, whatever range was asked for."""

    def reply(handler: Handler) -> None:
        handler.head(200, Content_Length=len(content), **headers)
        handler.wfile.write(content)

    return reply


def ranged(content: bytes, *, etag: str = '"1"', total: int | None = None) -> Reply:
    """The part that was asked for, or the whole file where none was."""

    def reply(handler: Handler) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers["Range"] or "")
        if asked is None:
            whole(content, ETag=etag)(handler)
            return
        start = int(asked[1])
        said = f"bytes {start}-{len(content) - 1}/{len(content) if total is None else total}"
        handler.head(206, Content_Length=len(content) - start, Content_Range=said, ETag=etag)
        handler.wfile.write(content[start:])

    return reply


def broken(content: bytes, after: int, **headers: object) -> Reply:
    """The first `after` bytes of a file that is promised whole, then the end of the connection."""

    def reply(handler: Handler) -> None:
        handler.head(200, Content_Length=len(content), **headers)
        handler.wfile.write(content[:after])

    return reply


def status(code: int) -> Reply:
    """A refusal."""

    def reply(handler: Handler) -> None:
        handler.head(code, Content_Length=2)
        handler.wfile.write(b"no")

    return reply


def redirect(to: str) -> Reply:
    """The file is elsewhere."""

    def reply(handler: Handler) -> None:
        handler.head(302, Location=to, Content_Length=0)

    return reply


def silent(content: bytes = b"", promised: int = 0) -> Reply:
    """Nothing, or the beginning of a file, and then no byte more until the test is over."""

    def reply(handler: Handler) -> None:
        if promised:
            handler.head(200, Content_Length=promised, ETag='"1"')
            handler.wfile.write(content)
        handler.server.asked.stopped.wait(30)

    return reply
