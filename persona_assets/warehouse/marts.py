"""Marts made while a snapshot is built, of the very tables that it is published with.

They ask on a connection that reads the new snapshot and its files and can do no more. What they give lands in
the lake and becomes a table beside the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from persona_assets.base.duck import interrupted_after, literal, lock
from persona_assets.base.errors import HaltError, StudyError
from persona_assets.base.queries import query
from persona_assets.lake.schema import MARTS, mart_table
from persona_assets.stages.files import StudyFiles
from persona_assets.stages.marts import Mart, complaint
from persona_assets.study.study import Study
from persona_assets.warehouse.build import MEMORY, fill_small_tables
from persona_assets.warehouse.catalog import file_rows
from persona_assets.warehouse.files import SnapshotFile
from persona_assets.warehouse.reading import attach

SECONDS = 600.0  # for one mart: whoever publishes next waits for it
_MOST_ROWS = 20_000_000
_BATCH = 100_000  # rows


class Made(NamedTuple):
    """The files of the marts that are there, and of each of the others why it is not."""

    files: list[SnapshotFile]
    problems: Mapping[str, str]


def add_marts(database: Path, looked: StudyFiles, fresh: Sequence[SnapshotFile]) -> Made:
    """Make the study's marts over the database, but for those that are `fresh`, and put all into it.

    A mart that fails is left out. Raises HaltError where the disk refuses a write.
    """
    there = {file.name for file in fresh}
    missing = [mart for name, mart in looked.marts.marts.items() if name not in there]
    made, problems = list(fresh), {}
    if missing:
        with _reading(database, looked.study) as connection:
            for mart in missing:
                try:
                    made.append(_land(connection, looked, mart))
                except HaltError:
                    raise
                except StudyError as error:
                    problems[mart.name] = str(error)
    if made:
        _put_in(database, looked, made)
    return Made(made, problems)


@contextmanager
def _reading(database: Path, study: Study) -> Iterator[duckdb.DuckDBPyConnection]:
    settings: dict[str, Any] = {
        "memory_limit": MEMORY,
        "temp_directory": f"{database}.marts",  # goes with whatever else lies beside the database
        "python_enable_replacements": "false",
    }
    with duckdb.connect(config=settings) as connection:
        attach(connection, database, study.lake)
        files = connection.execute("select path from lake_files").fetchall()
        lock(connection, study.lake.root, (path for (path,) in files))
        yield connection


def _land(connection: duckdb.DuckDBPyConnection, looked: StudyFiles, mart: Mart) -> SnapshotFile:
    made_from, lake = looked.marts.fingerprint(mart.name), looked.study.lake
    content = _answer(connection, mart)
    inputs = [file for files in looked.marts.read(mart.name).values() for file in files]
    try:
        file = lake.write(mart_table(mart.name, content.schema), content, made_from, inputs=inputs)
    except pa.ArrowException as error:
        said = " ".join(str(error).split())
        raise StudyError(f"{mart.file}: a column cannot be kept in Parquet ({said}); cast it") from error
    return SnapshotFile(MARTS, None, None, file, content.num_rows)


def _answer(connection: duckdb.DuckDBPyConnection, mart: Mart) -> pa.Table:
    """Return what the mart's SELECT gives. Raises StudyError where it fails or takes too much."""
    try:
        with interrupted_after(SECONDS, connection):
            reader = connection.execute(mart.sql).to_arrow_reader(_BATCH)
            return pa.Table.from_batches(_bounded(reader, mart), reader.schema)
    except duckdb.InterruptException as error:
        raise StudyError(f"{mart.file}: took more than {SECONDS:g} s; aggregate or filter more") from error
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise StudyError(complaint(mart.file, error)) from error


def _bounded(reader: pa.RecordBatchReader, mart: Mart) -> Iterator[pa.RecordBatch]:
    n_rows = 0
    for batch in reader:
        n_rows += batch.num_rows
        if n_rows > _MOST_ROWS:
            raise StudyError(f"{mart.file}: gives more than {_MOST_ROWS:,} rows; aggregate or filter more")
        yield batch


def load_mart(connection: duckdb.DuckDBPyConnection, name: str, place: str, about: str) -> None:
    """Fill a table of this name from the Parquet file at `place`; `about` is its comment."""
    sql = query("load/mart")
    told = {"{table}": name, "{file}": literal(place), "{comment}": literal(about)}
    for blank, value in told.items():
        sql = sql.replace(blank, value)
    connection.execute(sql)


def _put_in(database: Path, looked: StudyFiles, made: Iterable[SnapshotFile]) -> None:
    lake, marts = looked.study.lake, looked.marts.marts
    with (
        lake.readable(one.file for one in made) as places,
        duckdb.connect(str(database)) as connection,
    ):
        connection.execute(f"set memory_limit = '{MEMORY}'")
        lake.storage.prepare(connection)
        for one, place in zip(made, places, strict=True):
            load_mart(connection, one.name, place, marts[one.name].about)
        fill_small_tables(connection, {"lake_files": file_rows(made)})
        connection.execute("checkpoint")
