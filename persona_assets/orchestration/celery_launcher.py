"""Dagster's launcher of runs on Celery's workers, which also knows when a worker is gone.

A task's state says "started" for ever when its whole worker is lost (its machine, or a kill -9): nobody is
left to say otherwise. With this launcher the daemon's run monitoring asks the workers themselves.
"""

from __future__ import annotations

import dagster as dg
from celery.result import AsyncResult
from dagster._core.launcher.base import CheckRunHealthResult, LaunchRunContext, WorkerStatus
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_QUEUE_TAG, DAGSTER_CELERY_TASK_ID_TAG

from persona_assets.orchestration.assets import GPU_POOL
from persona_assets.orchestration.launcher import health_by_process

_TRIES, _TIMEOUT = 3, 5.0  # how often, and how many seconds, a worker is waited for before it is given up


class WatchedCeleryRunLauncher(CeleryRunLauncher):
    """The stock launcher, with a health check by worker, and a queue for the runs that hold a model."""

    def launch_run(self, context: LaunchRunContext) -> None:
        """Send a run of the pool `gpu` to the queue of that name, so that workers without a GPU leave it."""
        run = context.dagster_run
        pools = run.run_op_concurrency.all_pools if run.run_op_concurrency is not None else None
        if GPU_POOL in (pools or ()) and DAGSTER_CELERY_QUEUE_TAG not in run.tags:
            queue = {DAGSTER_CELERY_QUEUE_TAG: GPU_POOL}
            self._instance.add_run_tags(run.run_id, queue)
            context = context._replace(dagster_run=run.with_tags({**run.tags, **queue}))
        super().launch_run(context)

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """FAILED where the task ended so or no worker has it any more, RUNNING while one has; of a run that
        `persona run` made, in a process of its own, whether that is gone.

        Raises what the broker raises where it does not answer: the daemon then leaves the run as it is.
        """
        if DAGSTER_CELERY_TASK_ID_TAG not in run.tags:
            return health_by_process(self._instance, run)
        task = self.celery.AsyncResult(run.tags[DAGSTER_CELERY_TASK_ID_TAG])
        if not task.ready() and self._is_held(task):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        verdict = super().check_run_worker_health(run)  # it may have ended between the two
        if verdict.status in (WorkerStatus.SUCCESS, WorkerStatus.FAILED):
            return verdict
        return CheckRunHealthResult(WorkerStatus.FAILED, "no worker has its task: the worker is gone")

    def _is_held(self, task: AsyncResult) -> bool:
        """Whether a worker says that it has the task. Of one that has started the worker's name is known."""
        started = task.info if isinstance(task.info, dict) else {}  # the state is forgotten after a day
        worker = [started["hostname"]] if "hostname" in started else None
        for _ in range(_TRIES):
            inspect = self.celery.control.inspect(destination=worker, timeout=_TIMEOUT)
            if answers := inspect.query_task(task.id):
                return any(task.id in tasks for tasks in answers.values())
        return False
