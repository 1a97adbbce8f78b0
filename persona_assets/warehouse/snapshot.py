"""Publishing: a study's fresh files become the snapshot that people query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from persona_assets.across import AcrossRoles
from persona_assets.duck import writing_database
from persona_assets.errors import StudyError
from persona_assets.placing import turn
from persona_assets.schema import TABLES
from persona_assets.storage import bucket
from persona_assets.study import Study
from persona_assets.warehouse.build import build
from persona_assets.warehouse.catalogue import small_tables
from persona_assets.warehouse.copies import date, send_copy
from persona_assets.warehouse.files import SnapshotFile, snapshot_files
from persona_assets.warehouse.reading import connect, warehouse_path
from persona_assets.warehouse.swap import replacing


@dataclass(frozen=True)
class Snapshot:
    """A published warehouse: where it is, when it was made (UTC), and the rows of each table of the lake."""

    path: Path
    published_at: datetime
    tables: dict[str, int]


def publish(study: Study) -> Snapshot:
    """Publish whatever is fresh; a table that has nothing yet is there, empty.

    Publishers take turns, or one that looked earlier and took longer would undo the work of another; what
    was published by somebody who looked after the call is taken as it is. Readers are never in the way: who
    has the earlier snapshot open keeps it. Raises StudyError, the earlier snapshot intact and nothing left
    behind, where a file is damaged or the disk is full or read-only.
    """
    asked_at = datetime.now(UTC)
    target = warehouse_path(study)
    with writing_database(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with turn(target.parent):
            return _published_since(asked_at, study) or _publish(study, target)


def _publish(study: Study, target: Path) -> Snapshot:
    looked_at = datetime.now(UTC)
    across = AcrossRoles.of(study)
    files = snapshot_files(across)
    small = small_tables(study, across.roles, files, looked_at)
    with replacing(target) as beside:
        build(beside, study, small, files)
        date(beside, looked_at)
    lake = bucket(study.lake.storage)
    if lake is not None:
        send_copy(lake, study.name, target, looked_at)
    return Snapshot(target, looked_at, _rows(files))


def _published_since(moment: datetime, study: Study) -> Snapshot | None:
    """The snapshot of somebody who looked at the lake after `moment`, under these settings; None without."""
    try:
        with connect(study) as warehouse:
            [(settings, naive)] = warehouse.execute("select settings, published_at from study").fetchall()
            counted = "select table_name, sum(n_rows)::bigint from lake_files group by all"
            rows = dict(warehouse.execute(counted).fetchall())
    except (StudyError, duckdb.Error):  # there is none, or it is of another version or damaged
        return None
    published_at = naive.replace(tzinfo=UTC)
    if published_at < moment or settings != study.settings.model_dump_json():
        return None
    return Snapshot(warehouse_path(study), published_at, dict.fromkeys(TABLES, 0) | rows)


def _rows(files: Sequence[SnapshotFile]) -> dict[str, int]:
    rows = dict.fromkeys(TABLES, 0)
    for entry in files:
        rows[entry.table.name] += entry.n_rows
    return rows
