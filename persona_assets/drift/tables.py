"""The tables of drift in the lake: `<table>/run=<run>/`, a run being a conversation's hash.

Turns count the assistant's messages from 0; a transition is named by the turn that it leads to.
"""

from __future__ import annotations

import pyarrow as pa

from persona_assets.drift.scores import SCORES
from persona_assets.schema import Table

_INT, _FLOAT, _DOUBLE, _TEXT, _BOOL = pa.int32(), pa.float32(), pa.float64(), pa.string(), pa.bool_()


def _of_run(name: str, columns: list[tuple[str, pa.DataType]]) -> Table:
    return Table(name, pa.schema(columns), per_sae=False, per_role=False)


# Landed last: the commit mark of a run. Its conversation is kept, so that a run explains itself.
DRIFT_RUNS = _of_run(
    "drift_runs",
    [
        ("name", _TEXT),
        ("sensitive", _BOOL),
        *((name, _TEXT) for name in ("sae", "model", "anchor", "pooling", "transform")),
        ("centered", _BOOL),
        ("l2_normalized", _BOOL),
        ("axis", _TEXT),
        ("axis_cosine", _DOUBLE),
        ("n_roles", _INT),
        ("compared_with", pa.list_(_TEXT)),
        ("score", _TEXT),
        *((name, _INT) for name in ("n_turns", "n_tokens", "n_draws")),
        *((f"confound_{name}", _DOUBLE) for name in ("norm", "n_active_features", "n_tokens")),
        ("confound_verdict", _TEXT),
        ("conversation", pa.list_(pa.struct([("role", _TEXT), ("content", _TEXT)]))),
    ],
)

DRIFT_TURNS = _of_run(
    "drift_turns",
    [
        *((name, _INT) for name in ("turn", "message", "n_tokens", "n_active_features")),
        ("norm", _DOUBLE),
        *((f"{score}{edge}", _DOUBLE) for score in SCORES for edge in ("", "_low", "_high")),
        ("nearest_roles", pa.list_(pa.struct([("role", _TEXT), ("cosine", _DOUBLE)]))),
    ],
)

DRIFT_TRANSITIONS = _of_run(
    "drift_transitions",
    [
        ("turn", _INT),
        ("previous_turn", _INT),
        *((f"delta_{score}", _DOUBLE) for score in SCORES),
        ("toward_mass", _DOUBLE),
        ("away_mass", _DOUBLE),
        ("n_features", _INT),
    ],
)

DRIFT_FEATURES = _of_run(
    "drift_features",
    [
        ("turn", _INT),
        ("feature_id", _INT),
        *(
            (name, _DOUBLE)
            for name in ("delta", "weight", "contribution", "share_of_change", "share_of_away")
        ),
        ("direction", _TEXT),
        ("effect", _TEXT),
        ("rank_by_contribution", _INT),
        ("rank_by_change", _INT),
    ],
)

DRIFT_TOKENS = _of_run(
    "drift_tokens",
    [
        *((name, _INT) for name in ("turn", "token", "token_id")),
        ("piece", _TEXT),
        ("projection", _DOUBLE),
        ("scaled", _DOUBLE),
    ],
)

DRIFT_TABLES = (DRIFT_TURNS, DRIFT_TRANSITIONS, DRIFT_FEATURES, DRIFT_TOKENS, DRIFT_RUNS)

# Not a table to ask: what fires, token by token, in a conversation's answers (of a run) or in the anchor's
# responses (of a role). A row is a token, also one on which nothing fires.
DRIFT_CODES = Table(
    "drift_codes",
    pa.schema(
        [
            ("span", _INT),
            ("token_id", _INT),
            ("feature_ids", pa.list_(_INT)),
            ("activations", pa.list_(_FLOAT)),
        ]
    ),
    per_sae=True,
)
