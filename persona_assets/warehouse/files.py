"""Which of a study's files go into a snapshot: the fresh ones, and only those."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from persona_assets.base.errors import StudyError
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import TABLES, Table
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.stages.stage import State
from persona_assets.stages.table import PER_ROLE

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

    @property
    def name(self) -> str:
        """The name of the table in the snapshot."""
        return self.file.partition.get("mart", self.table.name)


def worst(states: Iterable[State]) -> State:
    """Return the worst of some states: missing, then stale, then fresh."""
    return min(states, key=_WORST_FIRST.index)


def role_status(files: RoleFiles) -> dict[str, State]:
    """Return how far a role has come, by stage: each is the worst over the study's SAEs."""
    return {
        stage.name: worst(files.state(stage.mark, sae) for sae in saes)
        for stage in PER_ROLE
        if (saes := files.saes_of(stage))
    }


def snapshot_files(files: StudyFiles) -> list[SnapshotFile]:
    """Every fresh file of the roles and of all together. Raises StudyError, naming it, for a damaged one."""
    lake = files.study.lake
    _refuse_columns_in_path(lake)
    found = list(files.published())
    with ThreadPoolExecutor(_AT_ONCE) as readers:
        rows = readers.map(lambda one: lake.num_rows(one[1].file), found)
    return [
        SnapshotFile(held.table, part.sae, part.role, held.file, n_rows)
        for (part, held), n_rows in zip(found, rows, strict=True)
    ]


def _refuse_columns_in_path(lake: Lake) -> None:
    """A folder `role=x` above the lake would be read as a column of every table."""
    columns = {"sae", "role", *(name for table in TABLES.values() for name in table.schema.names)}
    for part in lake.root.split("/"):
        name, equals, _ = part.partition("=")
        if equals and name.lower() in columns:
            raise StudyError(
                f"PERSONA_LAKE={lake.root}: the folder {part!r} would be read as a column; rename it"
            )
