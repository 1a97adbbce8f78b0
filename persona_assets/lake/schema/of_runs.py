"""The tables of drift: a run is a conversation that was followed."""

from __future__ import annotations

from typing import Literal, get_args

import pyarrow as pa

from persona_assets.lake.schema.table import DOUBLE, FLOAT, INT, TEXT, Table


def _of_run(name: str, columns: list[tuple[str, pa.DataType]]) -> Table:
    """A table of drift: a run is a conversation's hash, and a turn one of its answers, counted from 0."""
    return Table(name, pa.schema(columns), per_sae=False, per_role=False)


# How far a turn is from the assistant.
DriftScore = Literal["projection", "cosine_axis", "cosine_anchor"]
SCORES: tuple[DriftScore, ...] = get_args(DriftScore)

DRIFT_TURNS = _of_run(
    "drift_turns",
    [
        *((name, INT) for name in ("turn", "message", "n_tokens", "n_active_features")),
        ("norm", DOUBLE),
        *((f"{score}{edge}", DOUBLE) for score in SCORES for edge in ("", "_low", "_high")),
        ("nearest_roles", pa.list_(pa.struct([("role", TEXT), ("cosine", DOUBLE)]))),
    ],
)

DRIFT_TRANSITIONS = _of_run(
    "drift_transitions",
    [
        ("turn", INT),
        ("previous_turn", INT),
        *((f"delta_{score}", DOUBLE) for score in SCORES),
        ("toward_mass", DOUBLE),
        ("away_mass", DOUBLE),
        ("n_features", INT),
    ],
)

DRIFT_FEATURES = _of_run(
    "drift_features",
    [
        ("turn", INT),
        ("feature_id", INT),
        *((name, DOUBLE) for name in ("delta", "weight", "contribution")),
        *((name, DOUBLE) for name in ("share_of_change", "share_of_away")),
        ("direction", TEXT),
        ("effect", TEXT),
        ("rank_by_contribution", INT),
        ("rank_by_change", INT),
    ],
)

DRIFT_TOKENS = _of_run(
    "drift_tokens",
    [
        *((name, INT) for name in ("turn", "token", "token_id")),
        ("piece", TEXT),
        ("projection", DOUBLE),
        ("scaled", DOUBLE),
    ],
)

# Landed last: the commit mark of a run. Its conversation is kept, so that a run explains itself.
DRIFT_RUNS = _of_run(
    "drift_runs",
    [
        ("name", TEXT),
        ("sensitive", pa.bool_()),
        *((name, TEXT) for name in ("sae", "model", "anchor", "pooling", "transform")),
        ("centered", pa.bool_()),
        ("l2_normalized", pa.bool_()),
        ("axis", TEXT),
        ("axis_cosine", DOUBLE),
        ("n_roles", INT),
        ("compared_with", pa.list_(TEXT)),
        ("score", TEXT),
        *((name, INT) for name in ("n_turns", "n_tokens", "n_draws")),
        *((f"confound_{name}", DOUBLE) for name in ("norm", "n_active_features", "n_tokens")),
        ("confound_verdict", TEXT),
        ("conversation", pa.list_(pa.struct([("role", TEXT), ("content", TEXT)]))),
    ],
)

# Not a table to ask: what fires, token by token, in a conversation's answers (of a run) or in the anchor's
# responses (of a role). A row is a token, also one on which nothing fires.
DRIFT_CODES = Table(
    "drift_codes",
    pa.schema(
        [
            ("span", INT),
            ("token_id", INT),
            ("feature_ids", pa.list_(INT)),
            ("activations", pa.list_(FLOAT)),
        ]
    ),
    per_sae=True,
)

# What lands together, made from the same.
DRIFT_TABLES = (DRIFT_TURNS, DRIFT_TRANSITIONS, DRIFT_FEATURES, DRIFT_TOKENS, DRIFT_RUNS)
