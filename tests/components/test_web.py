"""The web server and the daemon, as a user runs them: backfills launched, clicked, and killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from persona_assets.cli.instance import dagster_instance
from persona_assets.lake.schema import RESPONSES
from persona_assets.orchestration.launcher import PROCESS_TAG, is_gone
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study, load_study
from persona_assets.warehouse import connect
from tests.components.dev import (
    ROLES,
    answering,
    ask,
    dagster_dev,
    finished,
    group,
    launch,
    tiny_project,
    wait_for,
)
from tests.explorer.browser import chromium  # noqa: F401
from tests.places import PROJECT
from tests.ports import free_port

CHOSEN = ["default", "judge", "pirate"]  # they lie apart
GROUP = "/locations/__repository__@persona_assets/asset-groups/tiny/lineage"
RELOAD = """
mutation { reloadRepositoryLocation(repositoryLocationName: "persona_assets") { __typename } }
"""
BACKFILLS = "{ partitionBackfillsOrError { ... on PartitionBackfills { results { id } } } }"


def set_up(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """A tiny project with a lake and a history of its own."""
    (folder / "dagster").mkdir()
    settings = yaml.safe_load((PROJECT / "dagster.yaml").read_text())
    settings["run_monitoring"]["poll_interval_seconds"] = 5  # by default two minutes
    (folder / "dagster" / "dagster.yaml").write_text(yaml.safe_dump(settings))
    patch.setenv("PERSONA_LAKE", str(folder / "lake"))
    patch.setenv("DAGSTER_HOME", str(folder / "dagster"))
    project = tiny_project(folder / "project")
    patch.setenv("PERSONA_PROJECT", str(project))
    return project


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """One `dagster dev` for the tests that launch and click: its GraphQL address, and the project."""
    with pytest.MonkeyPatch.context() as patch:
        project = set_up(tmp_path_factory.mktemp("served"), patch)
        with dagster_dev(project) as url:
            yield url, project


@pytest.fixture
def served(
    server: tuple[str, Path], no_project_stays: None, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Path]:
    """That server; this process looks at the same project."""
    monkeypatch.setenv("PERSONA_PROJECT", str(server[1]))
    return server


@pytest.fixture
def project(tmp_path: Path, no_project_stays: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    return set_up(tmp_path, monkeypatch)


def ends_well(url: str, project: Path, backfill: str) -> None:
    ended = wait_for(lambda: finished(url, backfill), seconds=600)
    assert ended == "COMPLETED_SUCCESS", (project / "server.log").read_text()[-3000:]


def backfills(url: str) -> set[str]:
    return {one["id"] for one in ask(url, BACKFILLS)["partitionBackfillsOrError"]["results"]}


def clicked(url: str, before: set[str]) -> str:
    """The backfill that a click has launched."""
    [new] = wait_for(lambda: backfills(url) - before, seconds=300)
    return new


def test_materialize_all_that_is_clicked_makes_the_whole_study(
    served: tuple[str, Path],
    chromium: Any,  # noqa: F811
) -> None:
    url, project = served
    before = backfills(url)
    page = chromium.new_page()
    page.set_default_timeout(300_000)
    page.goto(url.removesuffix("/graphql") + GROUP)
    page.get_by_role("button", name="Materialize all").first.click()
    page.get_by_role("button", name="Launch backfill").click()
    ends_well(url, project, clicked(url, before))
    page.close()
    whole(load_study("tiny"))


def n_warehouses() -> int:
    """How often Dagster has heard that the warehouse was published."""
    with dagster_instance() as instance:
        return len(instance.fetch_materializations(dg.AssetKey(["tiny", "warehouse"]), limit=100).records)


def test_three_roles_that_are_clicked_are_made_and_the_warehouse_follows(
    served: tuple[str, Path],
    chromium: Any,  # noqa: F811
) -> None:
    url, project = served
    before, n_published = backfills(url), n_warehouses()
    page = chromium.new_page()
    page.set_default_timeout(300_000)
    page.goto(url.removesuffix("/graphql") + "/assets/tiny/role_features?view=partitions")
    page.get_by_role("button", name="Materialize").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Select a partition or create one").click()
    for role in CHOSEN:
        page.get_by_role("menuitem").filter(has_text=role).click()
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Launch backfill").click()
    backfill = clicked(url, before)
    ends_well(url, project, backfill)
    page.close()
    with dagster_instance() as instance:
        runs = [run.run_id for run in instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": backfill}))]
        made = {
            record.dagster_event.partition
            for run in runs
            for record in instance.all_logs(run, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
            if record.dagster_event is not None
        }
    assert made == set(CHOSEN)
    wait_for(lambda: n_warehouses() > n_published, seconds=600)  # nobody asked for it: automation did


def whole(study: Study) -> None:
    """Every role is there once, all the way to the published warehouse."""
    for role in ROLES:
        assert RoleFiles(study, role).role_features("demo") is not None
    assert sorted(file.partition["role"] for file in study.lake.files(RESPONSES)) == ROLES
    with connect(study) as warehouse:
        fresh = "select role from roles where status = 'fresh' order by role"
        assert [role for (role,) in warehouse.execute(fresh).fetchall()] == ROLES
        for table in ("role_contrasts", "atlas_summary", "drift_turns"):
            assert warehouse.execute(f"from {table} limit 1").fetchall(), table


def test_a_backfill_whose_daemon_and_run_were_killed_goes_on_when_they_are_back(project: Path) -> None:
    study = load_study("tiny")
    with dagster_dev(project, ending=signal.SIGKILL) as url:
        backfill = launch(url, ["responses"])
        wait_for(lambda: study.lake.files(RESPONSES), seconds=300, every=0.02)
    with dagster_instance() as instance:
        [killed] = instance.get_runs()
        assert killed.status == dg.DagsterRunStatus.STARTED
        assert is_gone(instance, killed)
    landed = {file.path: file.modified for file in study.lake.files(RESPONSES)}
    assert landed
    with dagster_dev(project) as url:
        ends_well(url, project, backfill)
    files = {file.path: file.modified for file in study.lake.files(RESPONSES)}
    assert landed.items() <= files.items()
    assert sorted(file.partition["role"] for file in study.lake.files(RESPONSES)) == ROLES


def test_a_backfill_outlives_each_of_its_servers_and_no_role_is_lost_or_doubled(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSONA_ROLES_PER_RUN", "1")
    study = load_study("tiny")
    port = free_port()

    def landed(n: int) -> None:
        wait_for(lambda: len(study.lake.files(RESPONSES)) >= n, seconds=300, every=0.05)

    with dagster_instance() as instance:
        instance.get_runs_count()  # makes the databases, which two servers at once would each begin to make
    web = ("dagster_webserver", "-h", "127.0.0.1", "-p", str(port))
    with group(project, "dagster._daemon", "run", ending=signal.SIGKILL):
        with group(project, *web, ending=signal.SIGKILL):  # the web server is killed as the block ends
            url = answering(port)
            backfill = launch(url, ["responses"])
            landed(1)
            assert ask(url, RELOAD)["reloadRepositoryLocation"]["__typename"] == "WorkspaceLocationEntry"
        kill_a_run()
        landed(2)  # the daemon, its code server and the run are killed as the block ends
    with group(project, "dagster._daemon", "run"), group(project, *web):
        url = answering(port)
        ends_well(url, project, backfill)
    assert sorted(file.partition["role"] for file in study.lake.files(RESPONSES)) == ROLES


def kill_a_run() -> None:
    """Kill the process of a run that is under way, as soon as there is one."""

    def pid() -> int | None:
        with dagster_instance() as instance:
            under_way = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
            said = [run.tags[PROCESS_TAG].split("/") for run in under_way if PROCESS_TAG in run.tags]
        return int(said[0][2]) if said else None

    os.kill(wait_for(pid, seconds=300, every=0.05), signal.SIGKILL)
