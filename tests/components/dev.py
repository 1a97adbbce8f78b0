"""The web server and the daemon, as a user runs them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.places import PROJECT, write_project
from tests.ports import free_port

LAUNCH = """
mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
STATUS = """
query ($id: String!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } }
}
"""


ROLES = ["default", "ghost", "judge", "nurse", "pirate"]
TINY = {
    "roles.include": ROLES,
    "questions.limit": 1,
    "generation.prompt_indices": [0],
    "generation.max_tokens": 8,
    "drift.directory": "tests/toy/data/conversations",
    "drift.null_draws": 5,
}


def tiny_project(folder: Path) -> Path:
    """A project whose one study, `tiny`, asks each of five roles one question."""
    from tests.conftest import write_study  # which itself waits with what is here

    defs = write_project(folder, 'root_module = "studies"')
    for package in (defs, defs.parent):
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
    write_study(defs / "tiny", TINY)
    for shared in ("data", "tests"):  # the paths in the study start here
        (folder / shared).symlink_to(PROJECT / shared)
    shutil.copy(PROJECT / "workspace.yaml", folder)
    return folder


@contextmanager
def dagster_dev(project: Path, ending: signal.Signals = signal.SIGTERM) -> Iterator[str]:
    """`dagster dev` of a project on a free port; yields its GraphQL address.

    With all it has started it forms a process group, which `ending` ends to the last process; what it
    says goes to the project's `server.log`.
    """
    port = free_port()
    with group(project, "dagster", "dev", "-h", "127.0.0.1", "-p", str(port), ending=ending):
        yield answering(port)


@contextmanager
def group(
    project: Path, module: str, *arguments: str, ending: signal.Signals = signal.SIGTERM
) -> Iterator[subprocess.Popen[bytes]]:
    """A command of Dagster's on the project's workspace, a process group that ends with the block."""
    command = [sys.executable, "-m", module, *arguments, "-w", "workspace.yaml"]
    env = os.environ | {"PYTHONPATH": str(project), "PYTHONWARNINGS": "ignore"}
    with (project / "server.log").open("a") as log:
        process = subprocess.Popen(
            command, cwd=project, env=env, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, ending)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            wait_for(lambda: not living(process.pid), seconds=60)


def answering(port: int) -> str:
    """The GraphQL address of the web server at `port`, once it answers."""
    url = f"http://127.0.0.1:{port}/graphql"
    wait_for(lambda: ask(url, "query { version }"), seconds=600)
    return url


def living(group: int) -> list[str]:
    """The processes of a group; zombies, which only wait for their parent to look, do not live."""
    table = subprocess.run(["ps", "-A", "-o", "pgid=,stat=,pid="], capture_output=True, text=True, check=True)
    rows = (line.split() for line in table.stdout.splitlines())
    return [pid for of, state, pid in rows if int(of) == group and not state.startswith("Z")]


def ask(url: str, query: str, **variables: Any) -> dict[str, Any]:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        content = json.load(answer)
    assert "errors" not in content, content["errors"]
    return content["data"]


def launch(url: str, assets: list[str], roles: list[str] | None = None, study: str = "tiny") -> str:
    """Launch a backfill of a study's assets, by default of all partitions; its id."""
    selection = [{"path": [study, name]} for name in assets]
    params = {"assetSelection": selection} | (
        {"allPartitions": True} if roles is None else {"partitionNames": roles}
    )
    launched = ask(url, LAUNCH, params=params)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched
    return launched["backfillId"]


def finished(url: str, backfill: str) -> str | None:
    """How the backfill ended; None while it is under way."""
    status = ask(url, STATUS, id=backfill)["partitionBackfillOrError"]["status"]
    return status if status.startswith("COMPLETED") or status == "FAILED" else None


def wait_for(what: Any, seconds: float, every: float = 1.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := what():
                return found
        except OSError:
            pass
        time.sleep(every)
    raise AssertionError("waited in vain")
