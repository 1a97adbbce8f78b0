"""One query of `sql/explorer/` asked of many features at once: to plan it takes longer than to answer it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from persona_assets.base.queries import query
from persona_assets.explorer.snapshot.asking import Json, answered_by_columns, answered_by_rows

_COMMENT = re.compile(r"--.*")
# What stands at the left margin is the query's own, and not a subquery's.
_FROM = re.compile(r"^from\b", re.MULTILINE)
_ORDER = re.compile(r"^order by\b(?P<by>.*?)(?=^limit\b|\Z)", re.MULTILINE | re.DOTALL)


def together(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    each: Mapping[str, Sequence[Any]],
    by_columns: bool = False,
    **same: Any,
) -> list[list[Json]]:
    """Return the rows of `sql/explorer/<name>.sql`, one list per place of the lists in `each`.

    `each` holds the parameters that differ, as many values of one as of another; `same` those that do not.
    Rows are as `asking.rows` gives them, in the query's order; `by_columns` is faster where there are dozens
    each, of numbers and texts alone.
    """
    lists = {f"each_{key}": list(values) for key, values in each.items()}
    answered = answered_by_columns if by_columns else answered_by_rows
    found: list[list[Json]] = [[] for _ in next(iter(lists.values()))]
    for row in answered(connection.execute(_of_many(query(f"explorer/{name}"), each), lists | same)):
        place = row.pop("asked_place")
        del row["asked_order"]
        found[place].append(row)
    return found


def _of_many(text: str, each: Mapping[str, Any]) -> str:
    """Return the query with the parameters in `each` as columns: it is joined to their values."""
    text = _COMMENT.sub("", text).strip().rstrip(";")
    *_, start = _FROM.finditer(text)
    by = _ORDER.search(text, start.end())
    order = f", row_number() over (order by {by['by']}) as asked_order\n" if by else ", 1 as asked_order\n"
    text = text[: start.start()] + order + text[start.start() :]
    for key in each:
        text = re.sub(rf"\${key}\b", f"asked_of.{key}", text)
    first, *_ = each
    values = ", ".join(f"unnest($each_{key}) as {key}" for key in each)
    return (
        f"select asked_of.asked_place, answered.* from (select {values}, "
        f"unnest(range(len($each_{first}))) as asked_place) as asked_of, lateral ({text}) as answered "
        "order by asked_of.asked_place, answered.asked_order"
    )
