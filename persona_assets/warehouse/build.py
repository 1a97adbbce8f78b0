"""Builds a snapshot's database: small tables filled, views over the lake's files, macros."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from persona_assets.base.duck import exact_path, list_literal, literal
from persona_assets.base.queries import query
from persona_assets.lake.lake import Lake, LakeFile
from persona_assets.lake.schema import (
    ACTIVATIONS,
    ATLAS_TABLES,
    DRIFT_TABLES,
    EVIDENCE,
    FEATURE_LABELS,
    FEATURE_TILE,
    FEATURES,
    POOLED,
    RESPONSES,
    ROLE_CONTRASTS,
    ROLE_FEATURES,
    ROLE_MATRIX,
    VARIANT_STRIDE,
    Table,
)
from persona_assets.study.study import Study
from persona_assets.warehouse.catalogue import Rows
from persona_assets.warehouse.files import SnapshotFile

_SMALL = ("study", "saes", "roles", "instructions", "questions", "lake_files")
_LOADED = (POOLED, ROLE_FEATURES, ROLE_CONTRASTS, FEATURES, *ATLAS_TABLES, FEATURE_LABELS, *DRIFT_TABLES)
_ORDERED = (POOLED, ROLE_FEATURES)  # in another order than their files have
_MEMORY = "2GB"  # what does not fit spills to the disk: 6 million rows within 1 GB took no longer
_TOTALS = "feature_totals"  # made of the loaded ones
_VIEWS = (RESPONSES, ACTIVATIONS, EVIDENCE, ROLE_MATRIX)
_MACROS = (
    "chosen_sae",
    "known_sae",
    "known_feature",
    "known_role",
    "which_roles",
    "top_features",
    "top_responses",
    "compare_roles",
    "response_features",
    "search_labels",
)
_SQL_TYPES = {
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.string(): "varchar",
}


def build(path: Path, study: Study, small: Mapping[str, Rows], files: Sequence[SnapshotFile]) -> None:
    """Write the database at `path`, checkpointed and closed; `small` holds the small tables' rows."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"set memory_limit = '{_MEMORY}'")
        study.lake.storage.prepare(connection)
        for name in (*_SMALL, *(table.name for table in _LOADED), _TOTALS):
            connection.execute(_with_stride(query(f"tables/{name}")))
        _fill_small_tables(connection, small)
        for table in _LOADED:
            _load(connection, study.lake, table, _of(table, files))
        connection.execute(query(f"load/{_TOTALS}"))
        for table in _VIEWS:
            connection.execute(_view(table, study.lake.root, [file.path for file in _of(table, files)]))
        for name in _MACROS:
            connection.execute(query(f"macros/{name}").replace("{default_sae}", literal(study.default_sae)))
        connection.execute("checkpoint")


def _fill_small_tables(connection: duckdb.DuckDBPyConnection, small: Mapping[str, Rows]) -> None:
    for table, rows in small.items():
        if rows:
            connection.register("incoming", pa.Table.from_pylist(rows))
            connection.execute(f"insert into {table} by name from incoming")
            connection.unregister("incoming")


def _load(connection: duckdb.DuckDBPyConnection, lake: Lake, table: Table, files: Sequence[LakeFile]) -> None:
    if not files:
        return
    with lake.readable(files) as paths:
        connection.execute(_filling(table), {"files": paths})


def _filling(table: Table) -> str:
    if table in _ORDERED:
        return query(f"load/{table.name}").replace("{tile}", str(FEATURE_TILE))
    return query("load/drift" if table in DRIFT_TABLES else "load/across_roles").replace(
        "{table}", table.name
    )


def _view(table: Table, root: str, paths: Sequence[str]) -> str:
    source = _reading(table, root, paths) if paths else _nothing(table)
    return _with_stride(query(f"views/{table.name}")).replace("{files}", source)


def _reading(table: Table, root: str, paths: Sequence[str]) -> str:
    """`read_parquet` of exactly these files, below wherever the lake is when it is asked."""
    return (
        query("views/files")
        .replace("{hive_types}", ", ".join(f"'{key}': 'VARCHAR'" for key in _keys(table)))
        .replace("{paths}", list_literal(paths))
        .replace("{root}", literal(exact_path(root)))  # last: a folder may be called {paths}
    )


def _nothing(table: Table) -> str:
    """An empty relation of the table's columns."""
    columns = [f"null::varchar as {key}" for key in _keys(table)]
    columns += [f"null::{_sql_type(field.type)} as {field.name}" for field in table.schema]
    return f"(select {', '.join(columns)} where false)"


def _keys(table: Table) -> list[str]:
    return [key for key, has in (("sae", table.per_sae), ("role", table.per_role)) if has]


def _sql_type(type_: pa.DataType) -> str:
    if pa.types.is_dictionary(type_):
        return _SQL_TYPES[type_.value_type]
    return f"{_SQL_TYPES[type_.value_type]}[]" if pa.types.is_list(type_) else _SQL_TYPES[type_]


def _of(table: Table, files: Iterable[SnapshotFile]) -> list[LakeFile]:
    return [entry.file for entry in files if entry.table is table]


def _with_stride(sql: str) -> str:
    return sql.replace("{stride}", str(VARIANT_STRIDE))
