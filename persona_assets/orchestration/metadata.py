"""How data is shown in Dagster's pages: files, column lists and small tables of untrusted text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg
import pyarrow as pa

from persona_assets.lake.lake import Lake
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import TABLES, Table
from persona_assets.stages.table import stage_of
from persona_assets.study.study import Study

Metadata = dict[str, Any]

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


def about_file(lake: Lake, file: LakeFile, rows: int) -> Metadata:
    """Return what is told of a file of the lake."""
    return {
        "dagster/row_count": rows,
        "bytes": file.size,
        "file": dg.MetadataValue.path(lake.uri(file.path)),
        "origin": "imported" if file.imported else "made by this study",
    }


def about_files(lake: Lake, files: Mapping[str, LakeFile]) -> Metadata:
    """Return the rows of tables that land together: Dagster counts those that the stage is shown by."""
    rows = {name: lake.num_rows(file) for name, file in files.items()}
    return {
        "dagster/row_count": rows[stage_of(TABLES[next(iter(files))]).main.name],
        "bytes": sum(file.size for file in files.values()),
        "tables": preview(("table", "rows"), rows.items()),
        **columns(TABLES[name] for name in files),
    }


def under_sae(study: Study, sae: str, metadata: Metadata) -> Metadata:
    """Metadata under the SAE's name; as it is for the study's first, whose keys Dagster knows."""
    return metadata if sae == study.default_sae else {f"{sae}: {name}": v for name, v in metadata.items()}
