"""A web server of files that answers ranges, notes what it was asked, and can be told to misbehave."""

from __future__ import annotations

import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.loopback import Loopback


class Server(Loopback):
    """`asked` lists path and Range of each request, `sent` the bytes of each answer; `changed` replaces what
    lies at a path; `at_once` is how many bytes it sends before it breaks an answer off, `ranges` whether it
    knows them.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[tuple[str, str | None]] = []
        self.sent: list[int] = []
        self.changed: dict[str, Callable[[bytes], bytes]] = {}
        self.at_once: int | None = None
        self.ranges = True
        self.redirects: dict[str, str] = {}
        super().__init__(_handler(self))

    def size(self, path: str) -> int | None:
        if path in self.changed:
            return len(self._changed(path))
        file = self.folder / path
        return file.stat().st_size if file.is_file() else None

    def content(self, path: str, start: int, stop: int) -> bytes:
        if path in self.changed:
            return self._changed(path)[start:stop]
        with (self.folder / path).open("rb") as file:  # which may be large
            file.seek(start)
            return file.read(stop - start)

    def _changed(self, path: str) -> bytes:
        file = self.folder / path
        return self.changed[path](file.read_bytes() if file.is_file() else b"")


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, with_body: bool) -> None:
            path, wanted = self.path.lstrip("/"), self.headers.get("Range")
            server.asked.append((path, wanted))
            size = server.size(path)
            if path in server.redirects or size is None:
                self.send_response(302 if path in server.redirects else 404)
                if path in server.redirects:
                    self.send_header("Location", server.redirects[path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted or "") if server.ranges else None
            start = int(match[1]) if match else 0
            stop = min(int(match[2]) + 1, size) if match and match[2] else size
            self.send_response(206 if match else 200)
            if match:
                self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(stop - start))
            self.end_headers()
            if with_body:
                sent = server.content(path, start, stop)
                server.sent.append(len(sent))
                cut = server.at_once is not None and len(sent) > server.at_once
                self.wfile.write(sent[: server.at_once] if cut else sent)
                self.close_connection = cut

    return Handler
