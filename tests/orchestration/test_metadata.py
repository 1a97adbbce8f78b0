from __future__ import annotations

from persona_assets.lake.schema import DRIFT_TURNS, RESPONSES, ROLE_CONTRASTS, ROLE_MATRIX, TABLES
from persona_assets.orchestration.metadata import column_schema, preview, table_metadata
from persona_assets.study.study import Study
from persona_assets.warehouse import connect, publish


def test_text_in_a_preview_cannot_become_markup() -> None:
    hostile = "<script>alert(1)</script> | [link](javascript:x)\n![image](y) *bold*"
    table = preview(("text",), [(hostile,)]).value
    assert "<script>" not in table
    assert table.count("\n") == 2
    assert "\\| \\[link\\]\\(javascript:x\\) \\!\\[image\\]" in table


def test_a_long_cell_is_cut_before_it_is_escaped() -> None:
    cell = preview(("text",), [("&" * 200,)]).value.splitlines()[-1]
    assert cell == f"| {'&amp;' * 119}… |"


def test_the_column_list_names_every_column_and_its_type() -> None:
    columns = {column.name: column.type for column in column_schema(RESPONSES).columns}
    assert columns["response_token_ids"] == "list<int32>"
    assert list(columns) == RESPONSES.schema.names
    assert {column.name: column.type for column in column_schema(ROLE_MATRIX).columns}["role"] == "string"


def test_columns_are_described_as_the_warehouse_describes_them(study: Study) -> None:
    publish(study)
    comments = (
        "select column_name, comment from duckdb_columns() where table_name = ? and comment is not null"
    )
    with connect(study) as warehouse:
        for table in (RESPONSES, ROLE_CONTRASTS, DRIFT_TURNS, ROLE_MATRIX):
            says = dict(warehouse.execute(comments, [table.name]).fetchall())
            shown = {column.name: column.description for column in column_schema(table).columns}
            assert {name: said for name, said in shown.items() if said} == {
                name: said for name, said in says.items() if name in shown
            }
            assert any(shown.values())


def test_the_table_of_a_study_has_a_name_and_place_of_its_own(study: Study) -> None:
    for table in TABLES.values():
        about = table_metadata(study, table)
        assert about["dagster/table_name"] == f"small.{table.name}"
        assert about["dagster/uri"] == f"{study.lake.root}/small/{table.name}"
