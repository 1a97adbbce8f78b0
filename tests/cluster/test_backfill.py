"""A backfill over two Celery workers, with PostgreSQL and Redis; one of the workers is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import dagster as dg
import pytest

from persona_assets.lake.schema import RESPONSES
from persona_assets.orchestration.launcher import PROCESS_TAG
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study, load_study
from tests.cluster.servers import celery_worker, dagster_services, kill
from tests.components.dev import finished, launch, wait_for
from tests.places import DEMO, PROJECT, write_project

ROLES_PER_RUN = 2
BACKFILL_TAG = "dagster/backfill"


def group(run: dg.DagsterRun) -> int | None:
    """The process group that the run lives in, which is its worker's; None when its process is gone."""
    _, _, pid, _ = run.tags[PROCESS_TAG].split("/")
    try:
        return os.getpgid(int(pid))
    except ProcessLookupError:
        return None


def in_the_middle(instance: dg.DagsterInstance, worker: subprocess.Popen[bytes]) -> dg.DagsterRun | None:
    """The worker's run, once it has landed some of its roles and not all."""
    started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
    for run in instance.get_runs(started):
        landed = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        if PROCESS_TAG in run.tags and group(run) == worker.pid and 0 < len(landed.records) < ROLES_PER_RUN:
            return run
    return None


def demo(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The study on the toy, in a project of its own that whatever is started from here works on."""
    file = write_project(folder / "project") / "demo" / "defs.yaml"
    file.parent.mkdir(parents=True)
    for package in file.parents[1:3]:
        (package / "__init__.py").touch()
    shutil.copy(DEMO / "defs.yaml", file)
    for shared in ("data", "tests"):  # the paths in the study start here
        (folder / "project" / shared).symlink_to(PROJECT / shared)
    monkeypatch.setenv("PERSONA_PROJECT", str(folder / "project"))
    return load_study("demo")


def test_a_backfill_of_eight_roles_spreads_over_two_workers_and_outlives_the_loss_of_one(
    cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSONA_ROLES_PER_RUN", str(ROLES_PER_RUN))
    study = demo(cluster, monkeypatch)
    roles = study.role_names[:8]
    with (
        dg.DagsterInstance.get() as instance,
        celery_worker(cluster, "a") as lost,
        celery_worker(cluster, "b") as other,
        dagster_services(cluster) as url,
    ):
        instance.event_log_storage.set_concurrency_slots("gpu", 2)
        backfill = launch(url, ["responses"], roles, study="demo")
        killed = wait_for(lambda: in_the_middle(instance, lost), seconds=600, every=0.05)
        kill(lost)
        landed = {file.path: file.modified for file in study.lake.files(RESPONSES)}
        ended = wait_for(lambda: finished(url, backfill), seconds=600)
        assert ended == "COMPLETED_SUCCESS", (cluster / "daemon.log").read_text()[-3000:]
        runs = instance.get_runs(dg.RunsFilter(tags={BACKFILL_TAG: backfill}))
        assert {run.run_id for run in runs if run.status == dg.DagsterRunStatus.FAILURE} == {killed.run_id}
        [again] = [run for run in runs if run.parent_run_id == killed.run_id]
        assert again.status == dg.DagsterRunStatus.SUCCESS
        assert group(again) == other.pid
        assert len(runs) == len(roles) / ROLES_PER_RUN + 1
        assert (
            len({run.tags[PROCESS_TAG] for run in runs}) == 2
        )  # a worker's process stays, and its model warm
    files = {file.path: file.modified for file in study.lake.files(RESPONSES)}
    assert landed.items() <= files.items()
    assert len(files) == len(roles)
    assert all(RoleFiles(study, role).responses is not None for role in roles)
