"""The published snapshot as a resource of Dagster."""

from typing import Any

import dagster as dg
import duckdb
import pytest
from dagster_duckdb import DuckDBResource

from persona_assets.base.errors import StudyError
from persona_assets.orchestration.definitions import study_definitions
from persona_assets.orchestration.resource import WarehouseResource, warehouse_check, warehouse_resource
from persona_assets.study.study import Study
from persona_assets.warehouse import publish, warehouse_path
from tests.conftest import StudyMaker
from tests.places import PROJECT

DOCS = PROJECT / "docs" / "extending.md"


def run_with(study: Study, *assets: dg.AssetsDefinition) -> dg.ExecuteInProcessResult:
    """Materialize users' assets beside the study's definitions."""
    definitions = dg.Definitions.merge(study_definitions(study), dg.Definitions(assets=assets))
    job = definitions.resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.ephemeral() as instance:
        keys = [asset.key for asset in assets]
        return job.execute_in_process(instance=instance, asset_selection=keys, raise_on_error=False)


def test_a_users_asset_asks_the_snapshot_by_the_studys_name(make_study: StudyMaker) -> None:
    study = make_study("a-study")

    @dg.asset
    def users(a_study_warehouse: DuckDBResource) -> list[str]:
        with a_study_warehouse.get_connection() as connection:
            connection.execute("from responses").fetchall()  # a view of the lake's files
            with pytest.raises(duckdb.Error, match="read-only"):
                connection.execute("create table mine as select 1")
            return [role for (role,) in connection.execute("select role from roles order by role").fetchall()]

    assert not warehouse_path(study).exists()
    assert not run_with(study, users).success  # the definitions load, though nothing is published yet
    publish(study)
    assert run_with(study, users).output_for_node("users") == ["default", "ghost", "pirate"]


def test_the_asset_of_the_page_on_extending_does_what_the_page_says(make_study: StudyMaker) -> None:
    study = make_study("smollm2")
    section = DOCS.read_text().split("## An asset that asks the snapshot\n")[1]
    code = section.split("```python\n")[1].split("```")[0]
    written: dict[str, Any] = {}
    exec(code, written)
    publish(study)
    [made] = run_with(study, written["roles_done"]).asset_materializations_for_node("roles_done")
    assert (made.metadata["fresh"].value, made.metadata["roles"].value) == (0, 3)


def test_other_settings_reach_the_connection_and_writing_is_refused(study: Study) -> None:
    publish(study)
    about = warehouse_resource(study).model_dump() | {"connection_config": {"threads": 1}}
    with WarehouseResource(**about).get_connection() as connection:
        assert connection.execute("select current_setting('threads')").fetchall() == [(1,)]
    writing = WarehouseResource(**(about | {"connection_config": {"access_mode": "READ_WRITE"}}))
    with pytest.raises(StudyError, match="only read"), writing.get_connection():
        pass


def test_a_table_with_other_rows_than_its_files_fails_the_check(study: Study) -> None:
    publish(study)
    evaluate = warehouse_check(study)
    resource = {"small_warehouse": warehouse_resource(study)}
    with dg.build_op_context(resources=resource) as context:
        assert evaluate(context).passed
    with duckdb.connect(str(warehouse_path(study))) as writable:
        writable.execute(
            "insert into lake_files values ('responses', null, null, 'no.parquet', '0', 7, 1, now())"
        )
    with dg.build_op_context(resources=resource) as context:
        result = evaluate(context)
    assert not result.passed
    assert result.description == "responses has 0 rows, its files have 7"
