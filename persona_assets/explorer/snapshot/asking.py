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
    cursor = connection.execute(query(f"explorer/{name}"), parameters or None)
    names = [description[0] for description in cursor.description or []]
    return [dict(zip(names, map(rounded, row), strict=True)) for row in cursor.fetchall()]


def row(connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> Json | None:
    """Return the only row of an answer; None where it has none."""
    found = rows(connection, name, **parameters)
    return found[0] if found else None


def columns(connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> dict[str, list[Any]]:
    """Return the answer by columns, numbers rounded: for tables of many rows."""
    table: pa.Table = connection.execute(query(f"explorer/{name}"), parameters or None).to_arrow_table()
    return {name: column(table[name]) for name in table.column_names}


@contextmanager
def within(seconds: float, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Interrupt `connection` when the time is up. Raises the problem 408 then."""
    try:
        with interrupted_after(seconds, connection):
            yield
    except duckdb.InterruptException as error:
        raise ProblemError(408, f"timed out after {seconds:g} s; add a filter or a LIMIT") from error
