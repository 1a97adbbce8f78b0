"""Builds a snapshot's database: small tables filled, views over the lake's files, macros."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from persona_assets.base.duck import exact_path, list_literal, literal
from persona_assets.base.queries import query
from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import (
    DERIVED,
    FEATURE_TILE,
    FEATURE_TOTALS,
    MACROS,
    POOLED,
    ROLE_FEATURES,
    SMALL_TABLES,
    TABLES,
    VIEWS,
    Table,
)
from persona_assets.lake.schema.definition import definition, nothing
from persona_assets.study.study import Study
from persona_assets.warehouse.catalog import Rows
from persona_assets.warehouse.files import SnapshotFile

_ORDERED = (POOLED, ROLE_FEATURES)  # in another order than their files have
MEMORY = "2GB"  # what does not fit spills to the disk: 6 million rows within 1 GB took no longer
_LOADED = tuple(table for table in TABLES.values() if table not in VIEWS)


def build(path: Path, study: Study, small: Mapping[str, Rows], files: Sequence[SnapshotFile]) -> None:
    """Write the database at `path`, checkpointed and closed; `small` holds the small tables' rows."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        study.lake.storage.prepare(connection)
        with at_once(connection):
            for table in (*SMALL_TABLES, *_LOADED, FEATURE_TOTALS):
                connection.execute(definition(table))
            fill_small_tables(connection, small)
        for table in _LOADED:
            _load(connection, study.lake, table, _of(table, files))
        connection.execute(query(f"load/{FEATURE_TOTALS.name}"))
        paths = {table.name: [file.path for file in _of(table, files)] for table in VIEWS}
        add_views(connection, study.lake.root, paths, study.default_sae)
        connection.execute("checkpoint")


def add_views(
    connection: duckdb.DuckDBPyConnection, root: str, paths: Mapping[str, Sequence[str]], default_sae: str
) -> None:
    """Add views of the lake's files, whose `paths` go by the tables' names, views of tables, and macros."""
    with at_once(connection):
        for table in VIEWS:
            connection.execute(_view(table, root, paths[table.name]))
        for table in DERIVED:
            connection.execute(definition(table, query(f"views/{table.name}")))
        for name in MACROS:
            connection.execute(macro_definition(name, default_sae))


def macro_definition(name: str, default_sae: str) -> str:
    """Return the SQL that makes a macro; `default_sae` is meant where a question names none."""
    return query(f"macros/{name}").replace("{default_sae}", literal(default_sae))


@contextmanager
def at_once(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit once: each commit waits for the disk, and a hundred small ones take up to a second."""
    connection.begin()
    yield
    connection.commit()


def fill_small_tables(connection: duckdb.DuckDBPyConnection, small: Mapping[str, Rows]) -> None:
    """Add rows to small tables, by the tables' names."""
    for table, rows in small.items():
        if rows:
            connection.register("incoming", pa.Table.from_pylist(rows))
            connection.execute(f"insert into {table} by name from incoming")
            connection.unregister("incoming")


def _load(connection: duckdb.DuckDBPyConnection, lake: Lake, table: Table, files: Sequence[LakeFile]) -> None:
    if not files:
        return
    with lake.readable(files) as paths:
        connection.execute(filling(table), {"files": paths})


def filling(table: Table) -> str:
    """Return the statement that fills a table from `$files`."""
    named = {
        "table": table.name,
        "columns": list_literal(table.shown),
        "hive_types": _hive_types(table),
        "tile": str(FEATURE_TILE),
    }
    statement = query(f"load/{table.name}" if table in _ORDERED else "load/rows")
    for name, value in named.items():
        statement = statement.replace(f"{{{name}}}", value)
    return statement


def _view(table: Table, root: str, paths: Sequence[str]) -> str:
    return definition(table, _reading(table, root, paths) if paths else nothing(table))


def _reading(table: Table, root: str, paths: Sequence[str]) -> str:
    """`read_parquet` of exactly these files, below wherever the lake is when it is asked."""
    return (
        query("views/files")
        .replace("{hive_types}", _hive_types(table))
        .replace("{paths}", list_literal(paths))
        .replace("{root}", literal(exact_path(root)))  # last: a folder may be called {paths}
    )


def _hive_types(table: Table) -> str:
    return ", ".join(f"'{key.name}': 'VARCHAR'" for key in table.keys)


def _of(table: Table, files: Iterable[SnapshotFile]) -> list[LakeFile]:
    return [entry.file for entry in files if entry.table is table]
