"""The project's SQL: every query is a file below `sql/`, its values bound as parameters."""

from __future__ import annotations

import re
from functools import lru_cache

from persona_assets.base.shipped import SHIPPED


@lru_cache
def query(name: str) -> str:
    """Return the text of `sql/<name>.sql`."""
    return (SHIPPED / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def orders(macro: str) -> list[str]:
    """Return the names of what a macro of `sql/macros/` may order its answer by, the default first."""
    [named] = re.findall(r"""no_order\("by", '(.*?)'\)""", query(f"macros/{macro}"))
    return named.split(", ")


@lru_cache
def examples() -> dict[str, str]:
    """Return the questions of `sql/examples/` in the order of their names: name -> text."""
    files = sorted((SHIPPED / "sql" / "examples").glob("*.sql"))
    return {file.stem: file.read_text(encoding="utf-8") for file in files}


def title(question: str) -> str:
    """Return what a question of `sql/examples/` asks, by its text: the first comment."""
    return question.splitlines()[0].removeprefix("--").strip()
