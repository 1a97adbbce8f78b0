"""How data is shown in Dagster's pages: column lists and small tables of untrusted text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa

from persona_assets.lake.schema import Table
from persona_assets.study.study import Study

_MARKUP = str.maketrans(
    {"<": "&lt;", ">": "&gt;", "&": "&amp;"} | {mark: f"\\{mark}" for mark in "\\`*_{}[]()#|~!"}
)
_LONGEST_CELL = 120  # characters


def table_metadata(study: Study, table: Table) -> dict[str, Any]:
    """Return what the definition of an asset says of its table: its name, place and columns.

    The name holds the study's: Dagster takes two assets of one table for the same data.
    """
    return {
        "dagster/table_name": f"{study.name}.{table.name}",
        "dagster/uri": study.lake.uri(f"{study.name}/{table.name}"),
        "dagster/column_schema": column_schema(table),
    }


def columns(tables: Iterable[Table]) -> dict[str, dg.MetadataValue]:
    """Return the columns of several tables that lie in one asset."""
    return {
        f"columns of {table.name}": dg.MetadataValue.table_schema(column_schema(table)) for table in tables
    }


def column_schema(table: Table) -> dg.TableSchema:
    """Return the columns of a table of the lake, described as the warehouse describes them."""
    return dg.TableSchema(
        [
            dg.TableColumn(column.name, _type(column.type), description=column.says)
            for column in table.columns
            if not column.made_of
        ]
    )


def _type(type_: pa.DataType) -> str:
    shown = type_.value_type if pa.types.is_dictionary(type_) else type_
    return str(shown).replace("item: ", "")


def preview(header: Sequence[str], rows: Iterable[Sequence[object]]) -> dg.MarkdownMetadataValue:
    """Return a small table, whose cells are kept from being read as Markdown or HTML."""
    lines = [_line(header), "|" + " --- |" * len(header), *(_line(row) for row in rows)]
    return dg.MetadataValue.md("\n".join(lines))


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else " ".join(str(value).split())
    shortened = text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"
    return shortened.translate(_MARKUP)
