"""A snapshot's tables as they are declared, without data: so is known what a query reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb

from persona_assets.base.queries import query
from persona_assets.lake.schema import MACROS, SHOWN
from persona_assets.lake.schema.definition import declaration


@cache
def declared() -> duckdb.DuckDBPyConnection:
    """Return a database with every table, view and macro of a snapshot, and no row."""
    # All plans, the one before any of it is optimized away first, on every cursor: a SET would hold for one.
    told = {"explain_output": "all", "python_enable_replacements": "false"}
    connection = duckdb.connect(config={"threads": 1, **told})
    connection.execute("; ".join(map(declaration, SHOWN.values())))
    for name in MACROS:
        connection.execute(query(f"macros/{name}").replace("{default_sae}", "''"))
    for setting in ("enable_external_access = false", "lock_configuration = true"):
        connection.execute(f"set {setting}")
    return connection


def tables_read(tables: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """Return what a SELECT reads, through macros, in alphabetical order; `tables` is of `declared`.

    Raises duckdb.Error where it cannot be bound to them.
    """
    [(_, plan), *_] = tables.execute(f"explain (format json) {sql}").fetchall()
    return sorted(set(_read(json.loads(plan))))


def _read(plan: Any) -> Iterator[str]:
    """Yield the tables that a plan, as it is before any of it is optimized away, reads."""
    for node in plan if isinstance(plan, list) else [plan]:
        if "Table" in node["extra_info"]:
            yield node["extra_info"]["Table"].rsplit(".", 1)[-1]
        yield from _read(node["children"])
