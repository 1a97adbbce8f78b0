"""An answer without rows says which of the tables that were asked have none, and why."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from persona_assets.base.queries import examples, query
from persona_assets.lake.schema import DERIVED, SHOWN, STANDS_ON, TABLES
from persona_assets.stages.declared import declared, tables_read
from persona_assets.stages.table import STAGES, setting_of
from persona_assets.study.study import Study
from persona_assets.warehouse import connect
from persona_assets.warehouse.empty import empty_tables, why_empty
from tests.warehouse.world import World

NO_JUDGE = "judgements has no rows: this study has no `judge:`"


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("from judgements", NO_JUDGE),
        ("select * from judgements join responses using (role, response_id)", NO_JUDGE),
        ("from role_adherence;", "role_adherence has no rows: this study has no `judge:`"),
        (
            "-- of turns\nfrom drift_turns",
            "drift_turns has no rows: no conversation was scored; `persona drift small FILE` does it",
        ),
        (
            "from in_first_tokens('pirate')",
            "first_contrasts has no rows: this study has no `extraction.first_tokens:`",
        ),
        ("from responses where role = 'nobody'", None),
        ("select 1 where false", None),
        ("from responses where role = $role", None),
        ("describe judgements", None),
        ("pivot judgements on judge using count(*) group by role", None),
    ],
)
def test_what_is_empty_is_named_with_its_reason(published: World, sql: str, said: str | None) -> None:
    with connect(published.study) as connection:
        assert why_empty(published.study, empty_tables(connection, sql)) == said


def test_a_view_of_several_tables_has_the_reason_of_one_that_the_study_makes(unfilled: Study) -> None:
    told = "the stage statistics gave none; `persona status small` says whether it was run"
    assert why_empty(unfilled, ["contrasts_by_answers"]) == f"contrasts_by_answers has no rows: {told}"


def test_a_table_that_the_snapshot_does_not_give_is_not_called_empty(tmp_path: Path) -> None:
    gone = tmp_path / "responses.parquet"
    with duckdb.connect() as older:
        older.execute(f"create table judgements (role varchar); copy judgements to '{gone}'")
        older.execute(f"create view responses as from read_parquet('{gone}')")
        gone.unlink()
        asked = "select 1 from judgements, responses, role_adherence where false"
        assert empty_tables(older, asked) == ["judgements"]


def test_what_a_view_stands_on_is_what_its_sql_reads() -> None:
    with declared().cursor() as tables:
        for view in DERIVED:
            read = tables_read(tables, f"from {query(f'views/{view.name}')}")
            assert set(read) & TABLES.keys() == set(STANDS_ON[view.name])


def test_an_example_without_rows_says_why_unless_every_table_that_it_asks_has_some(published: World) -> None:
    with connect(published.study) as connection:
        empty = {
            name: why_empty(published.study, empty_tables(connection, sql))
            for name, sql in examples().items()
            if connection.execute(sql).fetchone() is None
        }
    untold = {name for name, reason in empty.items() if reason is None}
    nothing_to_tell = {"more_often_per_token", "what_a_role_avoids", "what_is_still_missing"}
    assert (
        untold == nothing_to_tell
    )  # no rate differs surely, no feature is sure to be less, nothing is missing
    assert len(empty) > 10


def test_every_setting_that_decides_is_one_of_a_study(published: World) -> None:
    for stage in STAGES:
        assert stage.wanted(published.study.settings) in (True, False)
    assert {setting_of(TABLES[name]) for name in SHOWN if name in TABLES} > {None, "judge", "contrasts"}
