"""What the SQL console may run: one statement that only reads, and where an error in it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from persona_assets.base.slips import clearly, instead
from persona_assets.explorer.problems import ProblemError

_REFUSED = "only reading is possible here: SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN"

# Table functions that read no files and change nothing. Others may write where configuration locks do not
# reach (enable_profiling, enable_logging), or run a text that nobody has looked at (query).
_TABLE_FUNCTIONS = frozenset(
    {
        "range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree", "query_table",
        "summary", "duckdb_tables", "duckdb_views", "duckdb_columns", "duckdb_functions", "duckdb_types",
        "duckdb_constraints", "duckdb_keywords", "duckdb_settings", "pragma_table_info",
        "pragma_storage_info", "pragma_version", "pragma_database_size",
    }
)  # fmt: skip
_SCALAR_FUNCTIONS_REFUSED = frozenset({"write_log", "getenv", "nextval", "setseed"})


def only_reading(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """The one statement of `sql`. Raises the problem 400 where there are several, or it does more than read;
    DuckDB's own error where it cannot be parsed.
    """
    statements = connection.extract_statements(sql)
    if not statements:
        raise ProblemError(400, "no query given")
    if len(statements) > 1:
        hint = " (PIVOT needs its values: ON column IN (…))" if "pivot" in sql.lower() else ""
        raise ProblemError(400, f"{len(statements)} statements given; ask one at a time{hint}")
    [statement] = statements
    if statement.type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise ProblemError(400, _REFUSED, *place(sql, _first_token(sql)))
    offset = 0
    if statement.type == duckdb.StatementType.EXPLAIN:
        offset = _explained(sql)
    _refuse_functions(connection, sql, offset)
    return statement


def place(sql: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of a byte of `sql`."""
    before = sql.encode()[: max(offset, 0)].decode(errors="ignore")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def complaint(connection: duckdb.DuckDBPyConnection, sql: str, error: duckdb.Error) -> ProblemError:
    """DuckDB's error, its setting `errors_as_json` on, as the problem 400, with a hint where there is one."""
    text = str(error)
    kind, _, body = text.partition(": ")
    try:
        said = json.loads(body)
    except ValueError:
        return ProblemError(400, text.split("\n\nLINE ")[0])
    message = f"{kind}: {clearly(said.get('exception_message', text))}"
    if hint := instead(connection, message):
        message = f"{message}\n{hint}"
    if "position" not in said:
        return ProblemError(400, message)
    offset = int(said["position"])
    if isinstance(error, duckdb.ParserException):  # the parser counts characters, the others bytes
        offset = len(sql[:offset].encode())
    return ProblemError(400, message, *place(sql, offset))


def _first_token(sql: str) -> int:
    return next((offset for offset, _ in duckdb.tokenize(sql)), 0)


def _explained(sql: str) -> int:
    """Return where the statement begins that an EXPLAIN [ANALYZE] is about, in bytes."""
    text = sql.encode()
    for offset, _ in duckdb.tokenize(sql):
        word = text[offset:].split(None, 1)[0].lower()
        if word not in (b"explain", b"analyze"):
            return offset
    return len(text)


def _refuse_functions(connection: duckdb.DuckDBPyConnection, sql: str, offset: int) -> None:
    text = sql.encode()[offset:].decode()
    [(serialized,)] = connection.execute("select json_serialize_sql(?::varchar)", [text]).fetchall()
    tree = json.loads(serialized)
    if tree["error"]:
        raise ProblemError(400, _REFUSED, *place(sql, offset))
    known = _TABLE_FUNCTIONS | _macros(connection)
    for name, is_table, at in _functions(tree):
        if name in _SCALAR_FUNCTIONS_REFUSED or (is_table and name not in known):
            raise ProblemError(
                400, f"{name} is not allowed here: it may do more than read", *place(sql, offset + at)
            )


def _macros(connection: duckdb.DuckDBPyConnection) -> set[str]:
    found = connection.execute(
        "select function_name from duckdb_functions() where database_name = 'warehouse' and not internal"
    )
    return {name for (name,) in found.fetchall()}


def _functions(node: Any) -> Iterator[tuple[str, bool, int]]:
    """Yield every function that a parsed statement calls: its name, whether as a table, and where (bytes)."""
    if isinstance(node, list):
        for item in node:
            yield from _functions(item)
    elif isinstance(node, dict):
        is_table = node.get("type") == "TABLE_FUNCTION"
        called = node["function"] if is_table else node
        if isinstance(called.get("function_name"), str):
            at = called.get("query_location", 0)
            yield called["function_name"].lower(), is_table, at if at < 2**31 else 0
        for item in called["children"] if is_table else node.values():
            yield from _functions(item)
        if is_table:
            yield from _functions([value for key, value in node.items() if key != "function"])
