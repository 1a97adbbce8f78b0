"""A person's statement executed: values in DuckDB's own words, and what it refuses in plain ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from persona_assets.base.duck import told
from persona_assets.base.errors import StudyError
from persona_assets.base.queries import query
from persona_assets.base.slips import clearly, instead
from persona_assets.base.spelled import AS_TEXT, IN_ISO, Spelled, spelled

# What Python lacks, or writes in its own words: as DuckDB's shell shows it, but moments in JSON by ISO 8601.
_SPELLED_IN_JSON = IN_ISO | dict.fromkeys(("INTERVAL", "BLOB"), AS_TEXT)
_SPELLED = dict.fromkeys(_SPELLED_IN_JSON, AS_TEXT)
_READ_ONLY = "attached in read-only mode"  # as DuckDB says it
_CHANGES = (
    duckdb.StatementType.INSERT,
    duckdb.StatementType.UPDATE,
    duckdb.StatementType.DELETE,
    duckdb.StatementType.MERGE_INTO,
    duckdb.StatementType.DROP,
    duckdb.StatementType.ALTER,
)


def executed(
    connection: duckdb.DuckDBPyConnection,
    statement: duckdb.Statement,
    parameters: Mapping[str, Any] | None,
    output: str,
) -> Spelled | duckdb.DuckDBPyConnection:
    """Return the answer to a statement; of one without parameters DuckDB writes what Python cannot."""
    if parameters:
        return connection.execute(statement, parameters)
    return spelled(connection, statement, (_SPELLED_IN_JSON if output == "json" else _SPELLED).get)


def refused(
    connection: duckdb.DuckDBPyConnection, error: duckdb.Error, statement: duckdb.Statement | None = None
) -> StudyError:
    """Return what DuckDB says of a query, and below it what was meant, where the snapshot tells.

    Of a `statement` that would change the snapshot, one line, even where what it names is not there.
    """
    if statement is not None and _would_change(connection, statement, error):
        kind = statement.type.name.partition("_")[0]
        return StudyError(
            f"the snapshot is read-only, so it takes no {kind}; ask with SELECT or FROM, and keep a table of "
            "your own with CREATE TEMP TABLE in the prompt (`persona sql STUDY`)"
        )
    hint = instead(connection, str(error))
    said = clearly(told(error))
    return StudyError(f"{said}\n{hint}" if hint else said)


def _would_change(
    connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement, error: duckdb.Error
) -> bool:
    """Return whether a statement that failed is no question: where nobody made a table, none can succeed."""
    if _READ_ONLY in str(error):
        return True
    if statement.type not in _CHANGES:
        return False
    try:
        return not connection.execute(query("cli/tables_of_ones_own")).fetchall()
    except duckdb.Error:  # in a transaction that failed
        return False
