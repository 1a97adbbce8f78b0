"""Why an answer may be empty: tables that were asked and have no row."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from persona_assets.lake.schema import SHOWN, STANDS_ON, TABLES
from persona_assets.stages.declared import declared, tables_read
from persona_assets.stages.stage import has
from persona_assets.stages.table import setting_of, stage_of
from persona_assets.study.study import Study


def empty_tables(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """Return those of the snapshot's tables that the query reads, through macros too, and that have no row.

    None of a query that cannot be read without its parameters, or not in one piece (PIVOT), and no table that
    this snapshot, which may be an older one that was kept, does not give.
    """
    with declared().cursor() as tables:
        try:
            read = set(tables_read(tables, sql)) & SHOWN.keys()
        except (duckdb.Error, ValueError):
            return []
    return [name for name in SHOWN if name in read and _is_empty(connection, name)]


def _is_empty(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Return whether the table was read and has no row."""
    try:
        return connection.execute(f"from {name} limit 1").fetchone() is None
    except duckdb.Error:
        return False


def why_empty(study: Study, empty: Sequence[str]) -> str | None:
    """Return in one line why these tables have no row; None where there are none."""
    reasons: dict[str, list[str]] = {}
    for name in empty:
        reasons.setdefault(_reason(study, name), []).append(name)
    told = [
        f"{' and '.join(names)} {'has' if len(names) == 1 else 'have'} no rows: {reason}"
        for reason, names in reasons.items()
    ]
    return "; ".join(told) or None


def _reason(study: Study, name: str) -> str:
    """Return why, by the first of the tables that it stands on that the study makes, or else by the first."""
    of = [TABLES[one] for one in STANDS_ON[name] if one in TABLES]
    if not of:
        return "nothing of it is published"
    made = next((table for table in of if has(study.settings, setting_of(table))), None)
    if made is None:
        setting = str(setting_of(of[0]))
        return f"this study has no `{setting}{'' if ': ' in setting else ':'}`"
    stage = stage_of(made)
    if stage.per == "conversation":
        return f"no conversation was scored; `persona drift {study.name} FILE` does it"
    return f"the stage {stage.name} gave none; `persona status {study.name}` says whether it was run"
