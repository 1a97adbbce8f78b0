"""The tables and views of a snapshot as Dagster shows them: external assets below the warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg

from persona_assets.base.queries import query
from persona_assets.lake.fingerprint import fingerprint
from persona_assets.lake.schema import (
    DERIVED,
    FEATURE_LABELS,
    PREFERRED_LABELS,
    SHOWN,
    STANDS_ON,
    TABLES,
    VIEWS,
    Table,
)
from persona_assets.lake.schema.definition import sql_type
from persona_assets.orchestration.keys import key, table_key, tables_group
from persona_assets.orchestration.versions import Landed, knows, materialization
from persona_assets.stages.table import stage_of
from persona_assets.study.study import Study
from persona_assets.warehouse import connect

_ALL = "snapshot"  # stands for all of them


def table_specs(study: Study) -> list[dg.AssetSpec]:
    """Return what Dagster is told of each table and view: its columns, and of which they are copies.

    One asset stands between them and the warehouse, or the page of the study would show a line to each.
    """
    snapshot = dg.AssetSpec(
        table_key(study, _ALL),
        deps=[key(study, "warehouse")],
        description="What was published last: the tables and views below, and the marts made of them.",
        group_name=tables_group(study),
        kinds={"duckdb"},
    )
    return [snapshot, *(_spec(study, name, table) for name, table in SHOWN.items())]


def _spec(study: Study, name: str, table: Table) -> dg.AssetSpec:
    return dg.AssetSpec(
        table_key(study, name),
        deps=[table_key(study, _ALL)],
        description=f"{table.comment}.",
        group_name=tables_group(study),
        kinds={"duckdb", "view" if table in (*VIEWS, *DERIVED) else "table"},
        metadata=_about(study, table),
    )


def table_events(study: Study, instance: dg.DagsterInstance) -> Iterator[dg.AssetMaterialization]:
    """Yield an event for each table of the published snapshot whose content Dagster has not heard of."""
    for name, landed in landed_tables(study).items():
        if not knows(instance, table_key(study, name), landed):
            yield materialization(instance, table_key(study, name), (), landed, None)


def landed_tables(study: Study) -> dict[str, Landed]:
    """Return the rows of each table, and a version that its files decide; first of all together."""
    with connect(study, check=False) as warehouse:
        answer = warehouse.execute(query("snapshot/files")).fetchall()
        paths = {name: of_table for name, of_table, _ in answer}
        rows = dict.fromkeys(TABLES, 0) | {name: n_rows for name, _, n_rows in answer}
        for name in SHOWN.keys() - TABLES.keys():
            [(rows[name],)] = warehouse.execute(f"select count(*) from {name}").fetchall()
    of_tables = {
        name: Landed(
            fingerprint({table: paths.get(table, []) for table in STANDS_ON[name]}),
            {"dagster/row_count": rows[name]},
        )
        for name in SHOWN
    }
    return {_ALL: Landed(fingerprint(paths), {"tables": len(of_tables)}), **of_tables}


def _about(study: Study, table: Table) -> dict[str, Any]:
    columns = [
        dg.TableColumn(name, sql_type(column.type), column.says) for name, column in table.shown.items()
    ]
    about: dict[str, Any] = {
        "dagster/table_name": f"{study.name}.warehouse.{table.name}",
        "dagster/column_schema": dg.TableSchema(columns),
    }
    source = _source(study, table)
    if source is not None:
        there = (
            FEATURE_LABELS if table is PREFERRED_LABELS else table
        )  # whose labels' scores come from elsewhere
        copied = {
            column.name: [dg.TableColumnDep(source, column.name)]
            for column in table.columns
            if column.name in there.shown and not column.made_of
        }
        about["dagster/column_lineage"] = dg.TableColumnLineage(copied)
    return about


def _source(study: Study, table: Table) -> dg.AssetKey | None:
    """Return the asset whose columns the table's are; None where they are not those of one asset."""
    if table is PREFERRED_LABELS:
        return table_key(study, FEATURE_LABELS.name)
    if table.name not in TABLES or stage_of(table).main is not table:
        return None
    stage = stage_of(table)
    if not stage.wanted(study.settings):
        return None
    return key(study.responses_owner if stage.name == "responses" else study, stage.name)
