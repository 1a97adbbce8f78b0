"""Types of answers: written out, or made of the columns that the schema declares."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import pyarrow as pa
from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from persona_assets.lake.schema import Column, Table

_TYPES = {pa.bool_(): bool, pa.int32(): int, pa.int64(): int, pa.string(): str}


def closed(**more: bool) -> ConfigDict:
    """Return how an object of just its members is described; `columns`: they are lists of one length."""
    return ConfigDict(extra="forbid", use_attribute_docstrings=True, json_schema_extra=dict(more))


class Answer(TypedDict):
    """An object of just these members; a string below a member says what it is."""

    __pydantic_config__ = closed()  # type: ignore[misc]


def rows_of(name: str, says: str, *tables: Table, also: dict[str, Any] | None = None, **which: Any) -> Any:
    """Return the type of a row: columns of the tables, chosen as by `table_of`, and members `also`."""
    return _made(name, says, _members(tables, **which) | (also or {}))


def table_of(name: str, says: str, *tables: Table, also: dict[str, Any] | None = None, **which: Any) -> Any:
    """Return the type of such rows by column: lists of one length.

    Which columns: `only` these or all but those to `leave`. Where numbers are `unknown`, any may be null.
    """
    members = _members(tables, **which) | (also or {})
    columns = {key: list[kind] for key, kind in members.items()}  # type: ignore[valid-type]
    return _made(name, says, columns, columns=True)


def _members(
    tables: Sequence[Table],
    only: Collection[str] | None = None,
    leave: Collection[str] = (),
    unknown: bool = False,
) -> dict[str, Any]:
    columns = {column.name: column for table in reversed(tables) for column in table.columns}
    chosen = columns.keys() - set(leave) if only is None else set(only)
    return {name: _type(column, unknown) for name, column in columns.items() if name in chosen}


def _type(column: Column, unknown: bool) -> Any:
    kind = str if pa.types.is_dictionary(column.type) else _TYPES.get(column.type, float)
    nullable = column.nullable or (unknown and kind is float)
    return Annotated[kind | None if nullable else kind, Field(description=column.says)]


def _made(name: str, says: str, members: Mapping[str, Any], **more: bool) -> Any:
    make: Any = TypedDict  # of members that are known only now
    made = make(name, dict(members))
    made.__doc__ = says
    made.__pydantic_config__ = closed(**more)
    return made
