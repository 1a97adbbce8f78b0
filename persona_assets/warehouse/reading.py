"""Opening a study's published snapshot, for reading only."""

from __future__ import annotations

from pathlib import Path

import duckdb

from persona_assets.base.duck import literal, ready_for_values
from persona_assets.base.errors import NotPublishedError, StudyError
from persona_assets.base.given import shown
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.lake import Lake, snapshots_folder
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import VIEWS
from persona_assets.lake.seen import as_it_is, is_known
from persona_assets.lake.storage import bucket
from persona_assets.study.dataset import SNAPSHOT
from persona_assets.study.study import Study
from persona_assets.warehouse.copies import fetch_newer

KEPT = "kept"  # a folder beside the snapshot
_ROUNDING = 1e-5  # seconds
# Files of the lake never change, so their footers are read once. And a join with up to 1,000 rows reads the
# files of those rows' roles only; DuckDB's own limit is 50.
_SETTINGS = ("parquet_metadata_cache = true", "dynamic_or_filter_threshold = 1000")


def warehouse_root(lake: Lake) -> Path:
    """Return where this machine has the snapshots of a lake's studies, one folder per study."""
    return snapshots_folder() or lake.local_root.absolute()


def snapshot_identity(path: Path) -> str | None:
    """Return what tells one snapshot at `path` from the next; None where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}"


def warehouse_path(study: Study) -> Path:
    """Where the study's snapshot is on this machine: beside its lake files, or below `PERSONA_WAREHOUSE`.

    A data set has its own in its folder. Raises StudyError where DuckDB cannot have a database.
    """
    own = warehouse_root(study.lake) / study.name / "warehouse.duckdb"
    path = own if study.dataset is None else study.dataset.absolute() / SNAPSHOT
    if "?" in str(path):  # DuckDB would look for its log in a folder named by what precedes it
        raise StudyError(f"{path}: no warehouse can lie in a folder with '?' in its name; rename it")
    return path


def newest_snapshot(study: Study) -> Path:
    """`warehouse_path`, and there the newest snapshot that anybody has published of a lake in a bucket.

    Raises StudyError where the lake's store cannot be reached.
    """
    path = warehouse_path(study)
    lake = bucket(study.lake.storage)
    if lake is not None:
        fetch_newer(lake, study.name, path)
    return path


def published_path(study: Study) -> Path:
    """`newest_snapshot`. Raises StudyError where nothing is published yet."""
    path = newest_snapshot(study)
    if not path.is_file():
        first = hindered(study)
        raise NotPublishedError(
            f"{study.name}: nothing is published yet ({path} does not exist); "
            f"{f'{first}; then ' if first else ''}run `persona run {study.name}`"
        )
    return path


def hindered(study: Study) -> str | None:
    """Return that the study's roles are not there, so that no run can begin, and the remedy; or None."""
    try:
        _ = study.role_names
    except StudyError as error:
        return str(error)
    return None


def kept_path(study: Study, name: str) -> Path:
    """Return where the snapshot lies, or would lie, that is kept under `name`."""
    return warehouse_path(study).parent / KEPT / f"{name}.duckdb"


def connect(study: Study, *, check: bool = True, snapshot: str | None = None) -> duckdb.DuckDBPyConnection:
    """Return a connection to the newest snapshot; it stays with it until it is closed, whatever is published.

    With `snapshot` it is the one that is kept under this name. Its views read the study's lake as it lies
    today. Raises StudyError where nothing is published yet, or kept under the name, the lake's store cannot
    be reached, or, unless `check` is False, somebody has damaged a file of the views.
    """
    path = published_path(study) if snapshot is None else _kept(study, snapshot)
    # An own in-memory database, the snapshot attached: connecting to the file itself would give whatever
    # snapshot another connection of this process still holds open.
    connection = duckdb.connect()
    try:
        attach(connection, path, study.lake)
        for setting in _SETTINGS:
            connection.execute(f"set {setting}")
        if check:
            _refuse_damaged(study.lake, connection, path)
    except StudyError:
        connection.close()
        raise
    except duckdb.Error as error:
        connection.close()
        raise StudyError(
            f"{path}: cannot be opened ({str(error).splitlines()[0]}); delete it and publish again: "
            f"`persona run {study.name} --select warehouse`"
        ) from error
    return connection


def attach(connection: duckdb.DuckDBPyConnection, path: Path, lake: Lake) -> None:
    """Have a connection ask the snapshot at `path`, whose views then read the files of `lake`."""
    ready_for_values()
    lake.storage.prepare(connection)
    connection.execute(f"attach {literal(str(path))} as warehouse (read_only)")
    connection.execute("use warehouse")
    connection.execute("set variable lake = ?", [lake.root])


def stands_on(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the hash of the files that the snapshot stands on: what it says follows from them."""
    files = connection.execute("select path from lake_files order by path").fetchall()
    return fingerprint({"files": files})


def _kept(study: Study, name: str) -> Path:
    kept = {path.stem: path for path in kept_path(study, "").parent.glob("*.duckdb")}
    if name not in kept:
        names = ", ".join(sorted(kept)) or "none"
        raise StudyError(f"{study.name} keeps no snapshot {shown(name)}; kept are: {names}")
    return kept[name]


def _refuse_damaged(lake: Lake, connection: duckdb.DuckDBPyConnection, snapshot: Path) -> None:
    """Raise DamagedError where a file that a view reads was written to since it was published.

    Nobody ever writes to a file of the lake again. So one that has changed is read to its end, once; the
    others are only looked at. In a bucket nobody can write into a file.
    """
    if lake.storage.folder is None:
        return
    published = snapshot.stat().st_ctime
    sql = "select path, bytes, epoch(modified) from lake_files where table_name in (select unnest(?))"
    changed = [
        LakeFile(path, size, modified)
        for path, size, modified in connection.execute(sql, [[table.name for table in VIEWS]]).fetchall()
        if _has_changed(lake.storage.folder / path, path, size, modified, published)
    ]
    lake.check(changed)


def _has_changed(place: Path, path: str, size: int, modified: float, published: float) -> bool:
    try:
        status = place.stat()
    except OSError:  # who asks for it is told
        return False
    if is_known(as_it_is(status, path)):
        return False
    same = status.st_size == size and abs(status.st_mtime - modified) < _ROUNDING
    return not same or status.st_ctime > published
