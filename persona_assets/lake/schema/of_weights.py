"""The tables of what an SAE's features write, which the weights alone decide."""

from __future__ import annotations

from functools import partial

from persona_assets.lake.schema.table import BOOL, DOUBLE, FLOAT, INT, TEXT, Column, Table

_of_weights = partial(Table, per_sae=True, per_role=False)

FEATURE_LOGITS = _of_weights(
    "feature_logits", "The tokens whose logits each feature's direction raises and lowers most, in the "
    "weights alone: no answer is read; read from the lake",
    columns=(
        Column("feature_id", INT),
        Column("sign", INT, "1: the direction raises the token's logit; -1: it lowers it"),
        Column("rank", INT, "Place by |value| among the feature's tokens of this sign, from 1"),
        Column("token_id", INT),
        Column("piece", TEXT, "The token as text, spaces kept; bytes that are no whole character as \\x…; "
            "untrusted"),
        Column("value", FLOAT, "Change of the token's logit per unit of the feature's activation, to first "
            "order, with the final norm's scale held at 1: over the last stream's scale it is the change "
            "there. Before softcapping (decoders.softcap)"),
    ),
    row_group_size=65_536,
    writer={
        "use_dictionary": ["sign", "rank", "piece"],
        "write_statistics": ["feature_id"],
    },
)  # fmt: skip

DECODER_NEIGHBORS = _of_weights(
    "decoder_neighbors", "The nearest of each feature among all of its SAE, by the cosine of what they "
    "write; `neighbors` are those that the same roles have",
    columns=(
        Column("feature_id", INT),
        Column("rank", INT, "Place by cosine; the nearest is 1"),
        Column("neighbor_id", INT, "The feature_id of the neighbor"),
        Column("cosine", FLOAT, "Cosine of the two features' decoder directions"),
    ),
)  # fmt: skip

FEATURE_GEOMETRY = _of_weights(
    "feature_geometry", "Each feature's directions, as the SAE's weights have them",
    columns=(
        Column("feature_id", INT),
        Column("decoder_norm", FLOAT, "Length of what one unit of activation writes"),
        Column("encoder_cosine", FLOAT, "Cosine of what the feature is read by with what it writes; NULL "
            "where it writes to another stream, or its encoder is not linear", nullable=True),
        Column("opposed_id", INT, "The feature whose decoder direction is the most opposed", nullable=True),
        Column("opposed_cosine", FLOAT, "Its cosine: near -1 the two write the opposite", nullable=True),
    ),
)  # fmt: skip

DECODERS = _of_weights(
    "decoders", "What each SAE writes to, and what its features' logits are of (one row per SAE)",
    columns=(
        Column("writes", TEXT, "The hook point of the stream that the decoder writes to; NULL where nobody "
            "says which", nullable=True),
        Column("why_no_logits", TEXT, "Why the SAE has no feature_logits; NULL where it has", nullable=True),
        Column("n_tokens", INT, "Tokens of the vocabulary that were looked at", nullable=True),
        Column("norm", TEXT, "The final norm: RMSNorm or LayerNorm", nullable=True),
        Column("tied", BOOL, "Whether the model reads tokens with the weights that it predicts them by",
            nullable=True),
        Column("softcap", DOUBLE, "What the model bounds its logits by after all this; NULL where by nothing",
            nullable=True),
    ),
)  # fmt: skip

# What lands together, made from the same, in this order.
DIRECTIONS_TABLES = (FEATURE_LOGITS, DECODER_NEIGHBORS, FEATURE_GEOMETRY, DECODERS)
