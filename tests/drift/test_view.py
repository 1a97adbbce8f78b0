from __future__ import annotations

import json
from collections.abc import Iterator

import duckdb
import numpy as np
import pytest

from persona_assets.base.queries import query
from persona_assets.drift.confounds import interval
from persona_assets.drift.held import Held
from persona_assets.drift.stage import DriftStage
from persona_assets.drift.transcript import Transcript
from persona_assets.drift.view import TOP_FEATURES, run_view, runs_view
from persona_assets.lake.schema import (
    DRIFT_TABLES,
    EXPLANATION_SCORES,
    FEATURE_LABELS,
    PREFERRED_LABELS,
    RESPONSES,
    ROLE_FEATURES,
)
from persona_assets.lake.schema.definition import definition
from persona_assets.lake.schema.of_snapshots import ROLES
from persona_assets.models.hooks import HookPoint
from persona_assets.study.study import Study
from persona_assets.warehouse.build import filling
from tests.drift.made import conversation


def warehouse(study: Study) -> duckdb.DuckDBPyConnection:
    """The tables a view reads, without the rest of a snapshot."""
    connection = duckdb.connect()
    for table in (ROLES, RESPONSES, ROLE_FEATURES, FEATURE_LABELS, EXPLANATION_SCORES, *DRIFT_TABLES):
        connection.execute(definition(table))
    connection.execute(definition(PREFERRED_LABELS, query("views/preferred_labels")))
    connection.execute(
        "insert into roles select role, 'fresh', 'fresh', 'fresh', 'fresh', 6, 6, role = 'ghost', null "
        "from (values ('default'), ('ghost'), ('pirate')) as r(role)"
    )
    for table in (RESPONSES, ROLE_FEATURES, *DRIFT_TABLES):
        files = [study.lake.uri(file.path) for file in study.lake.files(table)]
        if files:
            connection.execute(filling(table), {"files": files})
    return connection


@pytest.fixture
def connection(stage: DriftStage, switching: Transcript) -> Iterator[duckdb.DuckDBPyConnection]:
    stage.land(switching)
    stage.land(conversation([("Who are you?", "A toy.")], name="a short one"))
    with warehouse(stage.study) as opened:
        yield opened


def test_the_runs_come_by_name_with_their_largest_drop(
    connection: duckdb.DuckDBPyConnection, switching: Transcript
) -> None:
    short, long = runs_view(connection)["runs"]
    assert (short["name"], short["n_turns"], short["largest_drop"], short["verdict"]) == (
        "a short one", 1, None, None,
    )  # fmt: skip
    assert long["run"] == switching.run and long["n_below_band"] == 3
    assert long["largest_drop"]["turn"] == 3 and long["largest_drop"]["change"] < 0


def test_a_run_under_a_cap_is_shown_with_its_scores_as_it_is(
    stage: DriftStage, switching: Transcript
) -> None:
    stage.land(switching)
    changes = {HookPoint(3, "hook_resid_post"): lambda stream: stream * 2}
    held = Held("cap", 0.5, switching.run, "read", changes)
    stage.land(switching, held=held)
    with warehouse(stage.study) as connection:
        plain, capped = runs_view(connection)["runs"]
        whole, under = (run_view(connection, one["run"]) for one in (plain, capped))
    assert plain["cap"] is None and whole is not None and under is not None
    assert capped["name"] == f"{switching.name} (read under a cap)" and capped["run"] == held.run(switching)
    assert under["cap"] == {"of": switching.run, "how": "read", "threshold": 0.5}
    for before, after in zip(whole["turns"], under["turns"], strict=True):
        values = {score: one["value"] for score, one in before["scores"].items()}
        assert before["uncapped"] is None and after["uncapped"] == values
        assert after["scores"]["projection"]["value"] != values["projection"]


def test_there_may_be_no_runs_and_a_run_that_is_not_there_is_none(landed: Study) -> None:
    with warehouse(landed) as empty:
        assert runs_view(empty) == {"runs": [], "default_run": None, "unreadable": []}
        assert run_view(empty, "0123456789") is None


def test_a_run_is_shown_with_its_text_scores_and_tokens(
    connection: duckdb.DuckDBPyConnection, switching: Transcript
) -> None:
    shown = run_view(connection, switching.run)
    assert shown is not None
    json.dumps(shown, allow_nan=False)
    assert [(m["role"], m["content"]) for m in shown["messages"]] == [
        (message.role, message.content) for message in switching.messages
    ]
    assert [m["turn"] for m in shown["messages"]] == [None, 0, None, 1, None, 2, None, 3, None, 4, None, 5]
    for index, turn in enumerate(shown["turns"]):
        assert turn["turn"] == index and turn["message"] == 2 * index + 1
        assert len(turn["tokens"]["piece"]) == len(turn["tokens"]["scaled"]) == turn["n_tokens"]
        assert "".join(turn["tokens"]["piece"]) == switching.messages[turn["message"]].content.strip()
        for score in turn["scores"].values():
            assert score["low"] < score["high"]
        assert len(turn["nearest"]) == 3
    values = [turn["scores"]["cosine_anchor"]["value"] for turn in shown["turns"]]
    changes = [change["changes"]["cosine_anchor"] for change in shown["transitions"]]
    assert changes == pytest.approx(np.diff(values))
    assert shown["space"]["compared_with"] == ["ghost", "pirate"]


def test_each_turn_tells_how_many_answers_of_the_anchor_it_is_ranked_among(
    connection: duckdb.DuckDBPyConnection, switching: Transcript
) -> None:
    ids = "select response_token_ids from responses where role = 'default'"
    answers = {tuple(row) for (row,) in connection.execute(ids).fetchall()}
    shown = run_view(connection, switching.run)
    assert shown is not None and len(answers) > 1
    expected = [sum(len(one) >= turn["n_tokens"] for one in answers) for turn in shown["turns"]]
    assert [turn["n_answers"] for turn in shown["turns"]] == expected and max(expected) > 0
    assert shown["p"] is None and shown["least_of"] is None, "too few to be ranked among"


def test_both_rankings_show_their_features_and_say_how_much_of_the_movement_they_cover(
    connection: duckdb.DuckDBPyConnection, switching: Transcript
) -> None:
    shown = run_view(connection, switching.run)
    assert shown is not None
    for change in shown["transitions"]:
        features, movement = change["features"], change["toward_mass"] + change["away_mass"]
        moved, changed = np.abs(features["contribution"]), np.abs(features["delta"])
        for ranking, sizes in (("by_contribution", moved), ("by_change", changed)):
            rows = change[ranking]
            assert len(rows) == TOP_FEATURES
            assert sizes[rows].tolist() == sorted(sizes[rows], reverse=True)
            left_out = np.delete(sizes, rows)
            assert not len(left_out) or left_out.max() <= sizes[rows].min()
            assert change["covered"][ranking] == pytest.approx(moved[rows].sum() / movement)
        assert change["covered"]["by_contribution"] >= change["covered"]["by_change"] > 0
        assert {str(feature) for feature in features["feature_id"]} <= shown["features"].keys()


def test_a_features_profile_is_its_shares_over_the_roles_compared(
    connection: duckdb.DuckDBPyConnection, switching: Transcript
) -> None:
    feature = connection.execute(
        "select feature_id from drift_features where run = $run order by abs(contribution) desc limit 1",
        {"run": switching.run},
    ).fetchall()[0][0]
    connection.execute(
        "insert into feature_labels values ('demo', $f, 0, 'a label', 'cache', null, null), "
        "('demo', $f, 1, 'another', 'api', null, null)",
        {"f": feature},
    )
    shown = run_view(connection, switching.run)
    assert shown is not None
    means = dict(
        connection.execute(
            "select role, mean from role_features where feature_id = $f and role <> 'ghost'", {"f": feature}
        ).fetchall()
    )
    profile = shown["features"][str(feature)]
    assert profile["label"] == "a label"
    assert {role["role"]: role["share"] for role in profile["roles"]} == pytest.approx(
        {role: mean / sum(means.values()) for role, mean in means.items()}
    )


def test_confounds_are_shown_for_every_score(stage: DriftStage, nine: Transcript) -> None:
    stage.land(nine)
    with warehouse(stage.study) as connection:
        shown = run_view(connection, nine.run)
        expected = connection.execute(
            "select corr(cosine_axis, n_active_features), corr(projection, norm) "
            "from drift_turns where run = $run",
            {"run": nine.run},
        ).fetchall()[0]
    assert shown is not None
    found = {(one["score"], one["confound"]): one["r"] for one in shown["confounds"]}
    assert len(found) == 9
    assert (found["cosine_axis", "n_active_features"], found["projection", "norm"]) == pytest.approx(expected)
    for one in shown["confounds"]:
        assert (one["low"], one["high"]) == ((None, None) if one["r"] is None else interval(one["r"], 9))
    assert any(one["low"] is not None for one in shown["confounds"])
