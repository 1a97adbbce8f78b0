"""The explorer's answers on a study of full size, 8 clients asking at once, as the 95th percentile.

Beside it the server's own CPU time an answer, for on a shared machine the wall's tells of others too. Set
PERSONA_BENCH_EXPLORER to a folder with 4 GB of room; the study is written into it the first time.
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import explorer_study
import pytest
from explorer_study import SAE
from full_scale_role import D_SAE
from report import record

from persona_assets.study.study import Study

N_CLIENTS, N_EACH = 8, 25
_COMMAND = [sys.executable, "-c", "from persona_assets.cli import main; main()", "explore"]


@pytest.fixture(scope="module")
def study() -> Study:
    folder = os.environ.get("PERSONA_BENCH_EXPLORER")
    if not folder:
        pytest.skip("PERSONA_BENCH_EXPLORER names no folder for the large study")
    return explorer_study.write_explored(Path(folder))


@dataclass(frozen=True)
class Server:
    """A server process and its port."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """What it has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def server(study: Study) -> Iterator[Server]:
    command = [*_COMMAND, str(study.file), "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Server(process.pid, int(process.stdout.readline().split("/")[2].rsplit(":")[-1]))
        process.send_signal(signal.SIGINT)


def ask(port: int, paths: Sequence[str]) -> list[float]:
    """Seconds of each answer, over one connection; every one is checked to be an answer."""
    connection, seconds = http.client.HTTPConnection("127.0.0.1", port), []
    for path in paths:
        began = time.perf_counter()
        connection.request("GET", path, headers={"accept-encoding": "gzip"})
        answer = connection.getresponse()
        body = answer.read()
        seconds.append(time.perf_counter() - began)
        assert answer.status == 200, (path, body[:200])
    return seconds


def percentile(port: int, paths: Sequence[str]) -> tuple[float, float]:
    """The 95th percentile and the median, in milliseconds, of `paths` shared out to all clients."""
    shares = [paths[client::N_CLIENTS] for client in range(N_CLIENTS)]
    with ThreadPoolExecutor(N_CLIENTS) as clients:
        seconds = [each for share in clients.map(lambda share: ask(port, share), shares) for each in share]
    return statistics.quantiles(seconds, n=20)[-1] * 1e3, statistics.median(seconds) * 1e3


def tell(name: str, goal: str, server: Server, paths: Sequence[str]) -> None:
    before = server.cpu_seconds()
    worst, median = percentile(server.port, paths)
    record(f"{name}, 95th percentile", goal, worst, "ms")
    record(f"{name}, median", "", median, "ms")
    record(f"{name}, CPU", "", (server.cpu_seconds() - before) / len(paths) * 1e3, "ms an answer")


def test_explorer(benchmark, study: Study, server: Server) -> None:
    draw = random.Random(0)
    ask(
        server.port,
        [f"/data/{SAE}/feature/{D_SAE - 1}.json", f"/data/{SAE}/role/default.json", "/data/study.json"],
    )
    n = N_CLIENTS * N_EACH
    features = [f"/data/{SAE}/feature/{feature}.json" for feature in draw.sample(range(D_SAE), 2 * n)]
    first, features = features[:n], features[n:]  # what lies where is read from the disk only once
    roles = [f"/data/{SAE}/role/{role}.json" for role in draw.sample(study.role_names, n)]
    typed = ["sea", "se", "metaphors of", "ledger eng", "role_1", "17", "6543", "#12", "xyz", "Storm knife"]
    searches = [
        f"/api/search?sae={SAE}&q={draw.choice(typed).replace(' ', '+').replace('#', '%23')}"
        for _ in range(n)
    ]
    tell("a feature's page, of a server that has just started", "", server, first)
    tell("a feature's page, asked for the first time", "< 100", server, features)
    tell("a feature's page, again", "< 100", server, features)
    tell("a role's page, asked for the first time", "< 150", server, roles)
    tell("a role's page, again", "< 150", server, roles)
    tell("search", "< 100", server, searches)
    shown = [path.replace(".json", "/role_100.json") for path in features]
    tell("a role's examples of a feature, asked for the first time", "", server, shown)
    one = [f"/api/responses?q=w0{number:03}+w&role=role_{number:03}" for number in range(3, 43)]
    tell("words in one role's responses", "< 300", server, one)
    for name, goal, path in (
        ("words in all 276 roles' responses", "", "/api/responses?q=nowhere"),
        ("a feature's histogram", "", f"/data/{SAE}/histogram/{D_SAE // 2}.json"),
        ("the map, made", "", f"/data/{SAE}/map.json"),
        ("the table of all features, made", "", f"/data/{SAE}/features.json"),
        ("the roles' overview, made", "", f"/data/{SAE}/roles.json"),
        ("a role's features, made", "", f"/data/{SAE}/role/role_007/features.json"),
    ):
        [seconds] = ask(server.port, [path])
        record(name, goal, seconds * 1e3, "ms")
    record("before interaction: study, map", "< 3", _size(server.port), "MB")
    benchmark.pedantic(lambda: ask(server.port, features[:1]), rounds=5)


def _size(port: int) -> float:
    connection, n_bytes = http.client.HTTPConnection("127.0.0.1", port), 0
    for path in ("/data/study.json", f"/data/{SAE}/map.json"):
        connection.request("GET", path, headers={"accept-encoding": "gzip"})
        body = connection.getresponse().read()
        n_bytes += len(body)
        assert json.loads(gzip.decompress(body))
    return n_bytes / 1e6
