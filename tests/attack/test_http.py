"""What a server of the explorer answers to requests that mean it no good."""

from __future__ import annotations

import gzip
import http.client
import os
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.attack.cases import chosen
from tests.attack.http_requests import HUNG_UP, Attack, attacks
from tests.explorer.served import Served, serving
from tests.warehouse.world import World

ATTACKS = attacks()
_PATIENCE = 30.0  # seconds; a query alone may take as long
_STATEMENTS = ("default-src 'none'", "frame-ancestors 'none'")


@dataclass(frozen=True)
class Answer:
    """What came back: status 0 where the connection was closed without a word."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def attacked(published: World) -> Iterator[Served]:
    """A server that must survive all of them, without a traceback in its log."""
    with serving(published.study, published.study.lake.root) as served:
        yield served
        assert served.get("data/study.json").json()["name"] == "small"
        assert served.process.stderr is not None
        os.set_blocking(served.process.stderr.fileno(), False)
        log = (served.process.stderr.buffer.read() or b"").decode()  # None where nothing waits to be read
    assert "Traceback" not in log, log[-3000:]


def exchange(address: str, attack: Attack) -> Answer:
    """What the server answers. Where it may wait for more, the connection is given up after three seconds."""
    place = urlsplit(address)
    assert place.hostname is not None
    patience = 3.0 if HUNG_UP & attack.right else _PATIENCE
    with socket.create_connection((place.hostname, place.port or 80), timeout=patience) as connection:
        with suppress(OSError):  # it may have heard enough
            connection.sendall(attack.content.replace(b"HOST", place.netloc.encode()))
        method = attack.content.split(b" ")[0].decode("latin-1")
        answer = http.client.HTTPResponse(connection, method=method)
        try:
            answer.begin()
            body = answer.read()
        except (http.client.HTTPException, ConnectionError):
            return Answer(0, {}, b"")
        except TimeoutError:
            assert HUNG_UP & attack.right, f"no answer in {patience:g} s"
            return Answer(0, {}, b"")
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)


@pytest.mark.parametrize("attack", chosen(ATTACKS), ids=lambda attack: ascii(attack.name))
def test_every_request_is_answered_rightly_and_guarded(attacked: Served, attack: Attack):
    answer = exchange(attacked.address, attack)
    assert answer.status in attack.right, answer
    if answer.status in HUNG_UP or b"Invalid HTTP request received" in answer.body:
        return  # what is no HTTP never reaches the application
    for statement in _STATEMENTS:
        assert statement in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers
    assert "x-evil" not in answer.headers
    body = gzip.decompress(answer.body) if answer.headers.get("content-encoding") == "gzip" else answer.body
    assert b"root:" not in body and b"Traceback" not in body
    if answer.status >= 400:
        assert len(body.splitlines()) <= 1
        assert answer.status != 403 or b"small" not in body


@pytest.mark.parametrize("accepted", ["gzip;q=0", "identity", "*;q=0", "gzip; q=0.00, *", "br"])
def test_nothing_is_compressed_for_who_refuses_it(attacked: Served, accepted: str):
    answer = attacked.get("data/study.json", headers={"accept-encoding": accepted})
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("accepted", ["gzip", "GZIP;q=0.5", "*", "br, gzip;q=1.0"])
def test_answers_are_compressed_for_who_takes_it(attacked: Served, accepted: str):
    assert attacked.get("data/study.json", headers={"accept-encoding": accepted}).headers["content-encoding"]


def test_there_are_300_requests():
    assert len(ATTACKS) >= 300
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)


def test_connections_that_say_their_headers_slowly_are_ended_and_keep_nobody_waiting(attacked: Served):
    place = urlsplit(attacked.address)
    assert place.hostname is not None
    slow = [socket.create_connection((place.hostname, place.port or 80), timeout=60) for _ in range(50)]
    begun = time.monotonic()
    for connection in slow:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: ")
    assert attacked.get("data/study.json", timeout=60).status_code == 200
    for connection in slow:
        with connection:
            assert connection.recv(100) == b""
    assert time.monotonic() - begun > 10  # seconds that an honest asker has at least
