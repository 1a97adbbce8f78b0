"""The web server and the daemon, as a user runs them: a backfill launched over GraphQL, and killed."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from persona_assets.freshness import RoleFiles
from persona_assets.schema import RESPONSES
from persona_assets.study import load_study
from persona_assets.warehouse import connect, warehouse_path
from tests.components.dev import dagster_dev, finished, launch, wait_for

ROLES = ["nurse", "optimist", "pirate"]  # neighbours: one run


@pytest.mark.timeout(900)
def test_a_backfill_launched_over_graphql_lands_its_roles_and_the_warehouse_follows(homes: Path) -> None:
    study = load_study("demo")
    with dagster_dev(homes) as url:
        backfill = launch(url, ["responses", "activations", "role_features"], ROLES)
        ended = wait_for(lambda: finished(url, backfill), seconds=600)
        assert ended == "COMPLETED_SUCCESS", (homes / "server.log").read_text()[-3000:]
        for role in ROLES:
            assert RoleFiles(study, role).role_features("demo") is not None
        assert RoleFiles(study, "wolf").responses is None
        wait_for(warehouse_path(study).is_file, seconds=180)  # nobody asked for it: automation did
        with connect(study) as warehouse:
            fresh = "select role from roles where status = 'fresh' order by role"
            assert [role for (role,) in warehouse.execute(fresh).fetchall()] == ROLES


@pytest.mark.timeout(900)
def test_a_backfill_whose_daemon_and_run_were_killed_goes_on_when_they_are_back(homes: Path) -> None:
    study = load_study("demo")
    with dagster_dev(homes, ending=signal.SIGKILL) as url:
        backfill = launch(url, ["responses"], ROLES)
        wait_for(lambda: study.lake.files(RESPONSES), seconds=300)
    landed = {file.path: file.modified for file in study.lake.files(RESPONSES)}
    assert 0 < len(landed) < len(ROLES)
    with dagster_dev(homes) as url:
        ended = wait_for(lambda: finished(url, backfill), seconds=600)
        assert ended == "COMPLETED_SUCCESS", (homes / "server.log").read_text()[-3000:]
    files = {file.path: file.modified for file in study.lake.files(RESPONSES)}
    assert landed.items() <= files.items()
    assert sorted(file.partition["role"] for file in study.lake.files(RESPONSES)) == ROLES
