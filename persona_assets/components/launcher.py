"""Dagster's own launcher of runs on this machine, which also knows when a run's process is gone.

With it the daemon's run monitoring closes runs that died with their code server (a reboot, a kill -9) and run
retries start them again; without it they stay "started" for ever, and so does their backfill.
"""

from __future__ import annotations

import socket

import dagster as dg
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher

from persona_assets.placing import is_alive

PROCESS_TAG = "persona/process"


def process_tag(pid: int) -> dict[str, str]:
    """The tag by which a run says which process it lives in."""
    return {PROCESS_TAG: f"{socket.gethostname()}/{pid}"}


def is_gone(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether the run's process was one of this machine and has ended. Unknown ones are not gone."""
    host, _, pid = run.tags.get(PROCESS_TAG, "").partition("/")
    if not pid:
        host, pid = socket.gethostname(), _reported_pid(instance, run)
    return bool(pid) and host == socket.gethostname() and not is_alive(int(pid))


def _reported_pid(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """The process that a run launched by the daemon reported first; empty where it has not yet."""
    for record in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = record.dagster_event
        pid = event.engine_event_data.metadata.get("pid") if event is not None else None
        if pid is not None:
            return str(pid.value)
    return ""


class WatchedRunLauncher(DefaultRunLauncher):
    """The default launcher, with a health check by process id."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes: of runs on this machine."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """FAILED where the run's process is gone, RUNNING otherwise."""
        if is_gone(self._instance, run):
            return CheckRunHealthResult(WorkerStatus.FAILED, "its process is gone")
        return CheckRunHealthResult(WorkerStatus.RUNNING)
