"""The database beside a static site, which the reader's browser asks in SQL.

It holds the snapshot's own tables, and of its views and macros those that need no others. What the snapshot
reads from the lake's Parquet files is not in it: DuckDB in a browser reads these by an extension, which the
site would have to fetch from elsewhere.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import UTC
from pathlib import Path

import duckdb

from persona_assets.base.duck import as_os_error, heeding_ctrl_c, identifier, literal, told
from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress, unheard
from persona_assets.base.queries import examples, query
from persona_assets.base.slips import calls
from persona_assets.explorer.model_name import public_name_sql
from persona_assets.explorer.resources.study import examples_of
from persona_assets.explorer.snapshot.asking import Json, rows
from persona_assets.explorer.snapshot.opened import OpenSnapshot
from persona_assets.lake.fingerprint import sha256_of
from persona_assets.lake.schema import BY_ROLE, DERIVED, MACROS
from persona_assets.lake.schema.definition import definition
from persona_assets.warehouse import macro_definition
from persona_assets.warehouse.build import MEMORY

# Read by DuckDB 1.4, the browser's; older layouts take ten times the bytes to tell what tables there are.
_LAYOUT = "storage_version 'v1.4.0', block_size 32768"
# Tables of every role and feature lie by feature, and the two largest once more by role: over the network
# whatever lies between the wanted rows is read with them.
_OF_BOTH = {"sae", "role", "feature_id"}
_BY_FEATURE, _BY_ROLE = "order by sae, feature_id, role", "order by sae, role, feature_id"
# Asked for one feature of a table, DuckDB reads of each row group where it lies. So the two largest are views
# of parts: which features a part has is known beforehand, and the plan keeps the one that is meant. A mart
# stays whole: its rows need not name an SAE and a feature.
_PARTS = "parts"  # their schema
_ROWS_OF_PART = 2_000_000
_OF_ROLES = ("top_features", "compare_roles", "in_first_tokens")  # macros that ask the second
_TWICE_READ = re.compile(rf"\b(from|join) ({'|'.join(BY_ROLE)})\b")
# They tell of the machine that made the snapshot, and of files on it.
_KEPT_BACK = {"study": {"settings", "lake"}, "saes": {"path"}}
# These name a model, which may lie on that machine.
_MODELS = {
    ("drift_runs", "model"),
    ("explanations", "model"),
    ("explanation_scores", "scored_by"),
    ("feature_labels", "model"),
}
# What DuckDB has in a browser only after it has fetched an extension.
_BY_EXTENSION = re.compile(r"\bjson|->>|\bread_\w+\s*\(|\bat time zone\b", re.IGNORECASE)
_COMMENT = re.compile(r"--.*")


def write_database(snapshot: OpenSnapshot, folder: Path, progress: Progress = unheard) -> Json:
    """Write the database of `snapshot` into `folder`; return, by file, what the SQL page reads beside it.

    `progress` hears how many rows are written.

    What does not fit `MEMORY` spills into `folder` meanwhile. Raises StudyError where it is too little,
    or where another snapshot was published.

    The database's name changes with its content: a page does not read on in another file than it began with.
    """
    beside = folder / "warehouse.duckdb"
    with snapshot.cursor() as cursor:
        whole = [entry["name"] for entry in rows(cursor, "schema")]
    with (
        as_os_error(),
        _fitting(),
        closing(_own(snapshot, folder)) as connection,
        heeding_ctrl_c(connection.interrupt) as call,
    ):
        call(_fill, connection, beside, snapshot.study.default_sae, whole, progress)
    shutil.rmtree(folder / ".spill", ignore_errors=True)
    file = beside.rename(folder / f"warehouse-{sha256_of(beside)[:16]}.duckdb")
    with closing(_opened(file)) as connection:
        schema = rows(connection, "schema")
        asked = [name for name, text in examples().items() if _answers(connection, text)]
        macros = calls(connection)
    known = {entry["name"] for entry in schema}
    lacking = [name for name in whole if name not in known]
    return {
        "sql.json": {
            "file": file.name,
            "bytes": file.stat().st_size,
            "lacking": lacking,
            "macros": macros,
        },
        "schema.json": schema,
        "examples.json": examples_of(asked),
    }


def _fill(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    default_sae: str,
    whole: list[str],
    progress: Progress,
) -> None:
    connection.execute(f"attach {literal(str(file))} as site ({_LAYOUT})")
    connection.begin()
    _copy_tables(connection, progress)
    connection.execute("use site")
    _make_views_and_macros(connection, default_sae, whole)
    connection.commit()
    connection.execute("checkpoint site")


@contextmanager
def _fitting() -> Iterator[None]:
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise StudyError(
            f"the site's database cannot be written within {MEMORY} of memory: {told(error)}"
        ) from error


def _own(snapshot: OpenSnapshot, folder: Path) -> duckdb.DuckDBPyConnection:
    """Return a connection of its own to the snapshot: with all threads, and bounded memory."""
    with snapshot.cursor() as cursor:
        [(path,)] = cursor.execute(
            "select path from duckdb_databases() where database_name = 'warehouse'"
        ).fetchall()
    connection = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(folder / ".spill")})
    connection.execute(f"attach {literal(path)} as warehouse (read_only)")
    connection.execute("use warehouse")
    [(published_at,)] = connection.execute("select published_at from study").fetchall()
    if published_at.replace(tzinfo=UTC) != snapshot.published_at:
        connection.close()
        raise StudyError("another snapshot was published meanwhile; run again")
    return connection


def _copy_tables(connection: duckdb.DuckDBPyConnection, progress: Progress) -> None:
    """Copy the snapshot's own tables with the comments of all."""
    tables = connection.execute(query("explorer/site_tables")).fetchall()
    if hidden := {table for table, *_ in tables} & set(BY_ROLE.values()):  # of a snapshot from before
        raise StudyError(
            f"a mart has the name of a table of the site, {min(hidden)}; rename its file and publish again"
        )
    total, done = sum(n_rows * (1 + (table in BY_ROLE)) for table, _, n_rows, _ in tables), 0
    for table, comment, n_rows, columns in tables:
        kept = [column for column in columns if column["name"] not in _KEPT_BACK.get(table, ())]
        of_both = {column["name"] for column in kept} >= _OF_BOTH
        if table in BY_ROLE and n_rows > _ROWS_OF_PART:
            _copy_in_parts(connection, table, comment, n_rows, kept)
        else:
            _copy(connection, table, identifier(table), kept, _BY_FEATURE if of_both else "")
            _comment(connection, "table", table, comment, kept)
        done += n_rows
        progress(done, total)
        if table in BY_ROLE:
            _copy(connection, table, identifier(BY_ROLE[table]), kept, _BY_ROLE)
            said = f"The same rows as {table}, by role: to ask of one role"
            _comment(connection, "table", BY_ROLE[table], said, kept)
            done += n_rows
            progress(done, total)


def _copy_in_parts(
    connection: duckdb.DuckDBPyConnection, table: str, comment: str | None, n_rows: int, columns: list[Json]
) -> None:
    """Copy a table by feature into parts of about `_ROWS_OF_PART` rows, and make the view of all.

    Raises StudyError where the view lacks rows of the table.
    """
    connection.execute(f"create schema if not exists site.{_PARTS}")
    ranges = connection.execute(
        query("explorer/site_parts").replace("of_table", identifier(table)),
        {"n_parts": -(-n_rows // _ROWS_OF_PART)},
    ).fetchall()
    parts = [f"{_PARTS}.{identifier(f'{table}_{number}')}" for number in range(len(ranges))]
    for part, (sae, first, last) in zip(parts, ranges, strict=True):
        where = f"where sae = {literal(sae)} and feature_id between {first} and {last}"
        _copy(connection, table, part, columns, f"{where} {_BY_FEATURE}")
    connection.execute("use site")  # a database is attached under another name where it is asked
    connection.execute(f"create view {identifier(table)} as from {' union all from '.join(parts)}")
    connection.execute("use warehouse")
    counted = "select (select count(*) from site.{0}), (select count(*) from warehouse.{0})"
    [(found, wanted)] = connection.execute(counted.format(identifier(table))).fetchall()
    if found != wanted:
        raise StudyError(
            f"the site's {table} has {found} of the snapshot's {wanted} rows; please report this"
        )
    _comment(connection, "view", table, comment, columns)


def _copy(connection: duckdb.DuckDBPyConnection, table: str, to: str, columns: list[Json], rest: str) -> None:
    selected = ", ".join(f"{_value(table, one)} as {identifier(one['name'])}" for one in columns)
    connection.execute(
        f"create table site.{to} as select {selected} from warehouse.{identifier(table)} {rest}"
    )


def _comment(
    connection: duckdb.DuckDBPyConnection, kind: str, name: str, comment: str | None, columns: list[Json]
) -> None:
    target = f"site.{identifier(name)}"
    said = [(f"{kind} {target}", comment)]
    said += [(f"column {target}.{identifier(one['name'])}", one["comment"]) for one in columns]
    for what, text in said:
        if text is not None:
            connection.execute(f"comment on {what} is {literal(text)}")


def _value(table: str, column: Json) -> str:
    name = identifier(column["name"])
    if (table, column["name"]) in _MODELS:
        return public_name_sql(name)
    return f"{name}::varchar" if column["type"] == "JSON" else name


def _make_views_and_macros(
    connection: duckdb.DuckDBPyConnection, default_sae: str, whole: Collection[str]
) -> None:
    """Make those that need neither an extension nor what the database does not hold."""
    own = {
        name
        for (name,) in connection.execute(
            "select table_name from information_schema.tables "
            "where table_catalog = 'site' and table_schema = 'main'"
        ).fetchall()
    }
    lacking = set(whole) - own - {table.name for table in DERIVED} - set(MACROS)
    made = {table.name: definition(table, query(f"views/{table.name}")) for table in DERIVED}
    made |= {name: macro_definition(name, default_sae) for name in MACROS}
    made |= {
        name: _TWICE_READ.sub(lambda read: f"{read[1]} {BY_ROLE[read[2]]}", made[name]) for name in _OF_ROLES
    }
    for name, text in made.items():
        if _needs(text, lacking):
            lacking.add(name)
        else:
            connection.execute(text)


def _needs(sql: str, names: Collection[str]) -> bool:
    """Return whether `sql` reads a table, view or macro of one of these names, or needs an extension."""
    text = _COMMENT.sub("", sql)
    read = re.findall(r"\b(?:from|join)\s+(\w+)", text, re.IGNORECASE)
    return not set(names).isdisjoint(read) or _BY_EXTENSION.search(text) is not None


def _opened(file: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(f"attach {literal(str(file))} as warehouse (read_only)")
    connection.execute("use warehouse")
    return connection


def _answers(connection: duckdb.DuckDBPyConnection, example: str) -> bool:
    """Return whether the example can be asked of this database, in a browser."""
    if _needs(example, ()):
        return False
    try:
        connection.execute(f"explain {example}")
    except duckdb.CatalogException:
        return False
    return True
