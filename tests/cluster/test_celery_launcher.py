"""The launcher of runs on Celery's workers, with a real Redis and a real worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import redis
from dagster._core.launcher.base import LaunchRunContext, WorkerStatus
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from persona_assets.components.celery_launcher import WatchedCeleryRunLauncher
from tests.cluster import waiting
from tests.cluster.servers import celery_worker, free_port, kill
from tests.components.dev import wait_for


@pytest.fixture
def instance(cluster: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.run_launcher, WatchedCeleryRunLauncher)
        yield instance


def launched(instance: dg.DagsterInstance, job: dg.JobDefinition) -> dg.DagsterRun:
    """A run of the job, handed to the launcher."""
    known = dg.reconstructable(job)
    run = instance.create_run_for_job(job, job_code_origin=known.get_python_origin())
    instance.run_launcher.launch_run(LaunchRunContext(run, workspace=None))
    return again(instance, run)


def again(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dg.DagsterRun:
    found = instance.get_run_by_id(run.run_id)
    assert found is not None
    return found


def health(instance: dg.DagsterInstance, run: dg.DagsterRun) -> WorkerStatus:
    return instance.run_launcher.check_run_worker_health(run).status


@pytest.mark.timeout(300)
def test_a_run_is_well_while_a_worker_has_it_and_has_failed_when_the_worker_is_lost(
    cluster: Path, instance: dg.DagsterInstance
) -> None:
    with celery_worker(cluster, "a") as worker:
        run = launched(instance, waiting.light)
        started = dg.DagsterRunStatus.STARTED
        wait_for(lambda: again(instance, run).status == started, seconds=60, every=0.2)
        assert health(instance, run) == WorkerStatus.RUNNING
        task = instance.run_launcher.celery.AsyncResult(run.tags[DAGSTER_CELERY_TASK_ID_TAG])
        task.forget()  # as Redis does after a day
        assert health(instance, run) == WorkerStatus.RUNNING
        task.backend.mark_as_started(task.id, hostname=task.backend.app.control.ping()[0].popitem()[0])
        assert health(instance, run) == WorkerStatus.RUNNING
        kill(worker)
        assert health(instance, run) == WorkerStatus.FAILED
    with celery_worker(cluster, "a"):  # one of the same name is not the one that had it
        assert health(instance, run) == WorkerStatus.FAILED


def test_a_run_that_has_ended_well_is_well(cluster: Path, instance: dg.DagsterInstance) -> None:
    with celery_worker(cluster, "a"):
        run = launched(instance, waiting.light)
        waiting.go().touch()
        wait_for(lambda: health(instance, run) == WorkerStatus.SUCCESS, seconds=60, every=0.2)


def test_where_redis_does_not_answer_nothing_is_said_of_a_run(
    cluster: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = launched(instance, waiting.light)
    monkeypatch.setenv("PERSONA_REDIS", f"redis://127.0.0.1:{free_port()}/0")
    with dg.DagsterInstance.get() as elsewhere, pytest.raises(Exception, match="111|refused"):
        health(elsewhere, run)


def test_only_runs_that_hold_a_model_go_to_the_queue_gpu(instance: dg.DagsterInstance) -> None:
    server = redis.Redis.from_url(instance.run_launcher.broker)
    before = server.llen("gpu"), server.llen("dagster")
    launched(instance, waiting.heavy)
    assert (server.llen("gpu"), server.llen("dagster")) == (before[0] + 1, before[1])
    launched(instance, waiting.light)
    assert (server.llen("gpu"), server.llen("dagster")) == (before[0] + 1, before[1] + 1)
