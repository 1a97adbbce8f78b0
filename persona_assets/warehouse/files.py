"""Which of a study's files go into a snapshot: the fresh ones, and only those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from persona_assets.base.errors import StudyError
from persona_assets.lake.lake import Lake, LakeFile
from persona_assets.lake.schema import (
    ACTIVATIONS,
    ATLAS_TABLES,
    EVIDENCE,
    FEATURE_LABELS,
    POOLED,
    RESPONSES,
    ROLE_FEATURES,
    STATISTICS_TABLES,
    TABLES,
    Table,
)
from persona_assets.lake.wholeness import READING_ERRORS, damaged
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.of_conversations import DriftFiles
from persona_assets.stages.of_roles import RoleFiles, State

_AT_ONCE = 16  # footers: a store answers each after some milliseconds
_WORST_FIRST: tuple[State, ...] = ("missing", "stale", "fresh")


@dataclass(frozen=True)
class SnapshotFile:
    """A file that a snapshot stands on; `sae` and `role` are None where it is of none."""

    table: Table
    sae: str | None
    role: str | None
    file: LakeFile
    n_rows: int


@dataclass(frozen=True)
class RoleStatus:
    """How far a role has come: each stage is the worst over the study's SAEs."""

    responses: State
    activations: State
    role_features: State

    @property
    def overall(self) -> State:
        """The worst of the stages."""
        return worst([self.responses, self.activations, self.role_features])


def worst(states: Iterable[State]) -> State:
    """The worst of some states: missing, then stale, then fresh."""
    return min(states, key=_WORST_FIRST.index)


def role_status(files: RoleFiles) -> RoleStatus:
    """The states of a role's stages."""
    return RoleStatus(
        responses=files.state(RESPONSES),
        activations=worst(_extraction_state(files, sae) for sae in files.saes),
        role_features=worst(files.state(ROLE_FEATURES, sae) for sae in files.saes),
    )


def snapshot_files(across: AcrossRoles) -> list[SnapshotFile]:
    """Every fresh file of the roles and of all together. Raises StudyError, naming it, for a damaged one."""
    lake = across.study.lake
    _refuse_columns_in_path(lake)
    of_roles = [
        (table, sae, role, file)
        for role, files in across.roles.items()
        for table, sae, file in _fresh_files(files)
    ]
    found = [*of_roles, *_fresh_across(across), *_fresh_drift(across)]
    with ThreadPoolExecutor(_AT_ONCE) as readers:
        rows = list(readers.map(lambda one: _rows(lake, one[3]), found))
    return [SnapshotFile(*one, n_rows) for one, n_rows in zip(found, rows, strict=True)]


def _fresh_across(across: AcrossRoles) -> Iterator[tuple[Table, str, None, LakeFile]]:
    for sae in across.study.settings.extraction.saes:
        found = across.files(STATISTICS_TABLES, sae)
        mapped = across.files(ATLAS_TABLES, sae)
        labels = across.file(FEATURE_LABELS, sae)
        of_sae = (found or {}) | (mapped or {}) | ({FEATURE_LABELS.name: labels} if labels else {})
        yield from ((TABLES[name], sae, None, file) for name, file in of_sae.items())


def _fresh_drift(across: AcrossRoles) -> Iterator[tuple[Table, None, None, LakeFile]]:
    for files in DriftFiles(across.study, across.roles).fresh_runs():
        yield from ((TABLES[name], None, None, file) for name, file in files.items())


def _extraction_state(files: RoleFiles, sae: str) -> State:
    state = files.state(ACTIVATIONS, sae)
    return "stale" if state == "fresh" and not files.extracted(sae) else state


def _fresh_files(files: RoleFiles) -> Iterator[tuple[Table, str | None, LakeFile]]:
    if files.responses is not None:
        yield RESPONSES, None, files.responses
    for sae in files.saes:
        # Activations land last: without them what else is there belongs to an extraction cut short.
        if files.activations(sae) is None or files.pooled(sae) is None:
            continue
        found = [
            (POOLED, files.pooled(sae)),
            (ACTIVATIONS, files.activations(sae)),
            (EVIDENCE, files.evidence(sae)),
            (ROLE_FEATURES, files.role_features(sae)),
        ]
        yield from ((table, sae, file) for table, file in found if file is not None)


def _rows(lake: Lake, file: LakeFile) -> int:
    """How many rows the file has, by its footer: what a truncated file lacks."""
    path = lake.uri(file.path)
    try:
        with lake.open(path) as parquet:
            return int(parquet.metadata.num_rows)
    except READING_ERRORS as error:
        raise damaged(path, error) from error


def _refuse_columns_in_path(lake: Lake) -> None:
    """A folder `role=x` above the lake would be read as a column of every table."""
    columns = {"sae", "role", *(name for table in TABLES.values() for name in table.schema.names)}
    for part in lake.root.split("/"):
        name, equals, _ = part.partition("=")
        if equals and name.lower() in columns:
            raise StudyError(
                f"PERSONA_LAKE={lake.root}: the folder {part!r} would be read as a column; rename it"
            )
