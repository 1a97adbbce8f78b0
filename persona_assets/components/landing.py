"""Landing a run's roles one by one, each reported to Dagster as soon as its files are in the lake.

A range of partitions is one run, so that the model is loaded once. Dagster learns of a role twice: by
an event of its own when it lands, which a kill cannot take back, and by the step's result at the end,
which releases what is downstream. A role that fails must not pass silently: the step then fails too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg

from persona_assets.components.launcher import tag_run
from persona_assets.components.progress import reporter
from persona_assets.errors import HaltError, StudyError

Landed = Mapping[str, Any]


def land_each(
    context: dg.AssetExecutionContext,
    land: Callable[[str, Callable[[int, int], None]], Landed],
) -> None:
    """Call `land(role, progress)` for the run's roles and report the metadata that it returns.

    Raises Failure after the last role if some failed; at once if no further one could land (`HaltError`).
    """
    tag_run(context)
    failed: dict[str, str] = {}
    roles = list(context.partition_keys)
    stage = context.asset_key.path[-1]
    with reporter(context.log, stage, len(roles)) as report:
        for role in roles:
            try:
                metadata = land(role, report.part(role))
            except HaltError as error:
                raise dg.Failure(str(error), allow_retries=False) from error
            except StudyError as error:
                failed[role] = str(error)
                context.log.error(f"{role}: {error}")
                continue
            context.log_event(dg.AssetMaterialization(context.asset_key, partition=role, metadata=metadata))
            context.add_asset_metadata(metadata, partition_key=role)
            report.done(role)
    if failed:
        raise dg.Failure(_summary(failed), metadata={"failed": failed}, allow_retries=False)


def _summary(failed: Mapping[str, str]) -> str:
    reasons = list(dict.fromkeys(failed.values()))
    return reasons[0] if len(reasons) == 1 else f"{len(failed)} roles failed: {'; '.join(reasons)}"
