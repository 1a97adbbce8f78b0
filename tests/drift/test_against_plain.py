"""The macro `drift_against_plain`: its error rate on plain conversations, and a drift that it finds."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from persona_assets.base.arrays import Floats
from tests.places import PROJECT

MACRO = (PROJECT / "sql/macros/drift_against_plain.sql").read_text()


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def measured(connection: duckdb.DuckDBPyConnection, scores: dict[str, Floats]) -> None:
    """Let the connection hold runs of these projections, and the macro."""
    runs = pa.table({"run": list(scores), "name": list(scores), "sae": ["one"] * len(scores)})
    turns = [(run, turn, score) for run, row in scores.items() for turn, score in enumerate(row.tolist())]
    columns = (list(one) for one in zip(*turns, strict=True))
    connection.register("given_runs", runs)
    connection.register("given_turns", pa.table(dict(zip(("run", "turn", "score"), columns, strict=True))))
    connection.execute(
        "create or replace table drift_runs as select *, null as cap_of, null as answered_of from given_runs"
    )
    scored = "if(isnan(score), null, score)"
    connection.execute(
        f"create or replace table drift_turns as select run, turn, {scored} as projection from given_turns"
    )
    connection.execute(MACRO.replace("create macro", "create or replace macro").split("comment on")[0])


def plain(random: np.random.Generator, n: int, n_turns: int) -> Floats:
    """Conversations that all decline, each around a level of its own, with turns that resemble each other."""
    steps = random.normal(size=(n, n_turns)).cumsum(axis=1) * 0.3
    return steps + random.normal(size=(n, 1)) - 0.5 * np.arange(n_turns)


def run_p(connection: duckdb.DuckDBPyConnection, name: str) -> float:
    [(p,)] = connection.execute(
        "select distinct run_p from drift_against_plain('plain*') where name = ?", [name]
    ).fetchall()
    return float(p)


def test_plain_conversations_are_found_no_more_often_than_the_level_says(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    random, found, turns = np.random.default_rng(3), [], []
    for _ in range(5):
        scores = dict(zip((f"plain {one}" for one in range(60)), plain(random, 60, 12), strict=True))
        measured(connection, scores)
        told = connection.execute(
            "select run, run_p, p, n_plain from drift_against_plain('plain*')"
        ).fetchall()
        assert {n for *_, n in told} == {59}
        found += list({run: p for run, p, *_ in told}.values())
        turns += [p for *_, p, _ in told]
    assert len(found) == 300 and np.mean(np.array(found) <= 0.05) <= 0.05
    assert np.mean(np.array(found) <= 0.5) == pytest.approx(0.5, abs=0.1)
    assert np.mean(np.array(turns) <= 0.05) == pytest.approx(0.05, abs=0.01)


def test_a_planted_drift_is_found_and_a_decline_that_plain_ones_share_is_not(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    random = np.random.default_rng(4)
    n_found = 0
    for _ in range(20):
        rows = plain(random, 62, 12)
        scores = dict(zip((f"plain {one}" for one in range(60)), rows[:60], strict=True))
        rows[60, 6:] -= 8  # six standard deviations
        measured(connection, scores | {"drifts": rows[60], "declines": rows[61]})
        n_found += run_p(connection, "drifts") <= 0.05
        assert run_p(connection, "drifts") <= run_p(connection, "declines")
    assert n_found >= 19


def test_ranks_and_bands_are_those_of_plain_conversations_that_are_as_long(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    scores = {
        "plain a": [0.0, 1.0, 5.0],
        "plain b": [2.0, 3.0],
        "plain short": [-9.0],
        "mine": [1.0, 1.0],
        "unscored": [np.nan, 2.5, 0.5],
    }
    measured(connection, {name: np.array(row) for name, row in scores.items()})
    told = connection.execute(
        "select turn, p, run_p, n_plain, plain_low, plain_high from drift_against_plain('plain*') "
        "where name = 'mine'"
    ).fetchall()
    assert told == [
        (0, pytest.approx(2 / 3), pytest.approx(2 / 3), 2, pytest.approx(0.05), pytest.approx(1.95)),
        (1, pytest.approx(2 / 3), pytest.approx(2 / 3), 2, pytest.approx(1.05), pytest.approx(2.95)),
    ]
    of_unscored = "select turn, p from drift_against_plain('plain*') where name = 'unscored'"
    assert connection.execute(of_unscored).fetchall() == [(1, 1.0), (2, pytest.approx(1 / 3))]
    alone = "select distinct p, run_p, n_plain from drift_against_plain('plain a') where name = 'plain a'"
    assert connection.execute(alone).fetchall() == [(None, None, 0)]
    with pytest.raises(duckdb.Error, match="no conversation is called quiet"):
        connection.execute("from drift_against_plain('quiet*')").fetchall()
