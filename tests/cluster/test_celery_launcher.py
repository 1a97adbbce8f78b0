"""The launcher of runs on Celery's workers, with a real Redis and a real worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import redis
from dagster._core.launcher.base import LaunchRunContext, WorkerStatus
from dagster._core.storage.tags import WILL_RETRY_TAG
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from persona_assets.orchestration.celery_launcher import WatchedCeleryRunLauncher
from persona_assets.orchestration.launcher import process_tag
from tests.cluster import waiting
from tests.cluster.servers import celery_worker, kill
from tests.components.dev import living, wait_for
from tests.ports import free_port


@pytest.fixture
def queues(cluster: Path) -> redis.Redis:
    """Redis, with nothing in it."""
    server = redis.Redis.from_url(os.environ["PERSONA_REDIS"])
    server.flushall()
    return server


@pytest.fixture
def instance(cluster: Path, queues: redis.Redis) -> Iterator[dg.DagsterInstance]:
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


def started(instance: dg.DagsterInstance, job: dg.JobDefinition) -> dg.DagsterRun:
    """A run of the job, under way on a worker."""
    run = launched(instance, job)
    running = dg.DagsterRunStatus.STARTED
    wait_for(lambda: again(instance, run).status == running, seconds=300, every=0.2)
    return again(instance, run)


def test_a_run_is_well_while_a_worker_has_it_and_has_failed_when_the_worker_is_lost(
    cluster: Path, instance: dg.DagsterInstance
) -> None:
    with celery_worker(cluster, "a") as worker:
        run = started(instance, waiting.light)
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


def test_a_run_of_persona_run_is_well_while_its_process_lives(instance: dg.DagsterInstance) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run = instance.create_run_for_job(
        waiting.light, status=dg.DagsterRunStatus.STARTED, tags=process_tag(process.pid)
    )
    assert health(instance, run) == WorkerStatus.RUNNING
    process.kill()
    process.communicate()
    assert health(instance, run) == WorkerStatus.FAILED


def test_a_run_that_has_ended_well_is_well(cluster: Path, instance: dg.DagsterInstance) -> None:
    with celery_worker(cluster, "a"):
        run = launched(instance, waiting.light)
        waiting.go().touch()
        wait_for(lambda: health(instance, run) == WorkerStatus.SUCCESS, seconds=300, every=0.2)


def test_a_worker_that_is_told_to_end_gives_its_run_up_to_another(
    cluster: Path, instance: dg.DagsterInstance
) -> None:
    with celery_worker(cluster, "a") as worker:
        run = started(instance, waiting.light)
        os.killpg(worker.pid, signal.SIGTERM)
        wait_for(lambda: not living(worker.pid), seconds=300)
    assert again(instance, run).status == dg.DagsterRunStatus.FAILURE
    assert again(instance, run).tags[WILL_RETRY_TAG] == "true"


def test_a_worker_that_takes_no_more_runs_still_answers_for_the_one_it_has(
    cluster: Path, instance: dg.DagsterInstance
) -> None:
    with celery_worker(cluster, "a"):
        run = started(instance, waiting.light)
        control = instance.run_launcher.celery.control
        for queue in ("gpu", "dagster"):
            assert control.cancel_consumer(queue, reply=True)
        assert health(instance, run) == WorkerStatus.RUNNING
        waiting.go().touch()
        wait_for(lambda: health(instance, run) == WorkerStatus.SUCCESS, seconds=300, every=0.2)


def test_where_redis_does_not_answer_nothing_is_said_of_a_run(
    cluster: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = launched(instance, waiting.light)
    monkeypatch.setenv("PERSONA_REDIS", f"redis://127.0.0.1:{free_port()}/0")
    with dg.DagsterInstance.get() as elsewhere, pytest.raises(Exception, match="111|refused"):
        health(elsewhere, run)


def test_a_busy_worker_leaves_the_next_run_to_one_that_is_free(
    cluster: Path, instance: dg.DagsterInstance, queues: redis.Redis
) -> None:
    with celery_worker(cluster, "a"):
        started(instance, waiting.light)
        launched(instance, waiting.light)
        time.sleep(2.0)  # in which it would take what it wants to have next
        assert queues.llen("dagster") == 1


def test_only_runs_that_hold_a_model_go_to_the_queue_gpu(
    instance: dg.DagsterInstance, queues: redis.Redis
) -> None:
    launched(instance, waiting.heavy)
    assert (queues.llen("gpu"), queues.llen("dagster")) == (1, 0)
    launched(instance, waiting.light)
    assert (queues.llen("gpu"), queues.llen("dagster")) == (1, 1)
