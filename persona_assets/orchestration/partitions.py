"""Landing a run's roles one by one, each reported to Dagster as soon as its files are in the lake.

A range of partitions is one run, so that the model is loaded once. Dagster learns of a role by an event of
its own when it lands, which a kill cannot take back; the step's result at the end only releases what is
downstream. A role that fails must not pass silently: the step then fails too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import dagster as dg

from persona_assets.base.errors import HaltError, StudyError
from persona_assets.orchestration.launcher import tag_run
from persona_assets.orchestration.progress import reporter
from persona_assets.orchestration.versions import REPORTED, Landed, materialization

_MOST_TOLD = 2  # of 276 roles' reasons, in what a person reads at the end


def land_each(
    context: dg.AssetExecutionContext,
    land: Callable[[str, Callable[[int, int], None]], Landed],
) -> dg.MaterializeResult:
    """Call `land(role, progress)` for the run's roles and report what it returns, role by role.

    Raises Failure after the last role if some failed; at once if no further one could land (`HaltError`).
    """
    tag_run(context)
    failed: dict[str, str] = {}
    roles = list(context.partition_keys)
    stage = context.asset_key.path[-1]
    with reporter(context.log, stage, len(roles)) as report:
        for role in roles:
            try:
                landed = land(role, report.part(role))
            except HaltError as error:
                raise dg.Failure(str(error), allow_retries=False) from error
            except StudyError as error:
                failed[role] = str(error)
                context.log.error(f"{role}: {error}")
                continue
            depends_on = context.assets_def.asset_deps[context.asset_key]
            context.log_event(materialization(context.instance, context.asset_key, depends_on, landed, role))
            if landed.warning is not None and role == roles[0]:  # before the others are made
                report.warn(f"{role}: {landed.warning}")
            report.done(role)
    if failed:
        raise dg.Failure(_summary(failed), metadata={"failed": failed}, allow_retries=False)
    return dg.MaterializeResult(metadata=REPORTED)


def _summary(failed: Mapping[str, str]) -> str:
    """Return what failed in a line: a reason that all share, or the first few; the log has every one."""
    reasons = list(dict.fromkeys(failed.values()))
    if len(reasons) == 1:
        return reasons[0]
    more = len(reasons) - _MOST_TOLD
    rest = [f"and {more} more, in the run's log"] if more > 1 else reasons[_MOST_TOLD:]
    return f"{len(failed)} roles failed: {'; '.join([*reasons[:_MOST_TOLD], *rest])}"
