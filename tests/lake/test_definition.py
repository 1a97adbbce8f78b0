from __future__ import annotations

import duckdb
import pytest

from persona_assets.lake.schema import (
    ACTIVATIONS,
    DRIFT_FEATURES,
    DRIFT_RUNS,
    ROLE_CONTRASTS,
    ROLE_MATRIX,
    Table,
)
from persona_assets.lake.schema.definition import definition, nothing

SAID = """
select column_name, data_type, is_nullable, comment
from duckdb_columns() where not internal order by column_index
"""


def said(sql: str) -> dict[str, tuple[str, bool, str | None]]:
    with duckdb.connect() as connection:
        connection.execute(sql)
        return {
            name: (kind, null, comment) for name, kind, null, comment in connection.execute(SAID).fetchall()
        }


@pytest.mark.parametrize("table", [ROLE_CONTRASTS, DRIFT_RUNS, DRIFT_FEATURES], ids=lambda table: table.name)
def test_a_table_has_the_columns_and_comments_that_are_declared(table: Table) -> None:
    found = said(definition(table))
    assert [*found] == [*table.shown]
    for name, column in table.shown.items():
        assert found[name][1:] == (column.nullable, column.says), name


def test_types_are_said_in_sql() -> None:
    found = said(definition(DRIFT_RUNS))
    assert found["conversation"][0] == 'STRUCT("role" VARCHAR, "content" VARCHAR)[]'
    assert (found["sensitive"][0], found["n_roles"][0]) == ("BOOLEAN", "INTEGER")
    assert said(definition(ROLE_CONTRASTS))["role"][0] == "VARCHAR"


def test_a_view_of_no_files_has_the_same_columns_and_those_that_are_made_of_others() -> None:
    found = said(definition(ACTIVATIONS, nothing(ACTIVATIONS)))
    assert [*found] == [*ACTIVATIONS.shown]
    assert found["variant"][0] == "INTEGER" and found["mean"] == (
        "FLOAT",
        True,
        ACTIVATIONS.shown["mean"].says,
    )
    assert [*said(definition(ROLE_MATRIX, nothing(ROLE_MATRIX)))] == [
        "sae",
        "feature_id",
        "role",
        "value",
        "raw",
    ]
