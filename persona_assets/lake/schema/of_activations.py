"""The tables of what each role's responses are under an SAE: pooled, shown and added up."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from persona_assets.lake.kept import FIRST_TOKEN_BIN, N_DRAWN, N_TOKEN_BINS
from persona_assets.lake.schema.of_responses import IDENTIFIED, QUESTION_ID, RESPONSE_ID, VARIANT
from persona_assets.lake.schema.table import ACTIVATION, DOUBLE, FLOAT, HALF, INT, TEXT, Column, Table

POOLED = Table(
    "pooled", "Which responses were pooled; those with excluded_reason NULL are every rate's denominator",
    columns=(
        *IDENTIFIED,
        Column("n_tokens", INT, "Tokens pooled over", nullable=True),
        Column("n_active_features", INT, "Features that fired on at least one of them", nullable=True),
        Column("n_outliers", INT, "Selected tokens at which the stream's norm is over 10 times its median in "
            "the response, such as attention sinks; pooled over unless extraction.mask_norm_outliers",
            nullable=True, later=True),
        Column("excluded_reason", TEXT, "NULL: the response was pooled", nullable=True),
    ),
    made_from=("responses",),
    per_sae=True,
)  # fmt: skip

SAE_FIT = Table(
    "sae_fit", "How well each SAE fits the model in each role, on a seeded sample of its responses",
    columns=(
        Column("fvu", DOUBLE, "Fraction of variance unexplained: the squared error of the reconstruction "
            "over the variance of what the SAE reads about its mean token, each summed over all tokens; NULL "
            "for a transcoder", nullable=True),
        Column("l0", DOUBLE, "Mean number of active features per token"),
        Column("loss_recovered", DOUBLE, "How much of what the model predicts better with the stream than "
            "with zeros in its place it still does with the SAE's reconstruction: 1 where the SAE costs "
            "nothing, 0 where it is no better than zeros; NULL unless extraction.fit.loss_recovered, and "
            "where the stream cannot be replaced", nullable=True, later=True),
        Column("n_tokens", INT, "Tokens that fvu and l0 are of"),
        Column("n_outliers", INT, "Outliers among the sample's tokens, as in pooled"),
        Column("n_responses", INT, "Responses of the sample"),
    ),
    made_from=("responses",),
    per_sae=True,
)  # fmt: skip

# Sorted by feature too, and cut finely: whoever asks for a feature reads the tokens of some 1,000 others.
EVIDENCE = Table(
    "evidence", "Each feature's strongest responses of each role, with the tokens around the peak; read from "
    "the lake",
    columns=(
        Column("feature_id", INT),
        Column("rank", INT, "Place by max, from 1; ties are ordered by response_id"),
        RESPONSE_ID,
        VARIANT,
        QUESTION_ID,
        Column("start", INT, "The window's first token, counted from 0 among the selected tokens"),
        Column("token_ids", pa.list_(INT)),
        Column("pieces", pa.list_(TEXT), "The tokens of the window as text. Where tokens share a character "
            "it stands at the one that fires most, and is empty at the others"),
        Column("activations", pa.list_(FLOAT), "The feature's activation on each of them"),
    ),
    made_from=("responses",),
    per_sae=True,
    row_group_size=4_096,
    unbroken="feature_id",
    writer={
        "use_dictionary": ["rank", "pieces.list.element"],
        "write_statistics": ["feature_id", "response_id"],
    },
)  # fmt: skip

# Of each feature in each role, the strongest of EVIDENCE not among them.
DRAWN_EVIDENCE = replace(
    EVIDENCE,
    name="drawn_evidence",
    comment=f"Up to {N_DRAWN} responses of each role drawn by lot from all in which a feature fires, any as "
    "likely, with the tokens around the peak, those that evidence has left out; no rows of roles extracted "
    "before this was kept; read from the lake",
    columns=tuple(column for column in EVIDENCE.columns if column.name not in ("rank", "token_ids")),
    writer={**EVIDENCE.writer, "use_dictionary": ["pieces.list.element"]},
)

# Sorted by feature, and a feature lies in one row group: it is found by reading that one, and summed in the
# same order however many threads sum the others. So sorted, the ids pack to little. The floats lie as they
# are: they hardly pack, and every question reads them.
ACTIVATIONS = Table(
    "activations", "A feature's pooled activation in a response; no row where it did not fire; read from the "
    "lake",
    columns=(
        Column("feature_id", INT),
        RESPONSE_ID,
        VARIANT,
        QUESTION_ID,
        Column("mean", FLOAT, "Mean over the response's selected tokens (zeros too)", unit=ACTIVATION),
        Column("max", FLOAT, "Maximum over the response's selected tokens", unit=ACTIVATION),
        Column("n_active", INT, "Tokens on which it fired; NULL after an import of dense files",
            nullable=True),
        Column("argmax_token", INT, "The token of the maximum, counted from 0 among the selected; the first "
            "of ties", nullable=True),
    ),
    made_from=("responses",),
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
)  # fmt: skip

FIRST_ACTIVATIONS = replace(
    ACTIVATIONS,
    name="first_activations",
    comment="As activations, pooled over the response's first extraction.first_tokens tokens, or as many as "
    "it has; no row where the feature did not fire on these; read from the lake",
    columns=tuple(column for column in ACTIVATIONS.columns if column.name != "argmax_token"),
    writer={
        **ACTIVATIONS.writer,
        "use_dictionary": ["n_active"],
        "compression": {
            name: how for name, how in ACTIVATIONS.writer["compression"].items() if name != "argmax_token"
        },
    },
)

_BINS = f"{FIRST_TOKEN_BIN} whatever is smaller, and {FIRST_TOKEN_BIN + N_TOKEN_BINS - 1} whatever is larger"

# Sorted by feature, and cut as finely as evidence: one feature is asked for at a time.
TOKEN_SHAPES = Table(
    "token_shapes", "Each feature's activations on the single tokens of each role: their histogram, and "
    "where in responses they lie; no rows of roles extracted before this was kept; read from the lake",
    columns=(
        Column("feature_id", INT),
        Column("first_bin", INT, "The bin of the first of counts; bin b holds activations from 2^(b/2) up to "
            f"2^((b + 1)/2), {_BINS}"),
        Column("counts", pa.list_(INT), "How many tokens lie in each bin from first_bin on; together the "
            "role's tokens on which the feature is active"),
        Column("place_squares", FLOAT, "Sum over the pooled tokens of the responses in which it fires of x "
            "squared; x is a token's place in its response, from -1 (the first) to 1. NULL, as the sums that "
            "follow, with extraction.mask_norm_outliers", nullable=True),
        Column("squares", FLOAT, "Sum over these tokens of (a - m) squared: a is the activation, zeros "
            "too, m its mean over the response", nullable=True),
        Column("place_products", FLOAT, "Sum over these tokens of a x", nullable=True),
        Column("place_sum", FLOAT, "Sum of x over the tokens on which the feature is active", nullable=True),
    ),
    made_from=("responses",),
    per_sae=True,
    row_group_size=4_096,
    unbroken="feature_id",
)  # fmt: skip

RESPONSE_VECTORS = Table(
    "response_vectors", "The mean of what an SAE reads, such as the residual stream, over each response's "
    "pooled tokens (extraction.vectors: response); read from the lake",
    columns=(
        RESPONSE_ID,
        VARIANT,
        QUESTION_ID,
        Column("scale", FLOAT, "What vector is to be multiplied by: 1, or a power of two where an activation "
            "is too large for half precision"),
        Column("vector", pa.list_(HALF), "The mean over the pooled tokens, over scale, in half precision: "
            "one number per dimension of the stream"),
    ),
    made_from=("responses",),
    per_sae=True,
    row_group_size=4_096,
    writer={
        "use_dictionary": False,
        "write_statistics": ["response_id"],
    },
)  # fmt: skip

VARIANT_VECTORS = Table(
    "variant_vectors", "The mean of what an SAE reads over a role's responses to each wording, where no "
    "single response's is kept (extraction.vectors: role_variant); read from the lake",
    columns=(
        Column("variant", INT),
        Column("n", INT, "Pooled responses"),
        Column("vector", pa.list_(FLOAT), "The mean over these of each one's mean over its pooled tokens: "
            "one number per dimension of the stream"),
    ),
    made_from=("responses",),
    per_sae=True,
    writer={"use_dictionary": False, "write_statistics": ["variant"]},
)  # fmt: skip

# Unpacked as role_contrasts are.
ROLE_FEATURES = Table(
    "role_features", "Each feature over each role's responses; a feature that never fired in a role has no "
    "row",
    columns=(
        Column("feature_id", INT),
        Column("n_responses", INT, "Pooled responses of the role"),
        Column("n_active_responses", INT, "Pooled responses in which the feature fired on some token"),
        Column("firing_rate", DOUBLE, "n_active_responses / n_responses", packed=False),
        Column("mean", DOUBLE, "Mean over all pooled responses (zeros too) of the mean over tokens",
            unit=ACTIVATION, packed=False),
        Column("max", FLOAT, "The strongest activation on any token", unit=ACTIVATION, packed=False),
        Column("sd", DOUBLE, "Population standard deviation, over all pooled responses, of the mean over "
            "tokens"),
    ),
    made_from=("pooled", "activations"),
    per_sae=True,
)  # fmt: skip
