"""Dagster's own launcher of runs on this machine, which also knows when a run's process is gone.

With it the daemon's run monitoring closes runs that died with their code server (a reboot, a kill -9) and run
retries start them again; without it they stay "started" for ever, and so does their backfill.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import dagster as dg
from dagster._core.execution.plan.resume_retry import ReexecutionStrategy
from dagster._core.execution.retries import auto_reexecution_should_retry_run
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from dagster._core.storage.tags import RETRY_STRATEGY_TAG, WILL_RETRY_TAG

from persona_assets.base.atomic import is_alive

PROCESS_TAG = "persona/process"


def process_tag(pid: int) -> dict[str, str]:
    """Return the tag by which a run says which process it lives in: `host/boot/pid/start`.

    Boot and start tell it from a later process of the same number; they are empty where there is no /proc.
    """
    return {PROCESS_TAG: "/".join((socket.gethostname(), _boot(), str(pid), _start(pid)))}


def tag_run(context: dg.AssetExecutionContext) -> None:
    """Have the run say that it lives in this process. Every asset does so first, whoever launched the run."""
    context.instance.add_run_tags(context.run.run_id, process_tag(os.getpid()))


def is_gone(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Return whether the run's process was one of this host and has ended.

    A run is not gone where its host has another name (hosts that share a DAGSTER_HOME need names of their
    own), or where it has not said yet where it lives: one that dies before its first asset stays "started".
    """
    match _own_tag(instance, run).split("/"):
        case [host, boot, pid, start] if host == socket.gethostname():
            return boot != _boot() or not is_alive(int(pid)) or _start(int(pid)) not in ("", start)
    return False


def health_by_process(instance: dg.DagsterInstance, run: dg.DagsterRun) -> CheckRunHealthResult:
    """FAILED where the run's process is gone, RUNNING otherwise."""
    if is_gone(instance, run):
        _tell_of_retry(instance, run)
        return CheckRunHealthResult(WorkerStatus.FAILED, "its process is gone")
    return CheckRunHealthResult(WorkerStatus.RUNNING)


def _tell_of_retry(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    """Tag a run, before it is called failed, with whether it will be started again, and with all its steps.

    Dagster does so a moment after: a backfill that looks in between takes the run for its last, and ends. It
    tells of the failure a moment before the run has failed: what starts it again in between gives up where it
    asks which steps are left. All steps may begin again, for what they landed is not made twice.
    """
    if instance.run_retries_enabled:
        failed = run.with_status(dg.DagsterRunStatus.FAILURE)
        will = auto_reexecution_should_retry_run(instance, failed, None)
        strategy = run.tags.get(RETRY_STRATEGY_TAG, ReexecutionStrategy.ALL_STEPS.name)
        instance.add_run_tags(run.run_id, {WILL_RETRY_TAG: str(will).lower(), RETRY_STRATEGY_TAG: strategy})


def _own_tag(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Return what the run said; a retry begins with a copy of what its parent had said."""
    said = run.tags.get(PROCESS_TAG, "")
    parent = instance.get_run_by_id(run.parent_run_id) if run.parent_run_id else None
    return "" if parent is not None and said == parent.tags.get(PROCESS_TAG) else said


def _boot() -> str:
    """Return what the kernel calls the time since it started; empty where it does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _start(pid: int) -> str:
    """When the process started, in clock ticks since boot; empty where the system does not say."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()  # before it the command's name, which may hold spaces
    return "ended" if state == "Z" else fields[18]  # a zombie only waits for its parent to look


class WatchedRunLauncher(DefaultRunLauncher):
    """The default launcher, with a health check by process."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes: of runs on this host."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """See `health_by_process`."""
        return health_by_process(self._instance, run)
