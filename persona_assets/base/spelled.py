"""Answers in which DuckDB itself writes the values that Python lacks, or has other words for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb

AS_TEXT = "#{place}::varchar"

# Days and moments, as ISO 8601 has them: Python knows no infinity, no year 10,000 and no nanoseconds.
IN_ISO = dict.fromkeys(("DATE", "TIME_NS"), AS_TEXT) | dict.fromkeys(
    ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), f"replace({AS_TEXT}, ' ', 'T')"
)


@dataclass(frozen=True)
class Spelled:
    """An answer some of whose columns DuckDB writes as text; `description` holds their own types."""

    rows: duckdb.DuckDBPyRelation
    description: list[tuple[str, str]]

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        """Return the next rows."""
        return self.rows.fetchmany(size)


def spelled(
    connection: duckdb.DuckDBPyConnection,
    statement: duckdb.Statement,
    spelling: Callable[[str], str | None],
) -> Spelled | duckdb.DuckDBPyConnection:
    """Return the answer to `statement`, columns as text of whose types `spelling` returns an expression.

    The expression names the column as `#{place}`. Raises duckdb.Error as executing the statement does.
    """
    try:
        asked = connection.sql(statement) if statement.type == duckdb.StatementType.SELECT else None
    except duckdb.Error:  # told better when it is executed
        asked = None
    kinds = [] if asked is None else list(map(str, asked.types))
    columns = [spelling(kind) for kind in kinds]
    if asked is None or not any(columns):
        return connection.execute(statement)
    shown = [(column or "#{place}").format(place=place) for place, column in enumerate(columns, 1)]
    return Spelled(asked.project(", ".join(shown)), list(zip(asked.columns, kinds, strict=True)))
