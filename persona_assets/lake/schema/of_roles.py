"""The tables of which every role has files of its own."""

from __future__ import annotations

import pyarrow as pa

from persona_assets.lake.schema.table import FLOAT, INT, Table

# In the footer of a role's responses: what servers called the models that answered, if they said so.
ANSWERED_BY = "persona.answered_by"

RESPONSES = Table(
    "responses",
    pa.schema(
        [
            ("response_id", INT),
            ("variant", INT),
            ("question_id", INT),
            ("system_prompt", pa.string()),
            ("question", pa.string()),
            ("response", pa.string()),
            ("prompt_token_ids", pa.list_(INT)),
            ("response_token_ids", pa.list_(INT)),
            ("token_source", pa.string()),
            ("n_prompt_tokens", INT),
            ("n_response_tokens", INT),
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
            ("response_id", INT),
            ("variant", INT),
            ("question_id", INT),
            ("n_tokens", INT),
            ("n_active_features", INT),
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
            ("feature_id", INT),
            ("rank", INT),
            ("response_id", INT),
            ("start", INT),
            ("token_ids", pa.list_(INT)),
            ("pieces", pa.list_(pa.string())),
            ("activations", pa.list_(FLOAT)),
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
            ("feature_id", INT),
            ("response_id", INT),
            ("mean", FLOAT),
            ("max", FLOAT),
            ("n_active", INT),
            ("argmax_token", INT),
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
            ("feature_id", INT),
            ("n_responses", INT),
            ("n_active_responses", INT),
            ("firing_rate", pa.float64()),
            ("mean", pa.float64()),
            ("max", FLOAT),
            ("sd", pa.float64()),
        ]
    ),
    per_sae=True,
)

# Not a table to ask: the parts of a role whose responses are under way. `prompt_hash`: what was asked.
IN_FLIGHT = Table(
    "in_flight",
    pa.schema(
        [
            ("response_id", INT),
            ("token_ids", pa.list_(INT)),
            ("text", pa.string()),
            ("finish_reason", pa.string()),
            ("token_source", pa.string()),
            ("answered_by", pa.string()),
            ("prompt_hash", pa.string()),
        ]
    ),
    per_sae=False,
)
