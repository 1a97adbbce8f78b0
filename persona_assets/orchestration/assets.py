"""The assets of one study. Each reads and writes the lake itself; Dagster keeps their order and history."""

import os
from functools import partial
from typing import Any

import dagster as dg

from persona_assets.base.errors import StudyError
from persona_assets.orchestration import reports, study_reports
from persona_assets.orchestration.keys import key, plain_name
from persona_assets.orchestration.launcher import tag_run
from persona_assets.orchestration.metadata import table_metadata
from persona_assets.orchestration.partitions import land_each
from persona_assets.orchestration.progress import reporter
from persona_assets.orchestration.tables import table_events
from persona_assets.orchestration.versions import result
from persona_assets.stages.stage import Stage
from persona_assets.stages.table import PER_ROLE, STAGES, needed
from persona_assets.study.study import Study

GPU_POOL = "gpu"  # its limit is how many runs may hold a model at once

# What needs no GPU runs by itself as soon as something above it is new, without waiting for roles that
# nobody has run yet.
FOLLOW = dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())


class RunOptions(dg.Config):
    """Options of a launch."""

    overwrite: bool = False


def catalog_asset(study: Study, problem: str | None) -> dg.AssetsDefinition:
    """Return the study's roles and questions, read and checked. `problem` says why there are none yet."""

    @dg.asset(
        key=key(study, "catalog"),
        group_name=plain_name(study),
        kinds={"json"},
        description=problem or "The study's roles and questions, every file read and checked.",
    )
    def catalog(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        tag_run(context)
        try:
            return result(reports.read_catalog(study))
        except StudyError as error:
            raise dg.Failure(str(error), allow_retries=False) from error

    return catalog


def role_asset(study: Study, stage: Stage, roles: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """Return an asset of which every role has a partition."""

    @dg.asset(**of_stage(study, stage), partitions_def=roles, backfill_policy=_backfill_policy())
    def made(context: dg.AssetExecutionContext, config: RunOptions) -> dg.MaterializeResult:
        run = {"asked": context.partition_keys} if stage.name == "responses" else {}
        return land_each(context, partial(reports.PER_ROLE[stage.name], study, config.overwrite, **run))

    return made


def study_asset(study: Study, stage: Stage) -> dg.AssetsDefinition:
    """Return an asset in one piece, that is made under each SAE."""

    @dg.asset(**of_stage(study, stage))
    def made(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        tag_run(context)
        try:
            with reporter(context.log, stage.name, len(study.settings.extraction.saes)) as report:
                return result(study_reports.PER_STUDY[stage.name](study, report))
        except StudyError as error:
            raise dg.Failure(str(error), allow_retries=False) from error

    return made


def warehouse_asset(study: Study) -> dg.AssetsDefinition:
    """Return the published DuckDB snapshot."""

    @dg.asset(
        key=key(study, "warehouse"),
        deps=[key(study, name) for name in _published(study)],
        group_name=plain_name(study),
        automation_condition=FOLLOW,
        kinds={"duckdb"},
        description="What people query: one DuckDB file over all fresh files of the lake, swapped in whole.",
    )
    def warehouse(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        tag_run(context)
        try:
            landed, problems = reports.publish_warehouse(study)
            for problem in problems:
                context.log.error(problem)
            for event in table_events(study, context.instance):
                context.log_event(event)
            return result(landed)
        except StudyError as error:
            raise dg.Failure(str(error), allow_retries=False) from error

    return warehouse


def of_stage(study: Study, stage: Stage) -> dict[str, Any]:
    """Return what all stages' assets say of themselves."""
    needs = needed(stage, study.settings) or (("catalog",) if stage.per == "role" else ())
    return {
        "key": key(study, stage.name),
        "deps": [key(study.responses_owner if name == "responses" else study, name) for name in needs],
        "group_name": plain_name(study),
        "kinds": {"parquet", stage.made_with} if stage.made_with else {"parquet"},
        "description": stage.about,
        "metadata": table_metadata(study, stage.main),
        **({"pool": GPU_POOL} if stage.uses_model else {}),
        **({"automation_condition": FOLLOW} if stage.follows else {}),
    }


def _published(study: Study) -> list[str]:
    """The assets that a snapshot is made from; a role's last one stands for those that it was made from."""
    of_roles = {name for stage in PER_ROLE for name in stage.needs}
    last = (stage for stage in STAGES if stage.name not in of_roles and stage.wanted(study.settings))
    return [stage.name for stage in last if stage.per != "mart"]


def _backfill_policy() -> dg.BackfillPolicy:
    """Return how a range of roles becomes runs: one, so one model load, or one per `PERSONA_ROLES_PER_RUN`.

    The variable is read as definitions load, since Dagster takes the policy with them.
    """
    roles_per_run = os.environ.get("PERSONA_ROLES_PER_RUN") or None
    if roles_per_run is None:
        return dg.BackfillPolicy.single_run()
    if not roles_per_run.isdecimal() or int(roles_per_run) == 0:
        raise StudyError(f"PERSONA_ROLES_PER_RUN={roles_per_run}: give a number of roles, such as 4")
    return dg.BackfillPolicy.multi_run(int(roles_per_run))
