"""A snapshot's drift runs as the explorer shows them: `DriftRuns` and `DriftRun` of its contract.

Numbers are as they were measured: whoever sends them rounds them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from persona_assets.base.queries import query
from persona_assets.drift.beside_plain import NOTHING_PLAIN, BesidePlain
from persona_assets.drift.confounds import CONFOUNDS, confounds, told
from persona_assets.drift.null import least_of
from persona_assets.lake.schema import SCORES

Json = dict[str, Any]

TOP_FEATURES = 20  # of a transition, by contribution and by change each


def runs_view(connection: duckdb.DuckDBPyConnection, plain: BesidePlain = NOTHING_PLAIN) -> Json:
    """`data/drift.json`: the snapshot's runs by name, beside `plain` conversations."""
    answers = _answers_as_long(connection, None)
    rows = _rows(connection, "drift/runs", run=None)
    runs = [_entry(row, plain, answers.get(row["run"], {})) for row in rows]
    return {"runs": runs, "default_run": None, "unreadable": []}


def run_view(
    connection: duckdb.DuckDBPyConnection, run: str, plain: BesidePlain = NOTHING_PLAIN
) -> Json | None:
    """`data/drift/{run}.json`; None where the snapshot has no such run."""
    found = _rows(connection, "drift/runs", run=run)
    if not found:
        return None
    [row] = found
    turns = _table(connection, "from drift_turns where run = $run order by turn", run=run)
    uncapped = _table(connection, "from drift_turns where run = $run", run=row["cap_of"]).to_pylist()
    tokens = _table(connection, "from drift_tokens where run = $run order by turn, token", run=run)
    changes = _table(connection, "from drift_transitions where run = $run order by turn", run=run)
    features = _table(connection, query("drift/shown_features"), run=run, top=TOP_FEATURES)
    answers = _answers_as_long(connection, run).get(run, {})
    return {
        **_entry(row, plain, answers),
        "space": _space(row),
        "played": _played(row),
        "messages": _messages(row["conversation"], turns["message"].to_pylist()),
        "turns": _turns(turns, tokens, plain, {one["turn"]: one for one in uncapped}, answers),
        "transitions": _transitions(changes, features),
        "features": feature_profiles(connection, row["sae"], set(features["feature_id"].to_pylist())),
        "confounds": _confounds(turns),
    }


def feature_profiles(connection: duckdb.DuckDBPyConnection, sae: str, feature_ids: Collection[int]) -> Json:
    """By feature_id, as text, the `DriftFeature`: its label, and the roles with most of it."""
    rows = _rows(connection, "drift/feature_profiles", sae=sae, feature_ids=sorted(feature_ids))
    return {
        str(row["feature_id"]): {"label": row["label"], "roles": row["roles"], "profile": None}
        for row in rows
    }


def _answers_as_long(connection: duckdb.DuckDBPyConnection, run: str | None) -> dict[str, dict[int, int]]:
    """Return by run and turn how many distinct answers of the anchor the turn is ranked among."""
    found: dict[str, dict[int, int]] = {}
    for row in _rows(connection, "drift/answers_as_long", run=run):
        found.setdefault(row["run"], {})[row["turn"]] = row["n_answers"]
    return found


def _entry(row: Json, plain: BesidePlain, answers: Mapping[int, int]) -> Json:
    as_is = ("run", "name", "sensitive", "sae", "model", "anchor", "score", "n_turns", "n_tokens")
    dropped = row["drop_turn"] is not None
    return {
        **{name: row[name] for name in as_is},
        "own_sae": row["sae"],
        "neuronpedia": None,  # its features have pages here
        "n_answer_tokens": row["n_answer_tokens"],
        "max_correlation": None,  # in the confounds of the run
        "largest_drop": {"turn": row["drop_turn"], "change": row["drop_change"]} if dropped else None,
        "n_below_band": row["n_below_band"],
        "p": row["p"],
        "least_of": least_of(row["p"], answers.values(), row["n_turns"]),
        "plain": plain.run(row["run"]),
        "cap": _cap(row),
        "verdict": row["confound_verdict"],
    }


def _cap(row: Json) -> Json | None:
    if row["cap_of"] is None:
        return None
    return {"of": row["cap_of"], "how": row["cap"], "threshold": row["cap_threshold"]}


def _space(row: Json) -> Json:
    plain = ("pooling", "transform", "axis", "axis_cosine", "n_roles", "compared_with", "n_draws")
    return {
        **{name: row[name] for name in plain},
        "space": row["space"] or "sae",
        "centred": row["centered"],
        "normalized": row["l2_normalized"],
    }


def _played(row: Json) -> Json | None:
    if row["played_axis_cosine"] is None:
        return None
    names = {"n_roles": "n_played_roles", "axis_cosine": "played_axis_cosine", "p": "played_p"}
    return {name: row[column] for name, column in names.items()}


def _messages(conversation: list[Json], answers: list[int]) -> list[Json]:
    turn_of = {message: turn for turn, message in enumerate(answers)}
    return [{**message, "turn": turn_of.get(index)} for index, message in enumerate(conversation)]


def _turns(
    turns: pa.Table,
    tokens: pa.Table,
    plain: BesidePlain,
    uncapped: Mapping[int, Json],
    answers: Mapping[int, int],
) -> list[Json]:
    columns = ("piece", "projection", "scaled")
    of_turn = _sliced(tokens.select(("turn", *columns)), turns["turn"])
    as_is = ("turn", "message", "n_tokens", "n_active_features", "norm")
    return [
        {
            **{name: row[name] for name in as_is},
            "scores": {score: _score(row, score) for score in SCORES},
            "played": _score(row, "played_projection"),
            "n_answers": answers.get(row["turn"], 0),
            "plain": plain.turn(row["run"], row["turn"]),
            "uncapped": _uncapped(uncapped.get(row["turn"])),
            "nearest": row["nearest_roles"],
            "tokens": {name: own[name].to_pylist() for name in columns},
        }
        for row, own in zip(turns.to_pylist(), of_turn, strict=True)
    ]


def _uncapped(row: Json | None) -> Json | None:
    return None if row is None else {score: row[score] for score in SCORES}


def _score(row: Json, score: str) -> Json | None:
    if row[score] is None:
        return None
    beside = ("low", "high", "p", "run_low")
    return {"value": row[score], **{name: row.get(f"{score}_{name}") for name in beside}}


def _transitions(changes: pa.Table, features: pa.Table) -> list[Json]:
    return [
        {
            "turn": row["turn"],
            "previous": row["previous_turn"],
            "changes": {score: row[f"delta_{score}"] for score in SCORES},
            "toward_mass": row["toward_mass"],
            "away_mass": row["away_mass"],
            "n_features": row["n_features"],
            **_shown(own, row["toward_mass"] + row["away_mass"]),
        }
        for row, own in zip(changes.to_pylist(), _sliced(features, changes["turn"]), strict=True)
    ]


def _shown(features: pa.Table, movement: float) -> Json:
    """The features of a transition, which of its rows either ranking shows, and how much they cover."""
    plain = ("feature_id", "delta", "weight", "contribution", "share_of_change", "share_of_away")
    moved = np.abs(features["contribution"].to_numpy())
    rankings = {}
    for ranking in ("by_contribution", "by_change"):
        ranks = features[f"rank_{ranking}"].to_numpy()
        rows = np.argsort(ranks, kind="stable")
        rankings[ranking] = rows[ranks[rows] <= TOP_FEATURES]
    return {
        "features": {name: features[name].to_pylist() for name in plain},
        **{ranking: rows.tolist() for ranking, rows in rankings.items()},
        "covered": {
            ranking: float(moved[rows].sum() / movement) if movement > 0 else None
            for ranking, rows in rankings.items()
        },
    }


def _confounds(turns: pa.Table) -> list[Json]:
    columns = {name: turns[name].to_numpy().astype(np.float64) for name in (*SCORES, *CONFOUNDS)}
    return [
        {"score": score, "confound": confound, **told(r, turns.num_rows)}
        for score in SCORES
        for confound, r in confounds(columns, score).items()
        if np.isfinite(columns[confound]).any()
    ]


def _sliced(rows: pa.Table, turns: pa.ChunkedArray) -> list[pa.Table]:
    """`rows`, sorted by turn, cut into those of each of `turns`."""
    turn = rows["turn"].to_numpy()
    starts = np.searchsorted(turn, turns.to_numpy()).tolist()
    return [rows.slice(start, stop - start) for start, stop in pairwise([*starts, len(turn)])]


def _rows(connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> list[Json]:
    return _table(connection, query(name), **parameters).to_pylist()


def _table(connection: duckdb.DuckDBPyConnection, sql: str, **parameters: Any) -> pa.Table:
    return connection.execute(sql, parameters).to_arrow_table()
