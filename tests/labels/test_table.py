from __future__ import annotations

from typing import Any

import pytest

from persona_assets.base.errors import StudyError
from persona_assets.labels.table import Label, feature_number, labels_table
from persona_assets.lake.schema import FEATURE_LABELS


def test_every_candidate_is_kept_and_ranked_in_the_order_it_came() -> None:
    table = labels_table(
        [
            Label(7, "ships", "cache", url="https://example.org/7"),
            Label(3, "sails", "api", "gpt"),
            Label(7, "boats", "api", "gpt"),
            Label(7, "anchors", "export", "claude"),
        ]
    )
    assert table.schema == FEATURE_LABELS.schema
    rows = [(row["feature_id"], row["rank"], row["description"]) for row in table.to_pylist()]
    assert rows == [(3, 0, "sails"), (7, 0, "ships"), (7, 1, "boats"), (7, 2, "anchors")]


def test_the_same_words_of_the_same_model_count_once_and_of_another_again() -> None:
    labels = [
        Label(1, "ships", "api", "gpt"),
        Label(1, "boats", "api", "gpt"),
        Label(1, "ships", "export", "gpt"),
        Label(1, "ships", "export", "claude"),
    ]
    kept = [(row["description"], row["source"], row["model"]) for row in labels_table(labels).to_pylist()]
    assert kept == [("ships", "api", "gpt"), ("boats", "api", "gpt"), ("ships", "export", "claude")]


@pytest.mark.parametrize(("written", "number"), [(0, 0), ("12", 12), (2**31 - 1, 2**31 - 1)])
def test_a_feature_is_a_number_or_its_digits(written: Any, number: int) -> None:
    assert feature_number(written, "here") == number


@pytest.mark.parametrize("written", [-1, "-1", 1.0, True, None, "", "1e3", "٣", 2**31, "9" * 5000, [1]])
def test_anything_else_is_refused_with_its_place(written: Any) -> None:
    with pytest.raises(StudyError, match="here: .* is no feature's id"):
        feature_number(written, "here")
