"""The web server and the daemon, as a user runs them: a backfill launched over GraphQL, and killed."""

from __future__ import annotations

import signal
from pathlib import Path

import dagster as dg
import pytest

from persona_assets.cli.instance import dagster_instance
from persona_assets.components.launcher import is_gone
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
        wait_for(lambda: study.lake.files(RESPONSES), seconds=300, every=0.05)
    with dagster_instance() as instance:
        [killed] = instance.get_runs()
        assert killed.status == dg.DagsterRunStatus.STARTED
        assert is_gone(instance, killed)
    landed = {file.path: file.modified for file in study.lake.files(RESPONSES)}
    assert 0 < len(landed) < len(ROLES)
    with dagster_dev(homes) as url:
        ended = wait_for(lambda: finished(url, backfill), seconds=600)
        assert ended == "COMPLETED_SUCCESS", (homes / "server.log").read_text()[-3000:]
    files = {file.path: file.modified for file in study.lake.files(RESPONSES)}
    assert landed.items() <= files.items()
    assert sorted(file.partition["role"] for file in study.lake.files(RESPONSES)) == ROLES
    with dagster_instance() as instance:
        runs = instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": backfill}))
    assert {run.run_id: run.status for run in runs if run.parent_run_id is None} == {
        killed.run_id: dg.DagsterRunStatus.FAILURE
    }
    assert [(run.parent_run_id, run.status) for run in runs if run.parent_run_id is not None] == [
        (killed.run_id, dg.DagsterRunStatus.SUCCESS)
    ]
