"""How data is shown in Dagster's pages: column lists and small tables of untrusted text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import dagster as dg

from persona_assets.schema import Table

_MARKUP = str.maketrans(
    {"<": "&lt;", ">": "&gt;", "&": "&amp;"} | {mark: f"\\{mark}" for mark in "\\`*_{}[]()#|~!"}
)
_LONGEST_CELL = 120  # characters


def column_schema(table: Table) -> dg.TableSchema:
    """The columns of a table of the lake."""
    return dg.TableSchema(
        [dg.TableColumn(field.name, str(field.type).replace("item: ", "")) for field in table.schema]
    )


def preview(header: Sequence[str], rows: Iterable[Sequence[object]]) -> dg.MarkdownMetadataValue:
    """A small table, whose cells are kept from being read as Markdown or HTML."""
    lines = [_line(header), "|" + " --- |" * len(header), *(_line(row) for row in rows)]
    return dg.MetadataValue.md("\n".join(lines))


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(value: object) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else " ".join(str(value).split())
    shortened = text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"
    return shortened.translate(_MARKUP)
