"""The tables and views of a snapshot in Dagster's asset graph."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from persona_assets.cli.instance import dagster_instance
from persona_assets.cli.run import run_study
from persona_assets.lake.schema import SHOWN
from persona_assets.orchestration.definitions import study_definitions
from persona_assets.orchestration.keys import key, table_key
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish
from tests.conftest import StudyMaker
from tests.warehouse.world import fill, write_catalog

COLUMNS = """
select column_name, replace(lower(data_type), '"', ''), comment from duckdb_columns()
where database_name = 'warehouse' and table_name = ? order by column_index
"""


def told(instance: dg.DagsterInstance, study: Study, table: str) -> list[int]:
    """The row counts that Dagster was told of a table, the newest first."""
    records = instance.fetch_materializations(table_key(study, table), limit=9).records
    found = [record.asset_materialization for record in records]
    return [one.metadata["dagster/row_count"].value for one in found if one is not None]


def test_every_table_and_view_stands_in_the_graph_with_the_columns_that_the_database_has(
    study: Study,
) -> None:
    graph = study_definitions(study).resolve_asset_graph()
    assert graph.get(table_key(study, "snapshot")).parent_keys == {key(study, "warehouse")}
    publish(study)
    with connect(study) as warehouse:
        answer = warehouse.execute("select name from (show all tables) where database = 'warehouse'")
        assert {name for (name,) in answer.fetchall()} == SHOWN.keys()
        for name, table in SHOWN.items():
            node = graph.get(table_key(study, name))
            columns = node.metadata["dagster/column_schema"].columns
            found = [
                (column.name, column.type.lower().replace('"', ""), column.description) for column in columns
            ]
            held = warehouse.execute(COLUMNS, [name]).fetchall()
            assert found == [(one, kind.replace('"', ""), says) for one, kind, says in held]
            assert node.parent_keys == {table_key(study, "snapshot")}
            assert node.is_external
            assert node.description == f"{table.comment}."
            assert node.metadata["dagster/table_name"] == f"small.warehouse.{name}"


def test_a_column_that_is_a_copy_names_a_column_that_is_there(study: Study) -> None:
    graph = study_definitions(study).resolve_asset_graph()
    lineages = {
        name: node.metadata["dagster/column_lineage"].deps_by_column
        for name in SHOWN
        if "dagster/column_lineage" in (node := graph.get(table_key(study, name))).metadata
    }
    assert {"responses", "role_contrasts", "atlas", "drift_turns", "preferred_labels"} <= lineages.keys()
    assert "variant" not in lineages["activations"]  # no file has it
    for of_table in lineages.values():
        for [source] in of_table.values():
            schema = graph.get(source.asset_key).metadata["dagster/column_schema"]
            assert source.column_name in {column.name for column in schema.columns}


def test_a_publication_tells_of_the_tables_that_have_other_content(
    make_study: StudyMaker, tmp_path: Path
) -> None:
    unfilled = make_study("small", write_catalog(tmp_path / "catalog"))
    run_study(unfilled, None, ["warehouse"], overwrite=False)
    fill(unfilled, ("1984",))
    run_study(unfilled, None, ["warehouse"], overwrite=False)
    with dagster_instance() as instance:
        assert told(instance, unfilled, "atlas") == [0]  # once: it is as it was
        assert told(instance, unfilled, "responses") == [9, 0]
        assert told(instance, unfilled, "roles") == [4, 4]
        assert len(told(instance, unfilled, "feature_totals")) == 2
