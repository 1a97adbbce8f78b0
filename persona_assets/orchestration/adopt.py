"""Telling Dagster's history of what the lake holds already: materializations without a run.

A lake outlives a DAGSTER_HOME, and files come into it from other machines. What Dagster has not heard of it
shows as never materialized.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from persona_assets.base.errors import StudyError
from persona_assets.drift.source import Source, study_sources
from persona_assets.drift.transcript import Transcript
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import DRIFT_RUNS, MARTS, Table
from persona_assets.orchestration import reports
from persona_assets.orchestration.definitions import study_definitions
from persona_assets.orchestration.drift import conversations, partition_key
from persona_assets.orchestration.metadata import about_file
from persona_assets.orchestration.tables import table_events
from persona_assets.orchestration.versions import Landed, knows, materialization, version_of
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.of_conversations import DriftFiles
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.stages.stage import Stage
from persona_assets.stages.table import PER_ROLE, PER_STUDY
from persona_assets.study.study import Study
from persona_assets.warehouse import newest_snapshot

Partition = str | None  # None of an asset that has none


def adopt(study: Study, instance: dg.DagsterInstance) -> dict[str, int]:
    """Tell Dagster of every fresh file that its history does not name; return how many, by asset.

    What others depend on is told first, so that nothing looks older than what it was made from.
    """
    graph = study_definitions(study).resolve_asset_graph()
    held = _held(study, instance)
    told: dict[str, int] = {}
    for table in table_events(study, instance) if held["warehouse"] else ():
        instance.report_runless_asset_event(table)
    for asset in graph.toposorted_asset_keys:
        if asset not in graph.materializable_asset_keys:
            continue
        of_asset = held.get(asset.path[-1], {})  # of a mart whose SQL is not right there is nothing
        new = {part: landed for part, landed in of_asset.items() if not knows(instance, asset, landed, part)}
        for partition, landed in new.items():
            depends_on = sorted(graph.get(asset).parent_keys)
            code_version = graph.get(asset).code_version
            event = materialization(instance, asset, depends_on, landed, partition, code_version)
            instance.report_runless_asset_event(event)
        told[asset.path[-1]] = len(new)
    return told


def _held(study: Study, instance: dg.DagsterInstance) -> dict[str, dict[Partition, Landed]]:
    """Return what the lake holds of each asset, partition by partition."""
    files, saes = StudyFiles.of(study), list(study.settings.extraction.saes)
    of_roles = {
        stage.name: {role: _marks(one, stage) for role, one in files.roles.items()}
        for stage in PER_ROLE
        if stage.wanted(study.settings)
    }
    of_all = {
        stage.name: {None: [files.across.file(table, sae) for sae in saes for table in _main_first(stage)]}
        for stage in PER_STUDY
        if stage.wanted(study.settings)
    }
    of_marts = {
        part.mart or "": {None: [held.file]} for part, held in files.published() if held.table is MARTS
    }
    found: dict[str, Mapping[Any, Sequence[LakeFile | None]]] = {
        **of_marts,
        **of_roles,
        **of_all,
        "drift": _conversations(files.drift, instance),
    }
    return {
        "catalog": {None: reports.read_catalog(study)},
        **{name: _complete(study.lake, of_parts) for name, of_parts in found.items()},
        "warehouse": {None: reports.about_warehouse(study)} if newest_snapshot(study).is_file() else {},
    }


def _marks(files: RoleFiles, stage: Stage) -> list[LakeFile | None]:
    """Return the role's last files of a stage, under each SAE; None for one of which not all is there."""
    return [files.file(stage.mark, sae) if files.has(stage, sae) else None for sae in files.saes_of(stage)]


def _main_first(stage: Stage) -> list[Table]:
    return sorted(stage.tables, key=lambda table: table is not stage.main)


def _complete(lake: Lake, found: Mapping[Partition, Sequence[LakeFile | None]]) -> dict[Partition, Landed]:
    """Return what there is to tell of the partitions of which no file is missing."""
    complete: dict[Partition, Landed] = {}
    for partition, files in found.items():
        there = [file for file in files if file is not None]
        if there and len(there) == len(files):
            rows = lake.num_rows(there[0])  # of the study's first SAE
            metadata = about_file(lake, there[0], rows) | {"adopted": "found in the lake"}
            complete[partition] = Landed(version_of(there), metadata)
    return complete


def _conversations(
    drift: DriftFiles, instance: dg.DagsterInstance
) -> dict[Partition, Sequence[LakeFile | None]]:
    """Return the measured runs of the conversations and scripts in the study's folder: its partitions."""
    study = drift.study
    sources = [source for _, source in study_sources(study) if not isinstance(source, StudyError)]
    wanted = {_said(source): partition_key(source) for source in sources}
    known: dict[Partition, Sequence[LakeFile | None]] = {}
    for files in drift.fresh_runs():
        file = files[DRIFT_RUNS.name]
        [run] = study.lake.read(DRIFT_RUNS, file).to_pylist()
        conversation = [(message["role"], message["content"]) for message in run["conversation"]]
        if (partition := wanted.get(tuple(conversation)) or wanted.get(_asked(conversation))) is not None:
            known[partition] = [file]
    instance.add_dynamic_partitions(str(conversations(study).name), sorted(str(key) for key in known))
    return known


def _said(source: Source) -> tuple[tuple[str, str], ...]:
    """Return who says what in a conversation; in a script, without the answers that a model gives."""
    if isinstance(source, Transcript):
        return tuple((message.role, message.content) for message in source.messages)
    opening = tuple((message.role, message.content) for message in source.opening().messages)
    return (*opening, *(("user", text) for text in source.user))


def _asked(conversation: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((role, content) for role, content in conversation if role != "assistant")
