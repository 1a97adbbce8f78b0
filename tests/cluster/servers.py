"""PostgreSQL and Redis on loopback; Dagster and Celery's workers, started as docs/deploy.md says."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import redis

from tests.components.dev import ask, living, wait_for
from tests.places import PROJECT
from tests.ports import free_port

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
            nobody = pwd.getpwnam("nobody")
            user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        data = f"{folder}/data"
        new = [programs / "initdb", "-D", data, "-U", "dagster", "-A", "trust", "--no-sync"]
        subprocess.run(new, check=True, stdout=log, cwd=folder, **user)
        serve = [programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", folder, "-F"]
        process = subprocess.Popen(serve, stdout=log, stderr=log, cwd=folder, **user)
        address = f"dagster@127.0.0.1:{port}/postgres"
        try:
            wait_for(lambda: accepts(f"postgresql://{address}"), seconds=300, every=0.2)
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
            wait_for(lambda: redis.Redis(port=port).ping(), seconds=300, every=0.2)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def dagster_services(home: Path) -> Iterator[str]:
    """Webserver and daemon; yields the GraphQL address. What they say goes to `home`."""
    port = str(free_port())
    pages = [port if word == "3000" else word for word in documented("dagster-webserver")]
    url = f"http://127.0.0.1:{port}/graphql"
    with group(pages, home / "webserver.log"), group(documented("dagster-daemon"), home / "daemon.log"):
        wait_for(lambda: ask(url, "query { version }"), seconds=300)
        yield url


@contextmanager
def celery_worker(home: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of both queues, which leads a process group; what it says goes to `home`."""
    start = documented("dagster-celery worker start -A dagster_celery.app", " -q gpu,dagster ")
    log = home / f"{name}.log"
    with group([*start[:-1], name], log) as worker:
        wait_for(lambda: "ready." in log.read_text(), seconds=300)
        yield worker


def documented(*words: str) -> list[str]:
    """The command that docs/deploy.md shows on a line that begins with the first and holds all of `words`."""
    lines = (PROJECT / "docs" / "deploy.md").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(words[0]) and all(word in line for word in words)]
    return shlex.split(line)


@contextmanager
def group(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that leads a group of its own, which is ended to the last process."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=file, stderr=file, start_new_session=True
        )
        try:
            yield process
        finally:
            kill(process)


def kill(leader: subprocess.Popen[bytes]) -> None:
    """End a whole group at once, as the loss of its machine does."""
    if living(leader.pid):
        os.killpg(leader.pid, signal.SIGKILL)
    leader.wait(30)
    wait_for(lambda: not living(leader.pid), seconds=120, every=0.2)


def environment() -> dict[str, str]:
    """What `cluster.env` sets."""
    lines = (DEPLOY / "cluster.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
