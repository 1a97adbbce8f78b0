"""A server process of the explorer, on a port of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from persona_assets.study.study import Study

_MAIN = "from persona_assets.cli import main; main()"


@dataclass
class Served:
    """The process, where it answers, and a client for it."""

    process: subprocess.Popen[str]
    address: str
    client: httpx.Client

    def get(self, path: str, **options: object) -> httpx.Response:
        """What it answers at `path`, below its root."""
        return self.client.get(self.address + path, **options)  # type: ignore[arg-type]

    def ask(self, sql: object, path: str = "api/sql") -> httpx.Response:
        """What the SQL console answers."""
        return self.client.post(self.address + path, json={"sql": sql})


def start(
    study: Study,
    lake: str,
    host: str = "127.0.0.1",
    port: int = 0,
    words: Sequence[str] = (),
    first: str = "",
) -> subprocess.Popen[str]:
    """The server's process, not waited for; `first` is Python that runs in it before it begins."""
    command = [sys.executable, "-c", f"{first}\n{_MAIN}", "explore", str(study.file), "--no-browser"]
    return subprocess.Popen(
        [*command, "--host", host, "--port", str(port), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PERSONA_LAKE": lake},
    )


@contextmanager
def serving(study: Study, lake: str, port: int = 0, words: Sequence[str] = ()) -> Iterator[Served]:
    """The server, once it answers; ended with Ctrl-C."""
    process = start(study, lake, port=port, words=words)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://" in line, process.communicate()
        with httpx.Client(timeout=120) as client:
            yield Served(process, line.split()[1], client)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(120)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def eventually(condition, seconds: float = 60.0) -> bool:
    """Whether `condition` comes true in time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(found)
