"""Putting the queries of `sql/explorer/` to a snapshot, each within a time limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from persona_assets.base.duck import interrupted_after
from persona_assets.base.queries import query
from persona_assets.explorer.problems import ProblemError
from persona_assets.explorer.snapshot.numbers import column, rounded

Json = dict[str, Any]


def rows(connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> list[Json]:
    """Return the answer to `sql/explorer/<name>.sql`, one dictionary per row, numbers rounded."""
    return answered_by_rows(connection.execute(query(f"explorer/{name}"), parameters or None))


def columns(connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> dict[str, list[Any]]:
    """Return the answer by columns, numbers rounded: for tables of many rows."""
    return _by_columns(connection.execute(query(f"explorer/{name}"), parameters or None))


def records(connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> list[Json]:
    """Return the answer by rows, as `rows` gives it: faster where there are hundreds."""
    return answered_by_columns(connection.execute(query(f"explorer/{name}"), parameters or None))


def answered_by_rows(cursor: duckdb.DuckDBPyConnection) -> list[Json]:
    """Return what a query that was executed answers, one dictionary per row, numbers rounded."""
    names = [description[0] for description in cursor.description or []]
    return [dict(zip(names, map(rounded, row), strict=True)) for row in cursor.fetchall()]


def answered_by_columns(cursor: duckdb.DuckDBPyConnection) -> list[Json]:
    """Return the same, rounded column by column."""
    found = _by_columns(cursor)
    return [dict(zip(found, row, strict=True)) for row in zip(*found.values(), strict=True)]


def _by_columns(cursor: duckdb.DuckDBPyConnection) -> dict[str, list[Any]]:
    table: pa.Table = cursor.to_arrow_table()
    return {name: column(table[name]) for name in table.column_names}


@contextmanager
def within(seconds: float, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Interrupt `connection` when the time is up. Raises the problem 408 then."""
    try:
        with interrupted_after(seconds, connection):
            yield
    except duckdb.InterruptException as error:
        raise ProblemError(408, f"timed out after {seconds:g} s; add a filter or a LIMIT") from error
