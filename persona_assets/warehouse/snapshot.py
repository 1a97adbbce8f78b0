"""Publishing: a study's fresh files become the snapshot that people query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from persona_assets.base.atomic import turn
from persona_assets.base.duck import writing_database
from persona_assets.base.errors import StudyError
from persona_assets.base.swap import replacing
from persona_assets.lake.schema import MARTS, TABLES
from persona_assets.lake.storage import Bucket, bucket
from persona_assets.stages.files import StudyFiles
from persona_assets.study.study import Study
from persona_assets.warehouse.build import build
from persona_assets.warehouse.catalog import Rows, file_rows, small_tables
from persona_assets.warehouse.copies import Which, after, copies, date, send_copy, which
from persona_assets.warehouse.files import SnapshotFile, snapshot_files
from persona_assets.warehouse.losing import losing
from persona_assets.warehouse.marts import add_marts
from persona_assets.warehouse.reading import connect, newest_snapshot, warehouse_path

_ATTEMPTS = 3  # to publish, while others publish from other machines


@dataclass(frozen=True)
class Snapshot:
    """A published warehouse: where it is, when it was made (UTC), and the rows of each table and mart.

    `problems` says, of each mart that could not be made, why; `lost` what the one before had besides.
    """

    path: Path
    published_at: datetime
    tables: dict[str, int]
    problems: Mapping[str, str] = field(default_factory=dict)
    lost: str | None = None


def publish(study: Study) -> Snapshot:
    """Publish whatever is fresh; a table that has nothing yet is there, empty.

    Publishers take turns, or one that looked earlier and took longer would undo the work of another; who had
    to wait and finds that somebody has published meanwhile what it would publish takes that as its own.
    Readers are never in the way: who has the earlier snapshot open keeps it. Raises StudyError, the earlier
    snapshot intact and nothing left behind, where a file is damaged or the disk is full or read-only, or no
    role that it has the features of is fresh any more.
    """
    target = warehouse_path(study)
    with writing_database(target):
        before = which(newest_snapshot(study))
        target.parent.mkdir(parents=True, exist_ok=True)
        with turn(target.parent):
            store = bucket(study.lake.storage)
            return _publish(study, target, before) if store is None else _send(study, store, target, before)


def _publish(study: Study, target: Path, before: Which, at_least: datetime | None = None) -> Snapshot:
    """Look and build; its file is dated by the moment of the look, or `at_least` if that is later."""
    looked_at = datetime.now(UTC)
    looked = StudyFiles.of(study)
    lost = losing(study, looked)
    found = snapshot_files(looked)
    marts = [file for file in found if file.table is MARTS]
    files = [file for file in found if file.table is not MARTS]
    small = small_tables(study, looked.roles, files, looked_at)
    for lake in (study.lake, study.responses_owner.lake):
        lake.notes.keep_identities()
    if which(target) != before:
        published_at = _published_the_same(study, small | {"lake_files": file_rows(found)})
        if published_at is not None:
            return Snapshot(target, published_at, _rows(found), lost=lost)
    with replacing(target) as beside:
        build(beside, study, small, files)
        made = add_marts(beside, looked, marts)
        date(beside, max(looked_at, at_least or looked_at))
    return Snapshot(target, looked_at, _rows([*files, *made.files]), made.problems, lost)


def _send(study: Study, store: Bucket, target: Path, before: Which) -> Snapshot:
    """Publish into a bucket. Who finds there a newer copy that nobody had sent when it looked looks again:
    which of the two looked later cannot be told from the clocks of two machines.
    """
    for _ in range(_ATTEMPTS):
        seen = copies(store, study.name)
        snapshot = _publish(study, target, before, after(seen))
        ours = send_copy(store, study.name, target)
        before = which(target)
        if not any(copy.path > ours for copy in copies(store, study.name) if copy not in seen):
            break
    return snapshot


def _published_the_same(study: Study, small: Mapping[str, Rows]) -> datetime | None:
    """When the snapshot at hand was made, if it stands on the same files, settings, roles and questions."""
    try:
        with connect(study, check=False) as warehouse:
            same = all(_holds(warehouse, table, rows) for table, rows in small.items())
            [(published_at,)] = warehouse.execute("select published_at from study").fetchall()
    except (StudyError, duckdb.Error):  # of another version, or damaged
        return None
    return published_at.replace(tzinfo=UTC) if same else None


def _holds(warehouse: duckdb.DuckDBPyConnection, table: str, rows: Rows) -> bool:
    """Return whether the snapshot's table has these rows, whenever it was published."""
    asked = [{key: value for key, value in row.items() if key != "published_at"} for row in rows]
    columns = ", ".join(asked[0]) if asked else "*"
    held = warehouse.execute(f"select {columns} from {table}").to_arrow_table().to_pylist()
    return sorted(map(repr, asked)) == sorted(map(repr, held))


def _rows(files: Sequence[SnapshotFile]) -> dict[str, int]:
    rows = dict.fromkeys(TABLES, 0)
    for entry in files:
        rows[entry.name] = rows.get(entry.name, 0) + entry.n_rows
    return rows
