"""The project's SQL: every query is a file below `sql/`, its values bound as parameters."""

from __future__ import annotations

from functools import lru_cache

from persona_assets.study import PROJECT


@lru_cache
def query(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (PROJECT / "sql" / f"{name}.sql").read_text(encoding="utf-8")
