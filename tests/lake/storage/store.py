"""A real server on loopback that speaks S3; and a proxy before it that counts, and fails as networks do."""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import boto3

from tests.components.dev import wait_for
from tests.loopback import Loopback
from tests.ports import free_port

_SECONDS_TO_START = 300
_SERVER = """
from moto.server import main
from werkzeug.serving import WSGIRequestHandler
WSGIRequestHandler.disable_nagle_algorithm = True  # as below
main()
"""


@contextmanager
def s3_server() -> Iterator[str]:
    """The server's address. Its content is gone with it."""
    port = free_port()
    command = [sys.executable, "-c", _SERVER, "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wait_for(lambda: _listens(port), seconds=_SECONDS_TO_START, every=0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()


def environment(endpoint: str) -> dict[str, str]:
    """The variables by which every AWS client finds the server."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "a-key",
        "AWS_SECRET_ACCESS_KEY": "its secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@dataclass(frozen=True)
class Asked:
    """A request that came through: the object's `key`, or the listed prefix, and its answer's bytes."""

    method: str
    key: str
    n_bytes: int


Fault = Callable[[int, str], str | None]  # of the how-many-th request, and its method: "throttle", "drop"


@dataclass
class Proxy:
    """What went through to `target`, and what is done to it."""

    target: str
    fault: Fault = lambda number, method: None
    asked: list[Asked] = field(default_factory=list)
    n_faults: int = 0
    address: str = ""
    _number: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_fault(self, method: str) -> str | None:
        """What the next request meets."""
        with self._lock:
            self._number += 1
            fault = self.fault(self._number, method)
            self.n_faults += fault is not None
            return fault

    def note(self, asked: Asked) -> None:
        """Count a request that was answered."""
        with self._lock:
            self.asked.append(asked)


@contextmanager
def proxy_to(target: str) -> Iterator[Proxy]:
    """A proxy on loopback before the server at `target`."""
    proxy = Proxy(target)
    with Loopback(type("Handler", (_Handler,), {"proxy": proxy})) as server:
        proxy.address = server.address
        yield proxy


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # an answer's head and body are sent apart: 40 ms each, otherwise
    proxy: Proxy

    def _pass_on(self) -> None:
        body = self._body()
        fault = self.proxy.next_fault(self.command)
        if fault == "throttle":
            self._throttle()
            return
        status, headers, content = self._ask(body)
        key = re.sub(r"\?.*prefix=([^&]*).*", r"?\1", self.path)
        self.proxy.note(Asked(self.command, key, len(content)))
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "connection", "date", "server", "content-length"):
                self.send_header(name, value)
        length = {name.lower(): value for name, value in headers}.get("content-length")
        n_bytes = length if self.command == "HEAD" and length else str(len(content))
        self.send_header("Content-Length", n_bytes)
        self.end_headers()
        if fault == "drop":  # in the middle of the answer
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        else:
            self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass_on  # noqa: N815 (http.server's names)

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.proxy.target).netloc, timeout=60)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
            headers.pop("Transfer-Encoding", None)
            headers["Content-Length"] = str(len(body))
            connection.request(self.command, self.path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _throttle(self) -> None:
        content = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
        self.send_response(503)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _listens(port: int) -> bool:
    socket.create_connection(("127.0.0.1", port)).close()
    return True


def put_lake(root: Path, url: str, endpoint: str | None = None) -> None:
    """Copy a lake's files from a folder into a bucket, to the same names below `url`."""
    name, prefix = url.removeprefix("s3://").split("/", 1)
    client = boto3.client("s3", endpoint_url=endpoint)
    for file in root.rglob("*.parquet"):
        client.upload_file(str(file), name, f"{prefix}/{file.relative_to(root)}")
