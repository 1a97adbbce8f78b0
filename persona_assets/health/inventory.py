"""Every file of a study's lake, and which of them are fresh under its settings of today."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from persona_assets.base.errors import StudyError
from persona_assets.lake.lake import LakeFile
from persona_assets.lake.schema import (
    ATLAS_TABLES,
    DRIFT_CODES,
    DRIFT_TABLES,
    EVERY_TABLE,
    FEATURE_LABELS,
    RESPONSES,
    ROLE_FEATURES,
    STATISTICS_TABLES,
    TABLES,
    Table,
)
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_conversations import DriftFiles
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.study.study import Study


class Held(NamedTuple):
    """A file of a table."""

    table: Table
    file: LakeFile


def everything(study: Study) -> list[Held]:
    """Every whole file in the study's folder of the lake, fresh or not; what no table owns is not listed."""
    return [Held(table, file) for table in EVERY_TABLE.values() for file in study.lake.files(table)]


def fresh_files(study: Study) -> list[Held]:
    """The files that the study's settings of today call for, as far as they are there.

    Responses read from another study (`responses_from`) are among them. Raises StudyError where the study's
    roles, questions, model or SAE cannot be read: then nobody can say what is fresh.
    """
    across = AcrossRoles.of(study)
    found = [*_of_roles(across), *_of_all_roles(across), *_of_drift(study, across)]
    return [Held(table, file) for table, file in found if file is not None]


def _of_roles(across: AcrossRoles) -> Iterator[tuple[Table, LakeFile | None]]:
    for files in across.roles.values():
        yield RESPONSES, files.responses
        for sae in files.saes:
            yield from _of_role(files, sae)


def _of_role(files: RoleFiles, sae: str) -> Iterator[tuple[Table, LakeFile | None]]:
    yield TABLES["pooled"], files.pooled(sae)
    yield TABLES["activations"], files.activations(sae)
    yield TABLES["evidence"], files.evidence(sae)
    yield ROLE_FEATURES, files.role_features(sae)


def _of_all_roles(across: AcrossRoles) -> Iterator[tuple[Table, LakeFile | None]]:
    for sae in across.study.settings.extraction.saes:
        for table in (*STATISTICS_TABLES, *ATLAS_TABLES, FEATURE_LABELS):
            yield table, across.file(table, sae)


def _of_drift(study: Study, across: AcrossRoles) -> Iterator[tuple[Table, LakeFile | None]]:
    """While the roles that drift is measured against are not there, nothing of it is fresh but the codes."""
    lake, drift = study.lake, DriftFiles(study, across.roles)
    runs = {file.partition["run"] for file in lake.files(DRIFT_CODES) if "run" in file.partition}
    runs |= set(drift.runs())
    if not runs:
        return
    yield DRIFT_CODES, drift.anchor_codes
    for run in sorted(runs):
        yield DRIFT_CODES, drift.codes(run)
        try:
            made_from = drift.fingerprint(run)
        except StudyError:
            continue
        for table in DRIFT_TABLES:
            yield table, lake.current(table, made_from, run=run)
