"""The tables of drift in the lake."""

from __future__ import annotations

import pyarrow as pa

from persona_assets.schema import Table

_INT, _FLOAT, _DOUBLE = pa.int32(), pa.float32(), pa.float64()

# Not a table to ask: what fires, token by token, in a conversation's answers or in the anchor's responses.
# A row is a token, also one on which nothing fires.
_CODES = pa.schema(
    [
        ("span", _INT),
        ("token_id", _INT),
        ("feature_ids", pa.list_(_INT)),
        ("activations", pa.list_(_FLOAT)),
    ]
)
DRIFT_CODES = Table("drift_codes", _CODES, per_sae=True)
