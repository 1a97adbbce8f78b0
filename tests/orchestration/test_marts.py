"""Marts as assets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from persona_assets.base.errors import StudyError
from persona_assets.cli.instance import dagster_instance
from persona_assets.cli.run import run_study
from persona_assets.orchestration.adopt import adopt
from persona_assets.orchestration.definitions import study_definitions
from persona_assets.orchestration.keys import key, table_key
from persona_assets.orchestration.marts import check_marts
from persona_assets.study.study import Study
from persona_assets.warehouse import connect
from tests.conftest import StudyMaker
from tests.places import PROJECT
from tests.warehouse.test_marts import write_mart
from tests.warehouse.world import compare, fill, write_catalog

SHIPPED = PROJECT / "persona_assets" / "defs" / "smollm2" / "marts" / "role_of_each_feature.sql"


@pytest.fixture
def filled(make_study: StudyMaker, tmp_path: Path) -> Study:
    study = make_study("small", write_catalog(tmp_path / "catalog"))
    fill(study)
    compare(study)
    write_mart(study, "role_of_each_feature", SHIPPED.read_text())
    return study


def status(study: Study, instance: dg.DagsterInstance, name: str) -> StaleStatus:
    graph = study_definitions(study).resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    return resolver.get_status(key(study, name))


def requested(study: Study, cursor: Any = None) -> Any:
    """Return what automation would launch now, since `cursor`."""
    definitions = study_definitions(study)
    marts = dg.AssetSelection.assets(key(study, "role_of_each_feature"))
    with dagster_instance() as instance:
        return dg.evaluate_automation_conditions(definitions, instance, asset_selection=marts, cursor=cursor)


def test_a_mart_stands_below_the_tables_that_it_reads_and_says_what_it_holds(filled: Study) -> None:
    node = study_definitions(filled).resolve_asset_graph().get(key(filled, "role_of_each_feature"))
    read = ("role_features", "role_contrasts", "preferred_labels")
    assert node.parent_keys == {table_key(filled, table) for table in read}
    assert node.description is not None
    assert node.description.startswith("For each feature the role whose answers show it most reliably")
    asked = requested(filled)
    run_study(filled, None, ["warehouse"], overwrite=False)
    asked = requested(filled, asked.cursor)
    assert asked.total_requested == 1  # the publication has told of tables that it reads
    run_study(filled, None, ["role_of_each_feature"], overwrite=False)
    run_study(filled, None, ["warehouse"], overwrite=False)
    assert requested(filled, asked.cursor).total_requested == 0  # they are as they were
    with dagster_instance() as instance:
        [record] = instance.fetch_materializations(node.key, limit=9).records
        assert status(filled, instance, "role_of_each_feature") == StaleStatus.FRESH
        write_mart(filled, "role_of_each_feature", SHIPPED.read_text() + "-- other")
        assert status(filled, instance, "role_of_each_feature") == StaleStatus.STALE
    assert record.asset_materialization is not None
    told = record.asset_materialization.metadata
    columns = told["dagster/column_schema"].schema.columns
    assert {column.name: column.type for column in columns} == {
        column.name: column.type for column in node.metadata["dagster/column_schema"].columns
    }
    with connect(filled) as connection:
        [(n_rows,)] = connection.execute("select count(*) from role_of_each_feature").fetchall()
        sql = "select count(distinct (sae, feature_id)), count(*) from role_features"
        assert connection.execute(sql).fetchall()[0][0] == n_rows == told["dagster/row_count"].value
        sql = "from role_of_each_feature where feature_id = 11 and sae = 'first'"
        [(_, _, label, role, firing_rate, effect, *_)] = connection.execute(sql).fetchall()
    assert (label, role, firing_rate) == ("the open sea, and voyages over it", "pirate", 1)
    assert effect > 0
    assert "| sae | feature\\_id | label | role |" in told["preview"].value
    assert told["preview"].value.count("\n") == 11


def test_a_mart_made_alone_is_published(filled: Study) -> None:
    run_study(filled, None, ["role_of_each_feature"], overwrite=False)
    with connect(filled) as connection:
        assert connection.execute("select 1 from role_of_each_feature limit 1").fetchall() == [(1,)]


def test_a_mart_that_is_not_right_fails_with_one_line_and_the_others_are_made(
    make_study: StudyMaker,
) -> None:
    study = make_study()
    write_mart(study, "a_wrong_one", "select 1 as x; select 2 as x")
    write_mart(study, "failing", "select role::integer as x from roles")
    write_mart(study, "responses", "select 1 as x")
    write_mart(study, "right_one", "select 1 as x")
    nodes = study_definitions(study).resolve_asset_graph().materializable_asset_keys
    [colliding] = [one.path[-1] for one in nodes if one.path[-1].startswith("responses_")]
    with pytest.raises(StudyError) as failed:
        run_study(
            study, None, ["a_wrong_one", colliding, "failing", "right_one", "warehouse"], overwrite=False
        )
    lines = sorted(str(failed.value).split("; /"), key=lambda line: line.split("/marts/")[1])
    assert len(lines) == 3
    assert "\n" not in str(failed.value)
    assert "a_wrong_one.sql: holds 2 statements" in lines[0]
    assert "failing.sql, line 1: Conversion Error" in lines[1]
    assert "responses.sql: responses is a name of the warehouse already" in lines[2]
    with dagster_instance() as instance:
        [published] = instance.fetch_materializations(key(study, "warehouse"), limit=1).records
        assert published.asset_materialization is not None
        assert "Conversion Error" in published.asset_materialization.metadata["marts that failed"].value
        assert instance.fetch_materializations(key(study, "right_one"), limit=1).records
    with pytest.raises(StudyError, match="holds 2 statements"):
        check_marts(study)


def test_a_new_history_adopts_marts_and_the_tables_that_they_read(
    filled: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_study(filled, None, ["warehouse"], overwrite=False)
    with dg.DagsterInstance.ephemeral() as instance:
        assert adopt(filled, instance)["role_of_each_feature"] == 1
        assert status(filled, instance, "role_of_each_feature") == StaleStatus.FRESH
        assert adopt(filled, instance)["role_of_each_feature"] == 0
