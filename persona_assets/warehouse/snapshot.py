"""Publishing: a study's fresh files become the snapshot that people query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from persona_assets.duck import writing_database
from persona_assets.freshness import RoleFiles
from persona_assets.schema import TABLES
from persona_assets.study import Study
from persona_assets.warehouse.build import build
from persona_assets.warehouse.catalogue import small_tables
from persona_assets.warehouse.files import SnapshotFile, snapshot_files
from persona_assets.warehouse.reading import warehouse_path
from persona_assets.warehouse.swap import discard, name_beside, swap_in, sweep


@dataclass(frozen=True)
class Snapshot:
    """A published warehouse: where it is, when it was made (UTC), and the rows of each table of the lake."""

    path: Path
    published_at: datetime
    tables: dict[str, int]


def publish(study: Study) -> Snapshot:
    """Publish whatever is fresh; a table that has nothing yet is there, empty.

    Readers are never in the way: who has the earlier snapshot open keeps it. Raises StudyError, the earlier
    snapshot intact and nothing left behind, where a file is damaged or the disk is full or read-only.
    """
    roles = {role: RoleFiles(study, role) for role in study.role_names}
    files = snapshot_files(study, roles.values())
    published_at = datetime.now(UTC)
    small = small_tables(study, roles, files, published_at)
    target = warehouse_path(study)
    with writing_database(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target)
        beside = name_beside(target)
        try:
            build(beside, study, small, files)
            swap_in(beside, target)
        finally:
            discard(beside)
    return Snapshot(target, published_at, _rows(files))


def _rows(files: Sequence[SnapshotFile]) -> dict[str, int]:
    rows = dict.fromkeys(TABLES, 0)
    for entry in files:
        rows[entry.table.name] += entry.n_rows
    return rows
