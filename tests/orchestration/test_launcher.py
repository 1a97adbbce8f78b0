from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher.base import WorkerStatus
from dagster._core.remote_origin import RemoteJobOrigin
from dagster._core.storage.tags import WILL_RETRY_TAG
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.load_target import PythonFileTarget
from dagster._daemon.auto_run_reexecution.auto_run_reexecution import (
    consume_new_runs_for_automatic_reexecution,
)

from persona_assets.cli.instance import dagster_instance
from persona_assets.orchestration.definitions import study_definitions
from persona_assets.orchestration.keys import key
from persona_assets.orchestration.launcher import PROCESS_TAG, health_by_process, is_gone, process_tag
from persona_assets.study.study import Study

HOST, BOOT, PID, START = range(4)


@pytest.fixture
def instance(homes: Path) -> Iterator[dg.DagsterInstance]:
    with dagster_instance() as instance:
        yield instance


def started_run(
    instance: dg.DagsterInstance,
    tags: dict[str, str],
    retries: str | None = None,
    origin: RemoteJobOrigin | None = None,
) -> dg.DagsterRun:
    definitions = dg.Definitions(jobs=[dg.define_asset_job("job")], assets=[dg.AssetSpec("x")])
    return instance.create_run_for_job(
        definitions.resolve_job_def("job"),
        status=dg.DagsterRunStatus.STARTED,
        tags=tags,
        parent_run_id=retries,
        root_run_id=retries,
        remote_job_origin=origin,
    )


def tag_with(part: int, value: str) -> dict[str, str]:
    """This process's tag, with one part of another."""
    parts = process_tag(os.getpid())[PROCESS_TAG].split("/")
    parts[part] = value
    return {PROCESS_TAG: "/".join(parts)}


def test_a_run_is_gone_when_its_process_has_ended_though_nobody_looked_yet(
    instance: dg.DagsterInstance,
) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run = started_run(instance, process_tag(process.pid))
    assert not is_gone(instance, run)
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie from here on
    if sys.platform == "linux":
        assert is_gone(instance, run)
    process.communicate()
    assert is_gone(instance, run)


@pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells processes of one number apart")
@pytest.mark.parametrize("part", [BOOT, START])
def test_a_run_is_gone_when_its_number_is_another_process_now(
    instance: dg.DagsterInstance, part: int
) -> None:
    assert not is_gone(instance, started_run(instance, process_tag(os.getpid())))
    assert is_gone(instance, started_run(instance, tag_with(part, "17")))


def test_a_run_of_another_host_or_of_none_is_not_gone(instance: dg.DagsterInstance) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    tag = process_tag(dead.pid)
    dead.wait()
    _, _, rest = tag[PROCESS_TAG].partition("/")
    assert is_gone(instance, started_run(instance, tag))
    assert not is_gone(instance, started_run(instance, {PROCESS_TAG: f"another/{rest}"}))
    assert not is_gone(instance, started_run(instance, {}))


def test_a_retry_is_not_gone_for_the_tag_that_it_inherits(instance: dg.DagsterInstance) -> None:
    dead = tag_with(PID, str(2**22 + 1))  # past the largest number a process can have
    failed = started_run(instance, dead)
    retry = started_run(instance, dead, retries=failed.run_id)
    assert is_gone(instance, failed)
    assert not is_gone(instance, retry)
    instance.add_run_tags(retry.run_id, tag_with(PID, str(2**22 + 2)))
    again = instance.get_run_by_id(retry.run_id)
    assert again is not None
    assert is_gone(instance, again)


@pytest.mark.parametrize(("retries", "will"), [(2, "true"), (0, "false")])
def test_a_run_says_whether_it_is_started_again_before_it_is_called_failed(retries: int, will: str) -> None:
    settings = {"run_retries": {"enabled": True, "max_retries": retries}}
    with dg.instance_for_test(overrides=settings) as instance:
        run = started_run(instance, tag_with(PID, str(2**22 + 1)))
        assert health_by_process(instance, run).status == WorkerStatus.FAILED
        told = instance.get_run_by_id(run.run_id)
        assert told is not None
        assert (told.status, told.tags[WILL_RETRY_TAG]) == (dg.DagsterRunStatus.STARTED, will)


JOB = """
import dagster as dg

@dg.asset
def x() -> None: ...

definitions = dg.Definitions(assets=[x], jobs=[dg.define_asset_job("job")])
"""


def test_a_run_is_started_again_by_who_hears_of_its_failure_before_it_has_failed(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(JOB)
    target = PythonFileTarget(str(tmp_path / "code.py"), None, None, "code")
    settings = {
        "run_retries": {"enabled": True, "max_retries": 2},
        "run_coordinator": {"module": "dagster", "class": "QueuedRunCoordinator"},
    }
    with (
        dg.instance_for_test(overrides=settings) as instance,
        create_test_daemon_workspace_context(target, instance) as workspace,
    ):
        [entry] = workspace.create_request_context().get_code_location_entries().values()
        assert entry.code_location is not None
        [repository] = entry.code_location.get_repositories().values()
        origin = repository.get_full_job("job").get_remote_origin()
        run = started_run(instance, tag_with(PID, str(2**22 + 1)), origin=origin)
        assert health_by_process(instance, run).status == WorkerStatus.FAILED
        records = instance.get_run_records()
        assert records[0].dagster_run.status == dg.DagsterRunStatus.STARTED
        list(consume_new_runs_for_automatic_reexecution(workspace, records, logging.getLogger()))
        again = [one for one in instance.get_runs() if one.parent_run_id == run.run_id]
        assert [one.status for one in again] == [dg.DagsterRunStatus.QUEUED]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_may_be_called_anything() -> None:
    before = process_tag(os.getpid())
    name = Path("/proc/self/comm")
    called = name.read_text()
    try:
        name.write_text(") Z 1 (2 3")
        assert process_tag(os.getpid()) == before
    finally:
        name.write_text(called.strip())
    assert before[PROCESS_TAG].rpartition("/")[2].isdigit()


@pytest.mark.parametrize(
    "asset", ["catalog", "responses", "activations", "role_features", "statistics", "warehouse"]
)
def test_every_asset_has_its_run_say_where_it_lives(
    study: Study, instance: dg.DagsterInstance, asset: str
) -> None:
    partitioned = asset in ("responses", "activations", "role_features")
    result = (
        study_definitions(study)
        .resolve_implicit_global_asset_job_def()
        .execute_in_process(
            asset_selection=[key(study, asset)],
            instance=instance,
            partition_key="ghost" if partitioned else None,
            raise_on_error=False,  # there is nothing yet to extract from
        )
    )
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags[PROCESS_TAG] == process_tag(os.getpid())[PROCESS_TAG]
