"""A web server on the loopback that answers like Neuronpedia, or as badly as it is told to."""

from __future__ import annotations

import gzip
import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

MODEL, SOURCE = "toy-1b", "4-toyscope-res-16k"
LIMIT_ANSWER = {
    "endpoint": "/",
    "limitPerWindow": 25000,
    "requestWindow": "60 m",
    "error": "Rate limit exceeded",
}

Misdeed = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """Features by index, files by path; `misdeeds[path]` happen once each, before the path is served.

    `asked` counts the requests by path; after `budget` requests everything is answered with 429.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.features: dict[int, Any] = {}
        self.files: dict[str, bytes] = {}
        self.misdeeds: dict[str, deque[Misdeed]] = {}
        self.asked: Counter[str] = Counter()
        self.budget: int | None = None
        self.page_size: int | None = None
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def asked_features(self) -> dict[int, int]:
        """How often each feature was asked for, refusals included."""
        prefix = f"/api/feature/{MODEL}/{SOURCE}/"
        return {
            int(path.removeprefix(prefix)): n for path, n in self.asked.items() if path.startswith(prefix)
        }

    def describe(self, features: Iterable[int], model: str | None = "gpt-4o-mini") -> None:
        for index in features:
            self.features[index] = feature(index, [(f"about {index}", model)])

    def misbehave(self, index: int, *misdeeds: Misdeed) -> None:
        self.misdeeds[f"/api/feature/{MODEL}/{SOURCE}/{index}"] = deque(misdeeds)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.at_once += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)
        try:
            self.serve()
        finally:
            with self.server.lock:
                self.server.at_once -= 1

    def serve(self) -> None:
        server, parts = self.server, urlsplit(self.path)
        with server.lock:
            server.asked[parts.path] += 1
            spent = server.budget is not None and server.budget <= 0
            server.budget = None if server.budget is None else server.budget - 1
            misdeed = server.misdeeds[parts.path].popleft() if server.misdeeds.get(parts.path) else None
        if spent:
            reply_json(self, LIMIT_ANSWER, 429)
        elif misdeed is not None:
            misdeed(self)
        elif parts.path in server.files:
            reply(self, server.files[parts.path])
        elif server.page_size is not None and parts.path == "/":
            reply(self, listing(server, parse_qs(parts.query)))
        elif parts.path.startswith("/api/feature/"):
            # As Neuronpedia does it: 200 and null for a feature that it does not know.
            model, source, index = parts.path.split("/")[3:]
            reply_json(self, server.features.get(int(index)) if (model, source) == (MODEL, SOURCE) else None)
        else:
            reply_json(self, {"error": "Not Found"}, 404)

    def log_message(self, *_: object) -> None:
        pass


def feature(index: int, explanations: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    """A feature as Neuronpedia shows it: its index is a text."""
    return {
        "modelId": MODEL,
        "layer": SOURCE,
        "index": str(index),
        "activations": [{"tokens": ["a"], "values": [1.0]}],
        "explanations": [row(index, description, model) for description, model in explanations],
    }


def row(index: Any, description: Any, model: Any = "gpt-4o-mini", **more: Any) -> dict[str, Any]:
    """An explanation, as a feature or an export holds it."""
    return {
        "id": f"x{index}",
        "modelId": MODEL,
        "layer": SOURCE,
        "index": str(index) if isinstance(index, int) else index,
        "description": description,
        "explanationModelName": model,
        "typeName": "oai_token-act-pair",
        **more,
    }


def batch(rows: Iterable[Any]) -> bytes:
    return gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())


def batch_path(number: int, folder: str = "explanations") -> str:
    return f"/v1/{MODEL}/{SOURCE}/{folder}/batch-{number}.jsonl.gz"


def listing(server: Server, query: dict[str, list[str]]) -> bytes:
    """A page of S3's listing, `page_size` keys long."""
    assert server.page_size is not None
    keys = sorted(path[1:] for path in server.files if path[1:].startswith(query["prefix"][0]))
    start = int(query.get("continuation-token", ["0"])[0])
    page, stop = keys[start : start + server.page_size], start + server.page_size
    more = f"<NextContinuationToken>{stop}</NextContinuationToken>" if stop < len(keys) else ""
    contents = "".join(f"<Contents><Key>{key}</Key></Contents>" for key in page)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"{more}{contents}</ListBucketResult>"
    ).encode()


def reply(to: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    to.send_response(status)
    for name, value in headers.items():
        to.send_header(name.replace("_", "-"), value)
    to.send_header("Content-Length", str(len(body)))
    to.end_headers()
    to.wfile.write(body)


def reply_json(to: BaseHTTPRequestHandler, content: Any, status: int = 200, **headers: str) -> None:
    reply(to, json.dumps(content).encode(), status, Content_Type="application/json", **headers)


def status(code: int, **headers: str) -> Misdeed:
    return lambda to: reply_json(to, {"error": "no"}, code, **headers)


def body(content: bytes) -> Misdeed:
    return lambda to: reply(to, content)


def says(content: Any) -> Misdeed:
    return lambda to: reply_json(to, content)


def hang_up(to: BaseHTTPRequestHandler) -> None:
    """Close the connection in the middle of an answer, longer than the one that is meant."""
    to.send_response(200)
    to.send_header("Content-Length", "100000")
    to.end_headers()
    to.wfile.write(b'{"modelId": ' + b" " * 50_000)
    to.close_connection = True


def stall(to: BaseHTTPRequestHandler) -> None:
    """Begin an answer and never end it."""
    to.send_response(200)
    to.send_header("Content-Length", "1000")
    to.end_headers()
    to.wfile.write(b"{")
    to.wfile.flush()
    assert isinstance(to.server, Server)
    to.server.closing.wait(60)
    to.close_connection = True


@contextmanager
def running() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
