"""A study's assets, checks and partitions, put together."""

from __future__ import annotations

import warnings

import dagster as dg

from persona_assets.base.errors import StudyError
from persona_assets.orchestration.assets import (
    catalog_asset,
    role_asset,
    study_asset,
    warehouse_asset,
)
from persona_assets.orchestration.checks import role_checks, scores_check
from persona_assets.orchestration.drift import drift_asset, drift_sensor
from persona_assets.orchestration.marts import mart_assets
from persona_assets.orchestration.resource import resource_key, warehouse_check, warehouse_resource
from persona_assets.orchestration.tables import table_specs
from persona_assets.stages.table import PER_ROLE, PER_STUDY
from persona_assets.study.study import Study


def study_definitions(study: Study) -> dg.Definitions:
    """Everything Dagster knows of a study. One whose role files are not there yet has only its catalog."""
    with warnings.catch_warnings():
        # Backfill policies and checks on partitions are pinned by our constraints: no news for a user.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return _definitions(study)


def _definitions(study: Study) -> dg.Definitions:
    try:
        partitions = dg.StaticPartitionsDefinition(study.role_names)
    except StudyError as error:
        return dg.Definitions(assets=[catalog_asset(study, problem=str(error))])
    generates = study.settings.generation is not None
    return dg.Definitions(
        assets=[
            catalog_asset(study, problem=None),
            *(
                role_asset(study, stage, partitions)
                for stage in PER_ROLE
                if (generates or stage.needs) and stage.wanted(study.settings)
            ),
            *(study_asset(study, stage) for stage in PER_STUDY if stage.wanted(study.settings)),
            drift_asset(study),
            warehouse_asset(study),
            *table_specs(study),
            *mart_assets(study),
        ],
        asset_checks=[
            *role_checks(study, partitions),
            *([scores_check(study)] if study.settings.explanation_scores is not None else []),
            warehouse_check(study),
        ],
        resources={resource_key(study): warehouse_resource(study)},
        sensors=[drift_sensor(study)],
    )
