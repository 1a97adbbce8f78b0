"""The web server and the daemon, as a user runs them: a backfill launched over GraphQL."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from persona_assets.freshness import RoleFiles
from persona_assets.study import PROJECT, load_study
from persona_assets.warehouse import connect, warehouse_path

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
ROLES = ["nurse", "optimist", "pirate"]  # neighbours: one run


@pytest.fixture
def server(homes: Path) -> Iterator[str]:
    """`dagster dev` on a free port, with the repository's settings; yields its GraphQL address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-w",
        "workspace.yaml",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    with (homes / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=os.environ, stdout=log, stderr=log, start_new_session=True
        )
        try:
            yield f"http://127.0.0.1:{port}/graphql"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def ask(url: str, query: str, **variables: Any) -> dict[str, Any]:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        content = json.load(answer)
    assert "errors" not in content, content["errors"]
    return content["data"]


def wait_for(what: Any, seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if found := what():
                return found
        except OSError:
            pass
        time.sleep(1)
    raise AssertionError("waited in vain")


@pytest.mark.timeout(900)
def test_a_backfill_launched_over_graphql_lands_its_roles_and_the_warehouse_follows(
    server: str, homes: Path
) -> None:
    wait_for(lambda: ask(server, "query { version }"), seconds=120)
    params = {
        "assetSelection": [
            {"path": ["demo", name]} for name in ("responses", "activations", "role_features")
        ],
        "partitionNames": ROLES,
    }
    launched = ask(server, LAUNCH, params=params)["launchPartitionBackfill"]
    assert launched["__typename"] == "LaunchBackfillSuccess", launched

    def finished() -> str | None:
        status = ask(server, STATUS, id=launched["backfillId"])["partitionBackfillOrError"]["status"]
        return status if status.startswith("COMPLETED") or status == "FAILED" else None

    assert wait_for(finished, seconds=600) == "COMPLETED_SUCCESS", (homes / "server.log").read_text()[-3000:]
    study = load_study("demo")
    for role in ROLES:
        assert RoleFiles(study, role).role_features("demo") is not None
    assert RoleFiles(study, "wolf").responses is None
    wait_for(warehouse_path(study).is_file, seconds=180)  # nobody asked for it: automation did
    with connect(study) as warehouse:
        fresh = "select role from roles where status = 'fresh' order by role"
        assert [role for (role,) in warehouse.execute(fresh).fetchall()] == ROLES
