"""Each check passes on sound data and fails, saying why, on data that were spoilt in one way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from persona_assets.base.errors import StudyError
from persona_assets.health.checks import (
    CheckResult,
    activations_cover_responses,
    responses_complete,
    role_features_agree,
)
from persona_assets.lake.parquet import write_parquet
from persona_assets.lake.schema import ACTIVATIONS, POOLED, RESPONSES, ROLE_FEATURES, Table
from persona_assets.study.study import Study
from tests.warehouse.world import EXCLUDED, RESPONSE_IDS, World

Row = dict[str, Any]


def spoil(world: World, table: Table, change: Callable[[list[Row]], Any], sae: str | None = "first") -> None:
    """Rewrite ghost's file of `table` in place, its rows changed."""
    [file] = world.study.lake.files(table, sae=sae, role="ghost")
    rows = world.study.lake.read(table, file).to_pylist()
    change(rows)
    write_parquet(
        table, pa.Table.from_pylist(rows, schema=table.schema), Path(world.study.lake.uri(file.path))
    )


def speak(rows: list[Row]) -> None:
    """Let the one empty response say something."""
    rows[EXCLUDED]["response"] = "Boo."


def changed(row: int, **values: Any) -> Callable[[list[Row]], None]:
    return lambda rows: rows[row].update(values)


def test_complete_responses_pass(world: World) -> None:
    spoil(world, RESPONSES, speak, sae=None)
    result = responses_complete(world.study, "ghost")
    assert result == CheckResult(
        passed=True,
        description="every prompt is answered once",
        metadata={
            "n_prompts": 9,
            "n_unanswered": 0,
            "n_answered_twice": 0,
            "n_not_asked": 0,
            "n_responses": 9,
            "n_empty": 0,
            "n_truncated": 1,
            "n_distinct": 9,
        },
    )


def test_answers_that_repeat_one_another_are_told_of(world: World) -> None:
    spoil(world, RESPONSES, lambda rows: [row.update(response="Aye") for row in rows], sae=None)
    result = responses_complete(world.study, "ghost")
    assert result.passed
    assert "but only 3 of 9 answers differ: wordings repeat one another" in result.description


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda rows: rows.pop(2), "1 unanswered"),
        (lambda rows: rows.append(rows[0]), "1 answered twice"),
        (lambda rows: rows.append({**rows[0], "variant": 2, "response_id": 200_000}), "1 not asked"),
        (lambda rows: rows[0].update(question_id=1), "1 unanswered; 1 not asked"),
        (lambda rows: rows[0].update(response=" \n"), "1 of 9 responses empty"),
        (lambda rows: [row.update(finish_reason="length") for row in rows], "9 of 9 responses truncated"),
        (lambda rows: rows.clear(), "9 unanswered"),
    ],
)
def test_incomplete_responses_fail(world: World, change: Callable[[list[Row]], Any], complaint: str) -> None:
    spoil(world, RESPONSES, speak, sae=None)
    spoil(world, RESPONSES, change, sae=None)
    result = responses_complete(world.study, "ghost")
    assert (result.passed, result.description) == (False, complaint)


def test_activations_that_cover_the_responses_pass(published: World) -> None:
    result = activations_cover_responses(published.study, "ghost")
    assert result.passed
    assert result.metadata["second: n_pooled"] == len(RESPONSE_IDS) - 1


@pytest.mark.parametrize(
    ("table", "change", "complaint"),
    [
        (POOLED, lambda rows: rows.pop(0), "first: 1 not read"),
        (POOLED, changed(0, response_id=77), "first: 1 not read; first: 1 without response"),
        (POOLED, changed(0, n_active_features=1), "first: 1 wrong count"),
        (POOLED, changed(0, excluded_reason="dull"), "first: 1 excluded yet active"),
        (ACTIVATIONS, lambda rows: rows.pop(0), "first: 1 wrong count"),
        (ACTIVATIONS, changed(0, mean=float("nan")), "first: 1 not finite"),
        (ACTIVATIONS, changed(0, max=float("inf")), "first: 1 not finite"),
        (ACTIVATIONS, changed(0, mean=-1.0), "first: 1 not positive"),
        (ACTIVATIONS, lambda rows: rows.append(rows[0]), "first: 1 wrong count; first: 1 twice"),
        (ACTIVATIONS, changed(0, response_id=77), "first: 1 without response; first: 1 wrong count"),
    ],
)
def test_activations_that_do_not_cover_the_responses_fail(
    world: World, table: Table, change: Callable[[list[Row]], Any], complaint: str
) -> None:
    spoil(world, table, change)
    result = activations_cover_responses(world.study, "ghost")
    assert not result.passed
    assert set(complaint.split("; ")) <= set(result.description.split("; "))


def test_aggregates_of_these_activations_agree(published: World) -> None:
    result = role_features_agree(published.study, "ghost")
    assert result.passed
    assert result.metadata == {"first: disagreeing features": 0, "second: disagreeing features": 0}


@pytest.mark.parametrize("column", ["n_responses", "n_active_responses", "firing_rate", "mean", "max", "sd"])
def test_an_aggregate_that_is_off_is_found(world: World, column: str) -> None:
    spoil(world, ROLE_FEATURES, lambda rows: rows[3].update({column: rows[3][column] * 1.001 + 1}))
    result = role_features_agree(world.study, "ghost")
    assert not result.passed
    assert result.metadata["first: disagreeing features"] == 1
    assert result.description.startswith("first: 1 features disagree, {'feature_id': 3,")


@pytest.mark.parametrize(
    "change", [lambda rows: rows.pop(), lambda rows: rows.append({**rows[0], "feature_id": 10_000})]
)
def test_a_feature_too_few_or_too_many_is_found(world: World, change: Callable[[list[Row]], Any]) -> None:
    spoil(world, ROLE_FEATURES, change)
    assert role_features_agree(world.study, "ghost").metadata["first: disagreeing features"] == 1


@pytest.mark.parametrize("check", [responses_complete, activations_cover_responses, role_features_agree])
def test_a_role_that_is_not_there_yet_is_said_with_the_remedy(unfilled: Study, check: Any) -> None:
    with pytest.raises(StudyError, match="role ghost has no fresh .* to check; run `persona run small"):
        check(unfilled, "ghost")
