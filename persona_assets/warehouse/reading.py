"""Opening a study's published snapshot, for reading only."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from persona_assets.duck import literal
from persona_assets.errors import StudyError
from persona_assets.lake import Lake
from persona_assets.storage import bucket
from persona_assets.study import Study
from persona_assets.warehouse.copies import fetch_newer

# Files of the lake never change, so their footers are read once. And a join with up to 1,000 rows reads the
# files of those rows' roles only; DuckDB's own limit is 50.
_SETTINGS = ("parquet_metadata_cache = true", "dynamic_or_filter_threshold = 1000")


def warehouse_root(lake: Lake) -> Path:
    """Where this machine has the snapshots of a lake's studies, a folder a study."""
    return Path(os.environ.get("PERSONA_WAREHOUSE") or lake.local_root).absolute()


def warehouse_path(study: Study) -> Path:
    """Where the study's snapshot is on this machine: beside its lake files, or below `PERSONA_WAREHOUSE`.

    Raises StudyError where DuckDB cannot have a database.
    """
    path = warehouse_root(study.lake) / study.name / "warehouse.duckdb"
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


def connect(study: Study) -> duckdb.DuckDBPyConnection:
    """A connection to the newest snapshot; it stays with it until it is closed, whatever is published.

    Its views read the study's lake as it lies today. Raises StudyError where nothing is published yet, or the
    lake's store cannot be reached.
    """
    path = newest_snapshot(study)
    if not path.is_file():
        raise StudyError(
            f"{study.name}: nothing is published yet ({path} does not exist); run `persona run {study.name}`"
        )
    # An own in-memory database, the snapshot attached: connecting to the file itself would give whatever
    # snapshot another connection of this process still holds open.
    connection = duckdb.connect()
    try:
        study.lake.storage.prepare(connection)
        connection.execute(f"attach {literal(str(path))} as warehouse (read_only)")
        connection.execute("use warehouse")
        connection.execute("set variable lake = ?", [study.lake.root])
        for setting in _SETTINGS:
            connection.execute(f"set {setting}")
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
