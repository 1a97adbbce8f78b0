"""The lake's tables: their columns, keys and how each is laid out in Parquet.

A response is identified by `response_id = variant * 100_000 + question_id`, never by its position.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

VARIANT_STRIDE = 100_000

_FLOAT = pa.float32()
_INT = pa.int32()


def response_id(variant: int, question_id: int) -> int:
    """The identity of a role's answer to `question_id` under instruction `variant`."""
    return variant * VARIANT_STRIDE + question_id


@dataclass(frozen=True)
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

_DOUBLE = pa.float64()

ROLE_CONTRASTS = Table(
    "role_contrasts",
    pa.schema(
        [
            ("role", pa.dictionary(_INT, pa.string())),
            ("feature_id", _INT),
            ("share", _DOUBLE),
            ("effect", _DOUBLE),
            ("effect_low", _DOUBLE),
            ("effect_high", _DOUBLE),
            ("auroc", _DOUBLE),
            ("p", _DOUBLE),
            ("q", _DOUBLE),
        ]
    ),
    per_sae=True,
    per_role=False,
)

FEATURES = Table(
    "features",
    pa.schema(
        [
            ("feature_id", _INT),
            ("alive", pa.bool_()),
            ("mean", _DOUBLE),
            ("sd", _DOUBLE),
            ("preferred_role", pa.string()),
            ("entropy", _DOUBLE),
            ("firing_rate", _DOUBLE),
            ("length_correlation", _DOUBLE),
            ("variance_role", _DOUBLE),
            ("variance_question", _DOUBLE),
            ("variance_variant", _DOUBLE),
            ("variance_residual", _DOUBLE),
        ]
    ),
    per_sae=True,
    per_role=False,
)

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
    for table in (RESPONSES, POOLED, EVIDENCE, ACTIVATIONS, ROLE_FEATURES, ROLE_CONTRASTS, FEATURES)
}
