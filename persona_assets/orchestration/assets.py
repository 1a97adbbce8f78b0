"""The assets of one study. Each reads and writes the lake itself; Dagster keeps their order and history."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import dagster as dg

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.lake.schema import (
    ACTIVATIONS,
    ATLAS,
    FEATURE_LABELS,
    RESPONSES,
    ROLE_CONTRASTS,
    ROLE_FEATURES,
    Table,
)
from persona_assets.orchestration import landings, loaded
from persona_assets.orchestration.landing import land_each
from persona_assets.orchestration.launcher import tag_run
from persona_assets.orchestration.metadata import table_metadata
from persona_assets.orchestration.progress import Report, reporter
from persona_assets.orchestration.versions import Landed
from persona_assets.study.study import Study

ACROSS_ROLES = ("statistics", "atlas", "feature_labels")

LandAll = Callable[[Study, Report], Landed]

GPU_POOL = "gpu"  # its limit is how many runs may hold a model at once

# What needs no GPU runs by itself as soon as something above it is new, without waiting for roles that
# nobody has run yet.
FOLLOW = dg.AutomationCondition.eager().without(~dg.AutomationCondition.any_deps_missing())


class RunOptions(dg.Config):
    """Options of a launch."""

    overwrite: bool = False


def plain_name(study: Study) -> str:
    """The study's name where Dagster takes letters, digits and `_` only: groups, ops, sensors."""
    return study.name.replace("-", "_")


def key(study: Study, asset: str) -> dg.AssetKey:
    """`demo/responses` and so on."""
    return dg.AssetKey([study.name, asset])


def catalog_asset(study: Study, problem: str | None) -> dg.AssetsDefinition:
    """The study's roles and questions, read and checked. `problem` says why there are none yet."""

    @dg.asset(
        key=key(study, "catalog"),
        group_name=plain_name(study),
        kinds={"json"},
        description=problem or "The study's roles and questions, every file read and checked.",
    )
    def catalog(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        tag_run(context)
        try:
            return _result(landings.read_catalog(study))
        except StudyError as error:
            raise dg.Failure(str(error), allow_retries=False) from error

    return catalog


def responses_asset(study: Study, roles: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """Every role's answers."""

    @dg.asset(
        **_of_roles(study, roles, RESPONSES, ["catalog"]),
        pool=GPU_POOL,
        kinds={"parquet", "pytorch"},
        description="The model's answers, role × variant × question, with their token ids.",
    )
    def responses(context: dg.AssetExecutionContext, config: RunOptions) -> dg.MaterializeResult:
        def land(role: str, progress: Progress) -> Landed:
            return landings.land_responses(loaded.generation(study), config.overwrite, role, progress)

        return land_each(context, land)

    return responses


def activations_asset(study: Study, roles: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """Every role's sparse activations, with the lists of pooled responses and the evidence."""

    @dg.asset(
        **_of_roles(study, roles, ACTIVATIONS, [], upstream=key(study.responses_owner, "responses")),
        pool=GPU_POOL,
        kinds={"parquet", "pytorch"},
        description="SAE features pooled over each response's tokens (sparse COO), with pooled and evidence.",
    )
    def activations(context: dg.AssetExecutionContext, config: RunOptions) -> dg.MaterializeResult:
        def land(role: str, progress: Progress) -> Landed:
            return landings.land_activations(loaded.extraction(study), config.overwrite, role, progress)

        return land_each(context, land)

    return activations


def role_features_asset(study: Study, roles: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """Every role's features, aggregated over its responses."""

    @dg.asset(
        **_of_roles(study, roles, ROLE_FEATURES, ["activations"]),
        automation_condition=FOLLOW,
        kinds={"parquet", "duckdb"},
        description="Features aggregated over a role's pooled responses: firing rate, mean, max, sd.",
    )
    def role_features(context: dg.AssetExecutionContext, config: RunOptions) -> dg.MaterializeResult:
        return land_each(context, partial(landings.land_role_features, study, config.overwrite))

    return role_features


def across_assets(study: Study) -> list[dg.AssetsDefinition]:
    """The assets that speak of all roles together."""
    return [
        _across_roles(
            study,
            "statistics",
            deps=["activations"],
            main=ROLE_CONTRASTS,
            land=landings.land_statistics,
            kinds={"parquet", "numpy"},
            description="How roles differ: effects with intervals, AUROC, q; each feature across roles.",
        ),
        _across_roles(
            study,
            "atlas",
            deps=["statistics"],
            main=ATLAS,
            land=landings.land_atlas,
            kinds={"parquet", "scikitlearn"},
            description="The features that tell roles apart, mapped; their neighbours; roles compared.",
            automation_condition=FOLLOW,
        ),
        _across_roles(
            study,
            "feature_labels",
            deps=[],
            main=FEATURE_LABELS,
            land=landings.land_feature_labels,
            kinds={"parquet"},
            description="Descriptions of features: from the study's file, and what `persona labels` fetched.",
        ),
    ]


def warehouse_asset(study: Study) -> dg.AssetsDefinition:
    """The published DuckDB snapshot."""

    @dg.asset(
        key=key(study, "warehouse"),
        deps=[key(study, name) for name in ("role_features", *ACROSS_ROLES, "drift")],
        group_name=plain_name(study),
        automation_condition=FOLLOW,
        kinds={"duckdb"},
        description="What people query: one DuckDB file over all fresh files of the lake, swapped in whole.",
    )
    def warehouse(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        tag_run(context)
        try:
            return _result(landings.publish_warehouse(study))
        except StudyError as error:
            raise dg.Failure(str(error), allow_retries=False) from error

    return warehouse


def _across_roles(
    study: Study, name: str, *, deps: list[str], main: Table, land: LandAll, **about: Any
) -> dg.AssetsDefinition:
    """An asset in one piece, that `land` makes under each SAE; `main` is the first of its tables."""

    @dg.asset(
        key=key(study, name),
        deps=[key(study, dep) for dep in deps],
        group_name=plain_name(study),
        metadata=table_metadata(study, main),
        **about,
    )
    def made(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        tag_run(context)
        try:
            with reporter(context.log, name, len(study.settings.extraction.saes)) as report:
                return _result(land(study, report))
        except StudyError as error:
            raise dg.Failure(str(error), allow_retries=False) from error

    return made


def _result(landed: Landed) -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata=landed.metadata, data_version=dg.DataVersion(landed.version))


def _of_roles(
    study: Study,
    roles: dg.PartitionsDefinition,
    table: Table,
    deps: list[str],
    upstream: dg.AssetKey | None = None,
) -> dict[str, Any]:
    """What all assets partitioned by role share."""
    return {
        "key": key(study, table.name),
        "deps": [key(study, name) for name in deps] + ([upstream] if upstream else []),
        "group_name": plain_name(study),
        "partitions_def": roles,
        "backfill_policy": _backfill_policy(),
        "metadata": table_metadata(study, table),
    }


def _backfill_policy() -> dg.BackfillPolicy:
    """A range of roles is one run, so one model load; or several, of `PERSONA_ROLES_PER_RUN` roles each."""
    roles_per_run = os.environ.get("PERSONA_ROLES_PER_RUN") or None
    if roles_per_run is None:
        return dg.BackfillPolicy.single_run()
    if not roles_per_run.isdecimal() or int(roles_per_run) == 0:
        raise StudyError(f"PERSONA_ROLES_PER_RUN={roles_per_run}: give a number of roles, such as 4")
    return dg.BackfillPolicy.multi_run(int(roles_per_run))
