"""The tables of which every role has files of its own."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from persona_assets.lake.kept import FIRST_TOKEN_BIN, N_DRAWN, N_TOKEN_BINS
from persona_assets.lake.schema.table import (
    ACTIVATION,
    BIGINT,
    BOOL,
    DOUBLE,
    FLOAT,
    HALF,
    INT,
    TEXT,
    VARIANT_STRIDE,
    Column,
    Table,
)

# In the footer of a role's responses: what servers called the models that answered, if they said so.
ANSWERED_BY = "persona.answered_by"

_IDENTITY = f"variant * {VARIANT_STRIDE} + question_id"
_IDENTIFIED = (Column("response_id", INT, _IDENTITY), Column("variant", INT), Column("question_id", INT))
_RESPONSE_ID = Column("response_id", INT, f"{_IDENTITY}: with role the response's identity")
_VARIANT = Column("variant", INT, made_of=f"f.response_id // {VARIANT_STRIDE}")
_QUESTION_ID = Column("question_id", INT, made_of=f"f.response_id % {VARIANT_STRIDE}")

RESPONSES = Table(
    "responses", "Every response with its prompt; read from the lake",
    columns=(
        _RESPONSE_ID,
        Column("variant", INT),
        Column("question_id", INT),
        Column("system_prompt", TEXT, "NULL where no system message was sent", nullable=True),
        Column("question", TEXT),
        Column("response", TEXT),
        Column("prompt_token_ids", pa.list_(INT), "The ids the model was given, template included"),
        Column("response_token_ids", pa.list_(INT), "The ids it answered, the stop token not among them"),
        Column("token_source", TEXT, "generated: the sampled ids; tokenized: made from text, imported or of "
            "a server that gave no ids"),
        Column("n_prompt_tokens", INT),
        Column("n_response_tokens", INT),
        Column("finish_reason", TEXT, "stop, or length where max_tokens was reached", nullable=True),
        Column("seed", BIGINT, "The response's own random seed", nullable=True),
        Column("origin", TEXT, "The backend that generated it, or imported"),
    ),
    per_sae=False,
)  # fmt: skip

# Below so much probability of the scale's tokens a judge was about to say something else: its text counts.
LEAST_MASS = 0.5
_BY_TEXT = f"f.scale_mass < {LEAST_MASS}"
RATING = f"case when f.scale_mass >= {LEAST_MASS} then f.expected else f.score end"


def rating(score: int | None, expected: float | None, scale_mass: float | None) -> float | None:
    """Return what a judge's answer counts for, as `RATING` does in SQL."""
    return expected if scale_mass is not None and scale_mass >= LEAST_MASS else score


JUDGEMENTS = Table(
    "judgements", "What each judge of the study says of a role's responses, one row per response and judge",
    columns=(
        *_IDENTIFIED,
        Column("judge", TEXT, "The judge's name in the study"),
        Column("score", INT, "The score that the judge's answer names; NULL where it names none of the scale",
            nullable=True),
        Column("expected", DOUBLE, "Mean of the scale's scores by the judge's probabilities of their tokens; "
            "NULL where it gives none", nullable=True),
        Column("scale_mass", DOUBLE, "The probability that those tokens have together: a small one says that "
            "the judge was about to say something else", nullable=True),
        Column("text", TEXT, "What the judge answered, untrusted; NULL where it was not asked, since the "
            "response holds a control token of the judge's model, or where scores are read from a file",
            nullable=True),
        Column("rating", DOUBLE, f"What the answer counts for: expected where scale_mass is at least "
            f"{LEAST_MASS}, else score", nullable=True, made_of=RATING),
        Column("by_text", BOOL, "Whether the judge gave probabilities, and yet its text is the rating",
            nullable=True, made_of=_BY_TEXT),
    ),
    made_from=("responses",),
    per_sae=False,
)  # fmt: skip

# Few responses think, and then most of a role's do: a role without any has no file.
RESPONSE_SPANS = Table(
    "response_spans", "Where responses of a model that thinks think, and where they answer; any other "
    "response is one answer, and has no row",
    columns=(
        *_IDENTIFIED,
        Column("span", INT, "Counts the response's spans from 0"),
        Column("kind", TEXT, "thinking, answer, or other: a channel of gpt-oss for neither"),
        Column("start", INT, "Its first token, counted from 0 in response_token_ids"),
        Column("stop", INT, "The token after its last"),
        Column("text", TEXT, "What it says; untrusted"),
    ),
    made_from=("responses",),
    per_sae=False,
)  # fmt: skip

POOLED = Table(
    "pooled", "Which responses were pooled; those with excluded_reason NULL are every rate's denominator",
    columns=(
        *_IDENTIFIED,
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
        _RESPONSE_ID,
        _VARIANT,
        _QUESTION_ID,
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
        _RESPONSE_ID,
        _VARIANT,
        _QUESTION_ID,
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
        _RESPONSE_ID,
        _VARIANT,
        _QUESTION_ID,
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

# Not a table to ask: the parts of a role whose responses are under way. `prompt_hash`: what was asked.
IN_FLIGHT = Table(
    "in_flight", "The parts of a role whose responses are under way",
    columns=(
        Column("response_id", INT),
        Column("token_ids", pa.list_(INT)),
        Column("text", TEXT),
        Column("finish_reason", TEXT),
        Column("token_source", TEXT),
        Column("answered_by", TEXT),
        Column("prompt_hash", TEXT),
    ),
    per_sae=False,
)  # fmt: skip

# Not a table to ask either: the parts of a role whose responses are being judged.
JUDGING = Table(
    "judging", "The parts of a role whose responses are being judged",
    columns=(
        Column("response_id", INT),
        Column("score", INT),
        Column("expected", DOUBLE),
        Column("scale_mass", DOUBLE),
        Column("text", TEXT),
        Column("prompt_hash", TEXT),
    ),
    per_sae=False,
)  # fmt: skip
