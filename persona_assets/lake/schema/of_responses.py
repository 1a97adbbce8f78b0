"""The tables of what the model answers as each role, with the columns by which an answer is known."""

from __future__ import annotations

import pyarrow as pa

from persona_assets.lake.schema.table import BIGINT, INT, TEXT, VARIANT_STRIDE, Column, Table

# In the footer of a role's responses: what servers called the models that answered, if they said so.
ANSWERED_BY = "persona.answered_by"

_IDENTITY = f"variant * {VARIANT_STRIDE} + question_id"

# Of a file that has all three columns.
IDENTIFIED = (Column("response_id", INT, _IDENTITY), Column("variant", INT), Column("question_id", INT))

# Of a file that has the first alone: the warehouse makes the two others of it.
RESPONSE_ID = Column("response_id", INT, f"{_IDENTITY}: with role the response's identity")
VARIANT = Column("variant", INT, made_of=f"f.response_id // {VARIANT_STRIDE}")
QUESTION_ID = Column("question_id", INT, made_of=f"f.response_id % {VARIANT_STRIDE}")

RESPONSES = Table(
    "responses", "Every response with its prompt; read from the lake",
    columns=(
        RESPONSE_ID,
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

# Few responses think, and then most of a role's do: a role without any has no file.
RESPONSE_SPANS = Table(
    "response_spans", "Where responses of a model that thinks think, and where they answer; any other "
    "response is one answer, and has no row",
    columns=(
        *IDENTIFIED,
        Column("span", INT, "Counts the response's spans from 0"),
        Column("kind", TEXT, "thinking, answer, or other: a channel of gpt-oss for neither"),
        Column("start", INT, "Its first token, counted from 0 in response_token_ids"),
        Column("stop", INT, "The token after its last"),
        Column("text", TEXT, "What it says; untrusted"),
    ),
    made_from=("responses",),
    per_sae=False,
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
