"""The web server and the daemon, as a user runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.places import PROJECT
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


@contextmanager
def dagster_dev(home: Path, ending: signal.Signals = signal.SIGTERM) -> Iterator[str]:
    """`dagster dev` on a free port, with the repository's settings; yields its GraphQL address.

    With all it has started it forms a process group, which `ending` ends to the last process; what it
    says goes to `home`.
    """
    port = str(free_port())
    command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", port]
    with (home / "server.log").open("a") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=os.environ, stdout=log, stderr=log, start_new_session=True
        )
        try:
            url = f"http://127.0.0.1:{port}/graphql"
            wait_for(lambda: ask(url, "query { version }"), seconds=120)
            yield url
        finally:
            os.killpg(process.pid, ending)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            wait_for(lambda: not living(process.pid), seconds=60)


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


def launch(url: str, assets: list[str], roles: list[str]) -> str:
    """Launch a backfill of the demo; its id."""
    selection = [{"path": ["demo", name]} for name in assets]
    params = {"assetSelection": selection, "partitionNames": roles}
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
