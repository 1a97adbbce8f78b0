"""What a label is worth stands wherever the label stands."""

from __future__ import annotations

import duckdb
import pytest

from tests.warehouse.world import LABELS, OF_PIRATE_ALONE, rows

SURE = "detection 0.90 (0.78 to 0.96)"
DOUBTFUL = "not better than chance: detection 0.53 (0.37 to 0.67)"


def test_the_preferred_label_stands_with_the_score_of_the_first_scorer(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(warehouse, "from preferred_labels where sae = 'first' order by feature_id")
    by_feature = {row["feature_id"]: row for row in found}
    assert set(by_feature) == {feature for feature, _ in LABELS}
    assert by_feature[OF_PIRATE_ALONE]["label_worth"] == SURE
    assert by_feature[OF_PIRATE_ALONE]["label_score"] == 0.9
    assert by_feature[2]["label_worth"] == DOUBTFUL and by_feature[2]["label_q"] == 0.6
    assert {by_feature[feature]["label_worth"] for feature in (3, 7)} == {None}
    of_fuzzing = rows(warehouse, "from explanation_scores where scorer = 'fuzzing' and sae = 'first'")
    assert [row["worth"] for row in of_fuzzing] == ["not better than chance: fuzzing 0.60 (0.44 to 0.74)"]


@pytest.mark.parametrize(
    ("asked", "worth"),
    [
        (f"from top_features('pirate') where feature_id = {OF_PIRATE_ALONE}", SURE),
        ("from top_features('pirate') where feature_id = 2", DOUBTFUL),
        ("from top_features('pirate') where feature_id = 3", None),
        (f"from search_labels('open sea') where feature_id = {OF_PIRATE_ALONE}", SURE),
        (f"from search_labels('ships') where feature_id = {OF_PIRATE_ALONE}", None),
        ("from search_labels('sea') where feature_id = 2", DOUBTFUL),
    ],
)
def test_macros_tell_it_beside_the_label(
    warehouse: duckdb.DuckDBPyConnection, asked: str, worth: str | None
) -> None:
    assert {row["label_worth"] for row in rows(warehouse, asked)} == {worth}


def test_an_example_lists_the_labels_that_foretell_most_surely(warehouse: duckdb.DuckDBPyConnection) -> None:
    from persona_assets.base.queries import examples

    found = rows(warehouse, examples()["which_labels_foretell_their_feature"])
    assert (found[0]["feature_id"], found[0]["worth"]) == (OF_PIRATE_ALONE, SURE)
    assert {row["feature_id"] for row in found} == {OF_PIRATE_ALONE, 2}
