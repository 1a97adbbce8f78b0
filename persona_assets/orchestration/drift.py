"""Drift as Dagster sees it: one partition per conversation, added by a sensor, never launched by itself."""

from typing import Any

import dagster as dg

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.drift.script import Script
from persona_assets.drift.source import Source, study_sources
from persona_assets.drift.transcript import Transcript
from persona_assets.lake.schema import DRIFT_RUNS, DRIFT_TURNS
from persona_assets.orchestration import loaded
from persona_assets.orchestration.assets import RunOptions, of_stage
from persona_assets.orchestration.keys import key, plain_name
from persona_assets.orchestration.metadata import preview
from persona_assets.orchestration.partitions import land_each
from persona_assets.orchestration.versions import Landed
from persona_assets.stages.table import stage
from persona_assets.study.study import Study

_EVERY = 30  # seconds between two looks at the folder


def conversations(study: Study) -> dg.DynamicPartitionsDefinition:
    """Return the study's conversations and scripts, each known by its hash."""
    return dg.DynamicPartitionsDefinition(name=f"{study.name}_conversations")


def drift_asset(study: Study) -> dg.AssetsDefinition:
    """Return every conversation, scored turn by turn."""

    @dg.asset(
        **of_stage(study, stage("drift")) | {"deps": _measured_against(study)},
        partitions_def=conversations(study),
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def drift(context: dg.AssetExecutionContext, config: RunOptions) -> dg.MaterializeResult:
        def land(partition: str, progress: Progress) -> Landed:
            return _land(study, partition, config.overwrite, progress)

        return land_each(context, land)

    return drift


def _measured_against(study: Study) -> list[dg.AssetDep]:
    """The features of all roles, whatever roles there are, and what else the study's drift takes."""
    across = [dg.AssetDep(key(study, "played"))] if stage("played").wanted(study.settings) else []
    if study.settings.drift.space == "residual" and stage("vectors").wanted(study.settings):
        across = [dg.AssetDep(key(study, "vectors"))]
    roles = dg.AssetDep(key(study, "role_features"), partition_mapping=dg.AllPartitionMapping())
    return [roles, *across]


def drift_sensor(study: Study) -> dg.SensorDefinition:
    """Adds a partition for every file of the study's folder that has none yet."""

    @dg.sensor(
        name=f"{plain_name(study)}_conversations",
        asset_selection=[key(study, "drift")],
        minimum_interval_seconds=_EVERY,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Adds a partition for every conversation in {study.settings.drift.directory}.",
    )
    def add_conversations(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        partitions = conversations(study)
        known = set(partitions.get_partition_keys(dynamic_partitions_store=context.instance))
        found = []
        for _, source in study_sources(study):
            if isinstance(source, StudyError):
                context.log.warning(str(source))
            else:
                found.append(partition_key(source))
        new = sorted(set(found) - known)
        return dg.SensorResult(dynamic_partitions_requests=[partitions.build_add_request(new)] if new else [])

    return add_conversations


def _land(study: Study, partition: str, overwrite: bool, progress: Progress) -> Landed:
    from persona_assets.drift.confounds import CALLED
    from persona_assets.drift.script import converse
    from persona_assets.drift.stage import DriftStage

    source = _source(study, partition)
    if isinstance(source, Script):
        generation = loaded.generation(study.responses_owner)
        source = converse(source, generation.backend, generation.settings, progress)
    files = DriftStage(loaded.extraction(study)).land(source, overwrite=overwrite)
    [run] = study.lake.read(DRIFT_RUNS, files[DRIFT_RUNS.name]).to_pylist()
    turns = study.lake.read(DRIFT_TURNS, files[DRIFT_TURNS.name]).to_pylist()
    metadata = {
        "dagster/row_count": run["n_turns"],
        "run": source.run,
        "name": source.name,
        "sensitive": source.sensitive,
        "tokens": run["n_tokens"],
        "confounds": CALLED.get(run["confound_verdict"], "too few turns"),
        "turns": preview(
            ("turn", "tokens", "projection", "null band", "nearest role"), (_shown(turn) for turn in turns)
        ),
    }
    return Landed(files[DRIFT_RUNS.name].stem, metadata)


def _source(study: Study, partition: str) -> Source:
    for _, source in study_sources(study):
        if not isinstance(source, StudyError) and partition_key(source) == partition:
            return source
    raise StudyError(
        f"{study.path(study.settings.drift.directory)}: no file holds conversation {partition}; "
        "put it back, or delete the partition"
    )


def partition_key(source: Source) -> str:
    """Return the partition of a conversation or script: its hash."""
    return source.run if isinstance(source, Transcript) else source.key


def _shown(turn: dict[str, Any]) -> tuple[object, ...]:
    low, high, nearest = turn["projection_low"], turn["projection_high"], turn["nearest_roles"]
    band = f"{low:.3g} to {high:.3g}"
    return turn["turn"], turn["n_tokens"], turn["projection"], band, nearest[0]["role"] if nearest else ""
