"""Tables and views in SQL, made of what the schema says of their columns."""

from __future__ import annotations

import pyarrow as pa

from persona_assets.base.duck import literal
from persona_assets.lake.schema import Column, Table

_TYPES = {
    pa.bool_(): "boolean",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.float16(): "float",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.string(): "varchar",
    pa.timestamp("us"): "timestamp",
    pa.json_(): "json",
}


def definition(table: Table, source: str | None = None) -> str:
    """Return the SQL that makes the table with its comments, or a view of the relation `source`.

    A view's columns are named in full: a bare one would be taken for a macro's parameter of that name.
    """
    kind = "table" if source is None else "view"
    if source is None:
        made = f"create table {table.name} ({', '.join(map(_column, table.shown.values()))})"
    else:
        columns = ", ".join(
            f"{column.made_of or f'f.{name}'} as {name}" for name, column in table.shown.items()
        )
        made = f"create view {table.name} as select {columns} from {source} as f"
    comments = [f"comment on {kind} {table.name} is {literal(table.comment)}"]
    comments += [
        f"comment on column {table.name}.{name} is {literal(column.says)}"
        for name, column in table.shown.items()
        if column.says
    ]
    return ";\n".join([made, *comments])


def declaration(table: Table) -> str:
    """Return the SQL of a table with the columns of this table or view, and nothing else of it."""
    columns = [f"{name} {sql_type(column.type)}" for name, column in table.shown.items()]
    return f"create table {table.name} ({', '.join(columns)})"


def nothing(table: Table) -> str:
    """Return an empty relation of the columns that the table's files have."""
    columns = [
        f"null::{sql_type(column.type)} as {column.name}"
        for column in table.shown.values()
        if not column.made_of
    ]
    return f"(select {', '.join(columns)} where false)"


def sql_type(type_: pa.DataType) -> str:
    """Return the type in SQL, such as `struct("role" varchar, cosine double)[]`."""
    if pa.types.is_dictionary(type_):
        return sql_type(type_.value_type)
    if pa.types.is_list(type_):
        return f"{sql_type(type_.value_type)}[]"
    if pa.types.is_struct(type_):
        fields = [f'"{field.name}" {sql_type(field.type)}' for field in type_]
        return f"struct({', '.join(fields)})"
    return _TYPES[type_]


def _column(column: Column) -> str:
    return " ".join(
        [
            column.name,
            sql_type(column.type),
            *([f"generated always as ({column.made_of.replace('f.', '')})"] if column.made_of else []),
            *([] if column.nullable else ["not null"]),
            *([] if column.packed else ["using compression uncompressed"]),
        ]
    )
