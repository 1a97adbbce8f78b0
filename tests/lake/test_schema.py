from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from persona_assets.lake.schema import ACTIVATIONS, FEATURE_LABELS, NEIGHBORS, TABLES


def test_a_table_is_made_from_values_by_name_in_any_order_and_what_is_not_a_number_is_null() -> None:
    values = {"similarity": np.array([0.5, np.nan]), "rank": [1, 2], "neighbor_id": np.array([7, 8])}
    made = NEIGHBORS.of({**values, "feature_id": [3, 3], "stable": [True, None]})
    assert made.schema == NEIGHBORS.schema
    assert made.to_pylist() == [
        {"feature_id": 3, "rank": 1, "neighbor_id": 7, "similarity": 0.5, "stable": True},
        {"feature_id": 3, "rank": 2, "neighbor_id": 8, "similarity": None, "stable": None},
    ]


@pytest.mark.parametrize("change", [{"rank": None}, {"weight": [1]}])
def test_a_table_refuses_a_column_too_few_or_too_many(change: dict[str, list[int] | None]) -> None:
    values = {"feature_id": [1], "rank": [1], "neighbor_id": [2], "similarity": [0.5], "stable": [True]}
    values |= change
    with pytest.raises(ValueError, match=f"neighbors: .*{next(iter(change))}"):
        NEIGHBORS.of({name: column for name, column in values.items() if column is not None})


def test_columns_that_only_a_view_has_are_not_in_the_files() -> None:
    assert ACTIVATIONS.schema.names == [
        "feature_id", "response_id", "mean", "max", "n_active", "argmax_token",
    ]  # fmt: skip
    assert [*ACTIVATIONS.shown][:5] == ["sae", "role", "feature_id", "response_id", "variant"]
    assert [column.name for column in FEATURE_LABELS.keys] == ["sae"]


@pytest.mark.parametrize("name", TABLES)
def test_no_two_columns_of_a_table_have_one_name(name: str) -> None:
    table = TABLES[name]
    assert len(table.shown) == len(table.keys) + len(table.columns)
    assert all(isinstance(column.type, pa.DataType) for column in table.columns)
