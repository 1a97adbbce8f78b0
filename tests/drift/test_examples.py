"""The example questions about drift give the right answers; that they run is tested with all the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from persona_assets.drift.stage import DriftStage
from persona_assets.drift.transcript import Transcript
from persona_assets.warehouse import connect, publish
from tests.places import PROJECT


@pytest.fixture
def warehouse(stage: DriftStage, switching: Transcript) -> Iterator[duckdb.DuckDBPyConnection]:
    stage.land(switching)
    publish(stage.study)
    with connect(stage.study) as opened:
        yield opened


def ask(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    return connection.execute(sql).to_arrow_table().to_pylist()


def example(connection: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    return ask(connection, (PROJECT / "sql" / "examples" / f"{name}.sql").read_text(encoding="utf-8"))


def test_turns_below_the_band_are_those_of_the_pirate(
    warehouse: duckdb.DuckDBPyConnection, switching: Transcript
) -> None:
    answer = example(warehouse, "drift_below_the_null_band")
    assert {row["turn"] for row in answer} == {3, 4, 5} and {row["nearest"] for row in answer} == {"pirate"}
    for row in answer:
        assert row["answer"] == switching.messages[switching.turns[row["turn"]]].content
        assert row["projection"] < row["projection_low"]
        assert row["p"] is row["run_p"] is None  # nine answers of the anchor cannot say


def test_the_largest_drop_comes_first_with_the_features_that_carried_it(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    answer = example(warehouse, "drift_largest_drops")
    assert [row["turn"] for row in answer[:5]] == [3] * 5
    [(drop, strongest)] = warehouse.execute(
        "select any_value(delta_projection), max(abs(contribution)) from drift_transitions "
        "join drift_features using (run, turn) where turn = 3"
    ).fetchall()
    assert answer[0]["delta_projection"] == drop and abs(answer[0]["contribution"]) == strongest
    for row in answer:
        assert row["share_of_drop"] == pytest.approx(row["contribution"] / row["delta_projection"])


def test_where_a_feature_leads_is_said_under_its_old_name_too(warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = ask(warehouse, "select contribution, leads, effect from drift_features")
    assert {row["leads"] for row in rows if row["contribution"]} == {"away", "toward"}
    for row in rows:
        assert row["leads"] == row["effect"]
        assert (row["leads"] == "away") == (row["contribution"] < 0)


def test_the_lowest_tokens_of_the_largest_drop(warehouse: duckdb.DuckDBPyConnection) -> None:
    answer = example(warehouse, "drift_in_which_tokens")
    lowest = ask(
        warehouse, "select token from drift_tokens where turn = 3 order by projection, token limit 10"
    )
    assert [row["token"] for row in answer] == [row["token"] for row in lowest]
    assert {row["turn"] for row in answer} == {3} and answer[0]["scaled"] == 0


def test_confounds_come_with_their_verdict(stage: DriftStage, nine: Transcript) -> None:
    stage.land(nine)
    publish(stage.study)
    with connect(stage.study) as warehouse:
        [row] = example(warehouse, "drift_confounds")
        [(norm,)] = warehouse.execute("select corr(projection, norm) from drift_turns").fetchall()
    assert row["confound_norm"] == pytest.approx(norm)
    assert row["confound_verdict"] in ("LOW", "MODERATE", "HIGH")
