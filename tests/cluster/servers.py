"""PostgreSQL, Redis and Celery's workers on loopback, as docs/deploy.md has a team start them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import redis

from persona_assets.study import PROJECT
from tests.components.dev import living, wait_for

DEPLOY = PROJECT / "docs" / "deploy"


def postgres_programs() -> Path | None:
    """Where `initdb` and `postgres` are; Debian keeps them off the path."""
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(found).resolve().parent if found else debian[-1].parent if debian else None


@contextmanager
def postgres() -> Iterator[str]:
    """A server of an empty cluster; yields its address as `cluster.env` writes it."""
    programs, port = postgres_programs(), free_port()
    assert programs is not None
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w") as log:
        user: dict[str, Any] = {}
        if os.getuid() == 0:  # it refuses to run as root
            user = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(folder, "postgres")
        data = f"{folder}/data"
        new = [programs / "initdb", "-D", data, "-U", "dagster", "-A", "trust", "--no-sync"]
        subprocess.run(new, check=True, stdout=log, cwd=folder, **user)
        serve = [programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", folder, "-F"]
        process = subprocess.Popen(serve, stdout=log, stderr=log, cwd=folder, **user)
        address = f"dagster@127.0.0.1:{port}/postgres"
        try:
            wait_for(lambda: accepts(f"postgresql://{address}"), seconds=60, every=0.2)
            yield f"postgresql+psycopg2://{address}"
        finally:
            process.send_signal(signal.SIGINT)  # end, whoever is connected
            process.wait(30)


def accepts(address: str) -> bool:
    try:
        psycopg2.connect(address).close()
    except psycopg2.OperationalError as error:
        raise OSError(str(error)) from error
    return True


@contextmanager
def redis_server() -> Iterator[str]:
    """An empty Redis that keeps nothing; yields its address as `cluster.env` writes it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w") as log:
        serve = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder]
        process = subprocess.Popen(serve, stdout=log, stderr=log)
        try:
            wait_for(lambda: redis.Redis(port=port).ping(), seconds=60, every=0.2)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def celery_worker(home: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker with a process group of its own; what it says goes to `home`."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    app = ["-A", "dagster_celery.app", "-y", str(DEPLOY / "celery.yaml")]
    start = ["dagster-celery", "worker", "start", *app, "-q", "gpu,dagster", "-n", name]
    with (home / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            start, env={**os.environ, "PATH": programs}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_for(lambda: "ready." in (home / f"{name}.log").read_text(), seconds=120)
            yield process
        finally:
            kill(process)


def kill(worker: subprocess.Popen[bytes]) -> None:
    """End all of a worker at once, as the loss of its machine does."""
    if living(worker.pid):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(30)
    wait_for(lambda: not living(worker.pid), seconds=30, every=0.2)


def environment() -> dict[str, str]:
    """What `cluster.env` sets."""
    lines = (DEPLOY / "cluster.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
