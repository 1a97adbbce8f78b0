"""The lake's tables: their columns, keys and how each is laid out in Parquet.

A response is identified by `response_id = variant * 100_000 + question_id`, never by its position.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from persona_assets.settings import DriftScore

VARIANT_STRIDE = 100_000

_FLOAT = pa.float32()
_INT = pa.int32()


def response_id(variant: int, question_id: int) -> int:
    """The identity of a role's answer to `question_id` under instruction `variant`."""
    return variant * VARIANT_STRIDE + question_id


@dataclass(frozen=True, eq=False)
class Table:
    """One table of the lake.

    `schema` holds the columns of a file; `role` and `sae`, where the table has them, are in the file's path.
    `row_group_size` is in rows; where the table is sorted by a column `unbroken`, a row group ends only where
    its value changes. `writer` are options of `pyarrow.parquet.ParquetWriter`.
    """

    name: str
    schema: pa.Schema
    per_sae: bool
    per_role: bool = True
    row_group_size: int = 122_880
    unbroken: str | None = None
    writer: dict[str, Any] = field(default_factory=dict)


RESPONSES = Table(
    "responses",
    pa.schema(
        [
            ("response_id", _INT),
            ("variant", _INT),
            ("question_id", _INT),
            ("system_prompt", pa.string()),
            ("question", pa.string()),
            ("response", pa.string()),
            ("prompt_token_ids", pa.list_(_INT)),
            ("response_token_ids", pa.list_(_INT)),
            ("token_source", pa.string()),
            ("n_prompt_tokens", _INT),
            ("n_response_tokens", _INT),
            ("finish_reason", pa.string()),
            ("seed", pa.int64()),
            ("origin", pa.string()),
        ]
    ),
    per_sae=False,
)

POOLED = Table(
    "pooled",
    pa.schema(
        [
            ("response_id", _INT),
            ("variant", _INT),
            ("question_id", _INT),
            ("n_tokens", _INT),
            ("n_active_features", _INT),
            ("excluded_reason", pa.string()),
        ]
    ),
    per_sae=True,
)

# Sorted by feature too, and cut finely: whoever asks for a feature reads the tokens of some 1,000 others.
EVIDENCE = Table(
    "evidence",
    pa.schema(
        [
            ("feature_id", _INT),
            ("rank", _INT),
            ("response_id", _INT),
            ("start", _INT),
            ("token_ids", pa.list_(_INT)),
            ("pieces", pa.list_(pa.string())),
            ("activations", pa.list_(_FLOAT)),
        ]
    ),
    per_sae=True,
    row_group_size=4_096,
    unbroken="feature_id",
    writer={
        "use_dictionary": ["rank", "pieces.list.element"],
        "write_statistics": ["feature_id", "response_id"],
    },
)

# Sorted by feature, and a feature lies in one row group: it is found by reading that one, and summed in the
# same order however many threads sum the others. So sorted, the ids pack to little. The floats lie as they
# are: they hardly pack, and every question reads them.
ACTIVATIONS = Table(
    "activations",
    pa.schema(
        [
            ("feature_id", _INT),
            ("response_id", _INT),
            ("mean", _FLOAT),
            ("max", _FLOAT),
            ("n_active", _INT),
            ("argmax_token", _INT),
        ]
    ),
    per_sae=True,
    unbroken="feature_id",
    writer={
        "use_dictionary": ["n_active", "argmax_token"],
        "column_encoding": {"response_id": "DELTA_BINARY_PACKED"},
        "compression": {
            "feature_id": "lz4",
            "response_id": "zstd",
            "mean": "none",
            "max": "none",
            "n_active": "zstd",
            "argmax_token": "zstd",
        },
        "compression_level": None,
        "write_statistics": ["feature_id", "response_id"],
    },
)

ROLE_FEATURES = Table(
    "role_features",
    pa.schema(
        [
            ("feature_id", _INT),
            ("n_responses", _INT),
            ("n_active_responses", _INT),
            ("firing_rate", pa.float64()),
            ("mean", pa.float64()),
            ("max", _FLOAT),
            ("sd", pa.float64()),
        ]
    ),
    per_sae=True,
)

_DOUBLE, _TEXT = pa.float64(), pa.string()
_ROLE = pa.dictionary(_INT, _TEXT)


def _across_roles(name: str, columns: list[tuple[str, pa.DataType]]) -> Table:
    return Table(name, pa.schema(columns), per_sae=True, per_role=False)


ROLE_CONTRASTS = _across_roles(
    "role_contrasts",
    [
        ("role", _ROLE),
        ("feature_id", _INT),
        *((name, _DOUBLE) for name in ("share", "effect", "effect_low", "effect_high", "auroc", "p", "q")),
    ],
)

FEATURES = _across_roles(
    "features",
    [
        ("feature_id", _INT),
        ("alive", pa.bool_()),
        ("mean", _DOUBLE),
        ("sd", _DOUBLE),
        ("preferred_role", _TEXT),
        *((name, _DOUBLE) for name in ("entropy", "firing_rate", "length_correlation")),
        *((f"variance_{source}", _DOUBLE) for source in ("role", "question", "variant", "residual")),
        ("atlas_alive", pa.bool_()),
        ("atlas_mu", _DOUBLE),
        ("atlas_sd", _DOUBLE),
        ("stability", _DOUBLE),
        ("pass", pa.bool_()),
        ("score", _DOUBLE),
    ],
)

# Of the features that passed, so that another map of them needs no other reading of the activations.
ROLE_MATRIX = _across_roles(
    "role_matrix", [("feature_id", _INT), ("role", _ROLE), ("value", _DOUBLE), ("raw", _DOUBLE)]
)

# The metrics of a feature on the map, in the order of the interchange formats.
METRICS = (
    "score", "stability", "sd", "mu", "pref_ratio", "active_frac", "cv", "mean_activation", "max_activation",
    "bridge_entropy",
)  # fmt: skip

ATLAS = _across_roles(
    "atlas",
    [
        ("feature_id", _INT),
        ("rank", _INT),
        *((name, _DOUBLE) for name in ("umap_x", "umap_y", "pca_x", "pca_y")),
        ("preferred_role", _TEXT),
        ("top_roles", pa.list_(pa.struct([("role", _TEXT), ("activation", _DOUBLE), ("share", _DOUBLE)]))),
        *((name, _DOUBLE) for name in METRICS),
    ],
)

NEIGHBORS = _across_roles(
    "neighbors", [("feature_id", _INT), ("rank", _INT), ("neighbor_id", _INT), ("similarity", _DOUBLE)]
)

ROLE_SIMILARITY = _across_roles(
    "role_similarity", [("role_a", _TEXT), ("role_b", _TEXT), ("similarity", _DOUBLE)]
)

ROLE_AXES = _across_roles(
    "role_axes",
    [
        ("axis", _TEXT),
        ("role", _TEXT),
        ("position", _DOUBLE),
        ("explained_variance", _DOUBLE),
        ("cosine_with_assistant", _DOUBLE),
        ("reason", _TEXT),
    ],
)

ATLAS_SUMMARY = _across_roles(
    "atlas_summary",
    [
        ("role_matrix_mode", _TEXT),
        *((name, _INT) for name in ("n_roles", "d_sae", "alive_count", "pass_count", "selected_count")),
        ("sd_threshold", _DOUBLE),
        ("quality_k", _INT),
        ("preservation", _DOUBLE),
        ("note", _TEXT),
    ],
)

# Every candidate description of a feature, the preferred one at rank 0.
FEATURE_LABELS = _across_roles(
    "feature_labels",
    [
        ("feature_id", _INT),
        ("rank", _INT),
        *((name, _TEXT) for name in ("description", "source", "model", "url")),
    ],
)


def _of_run(name: str, columns: list[tuple[str, pa.DataType]]) -> Table:
    """A table of drift: a run is a conversation's hash, and a turn one of its answers, counted from 0."""
    return Table(name, pa.schema(columns), per_sae=False, per_role=False)


# How far a turn is from the assistant.
SCORES: tuple[DriftScore, ...] = ("projection", "cosine_axis", "cosine_anchor")

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
        *((name, _DOUBLE) for name in ("delta", "weight", "contribution")),
        *((name, _DOUBLE) for name in ("share_of_change", "share_of_away")),
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

# Landed last: the commit mark of a run. Its conversation is kept, so that a run explains itself.
DRIFT_RUNS = _of_run(
    "drift_runs",
    [
        ("name", _TEXT),
        ("sensitive", pa.bool_()),
        *((name, _TEXT) for name in ("sae", "model", "anchor", "pooling", "transform")),
        ("centered", pa.bool_()),
        ("l2_normalized", pa.bool_()),
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

# What lands together, made from the same.
STATISTICS_TABLES = (ROLE_CONTRASTS, FEATURES, ROLE_MATRIX)
ATLAS_TABLES = (ATLAS, NEIGHBORS, ROLE_SIMILARITY, ROLE_AXES, ATLAS_SUMMARY)
DRIFT_TABLES = (DRIFT_TURNS, DRIFT_TRANSITIONS, DRIFT_FEATURES, DRIFT_TOKENS, DRIFT_RUNS)

# Not a table to ask: the parts of a role whose responses are under way.
IN_FLIGHT = Table(
    "in_flight",
    pa.schema(
        [
            ("response_id", _INT),
            ("token_ids", pa.list_(_INT)),
            ("text", pa.string()),
            ("finish_reason", pa.string()),
            ("token_source", pa.string()),
        ]
    ),
    per_sae=False,
)

TABLES = {
    table.name: table
    for table in (
        RESPONSES, POOLED, EVIDENCE, ACTIVATIONS, ROLE_FEATURES, *STATISTICS_TABLES, *ATLAS_TABLES,
        FEATURE_LABELS, *DRIFT_TABLES,
    )
}  # fmt: skip
