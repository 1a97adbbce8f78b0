"""The tables of interventions: answers read, and new ones given, with a stream edited, and what that does."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pyarrow as pa

from persona_assets.lake.schema.of_judges import JUDGING
from persona_assets.lake.schema.table import (
    BIGINT,
    BOOL,
    DOUBLE,
    INT,
    TEXT,
    VARIANT_STRIDE,
    Column,
    Table,
)

_READ = ("responses", "pooled", "activations", "role_features", "role_contrasts")
_of_edits = partial(Table, per_sae=True, per_role=False, made_from=(*_READ, "steered_responses"))

_EDIT = (
    Column("intervention", TEXT, "Its name in the study"),
    Column("role", TEXT, "Whose answers they are"),
    Column("target", TEXT, "What is edited: feature 12, vector of pirate, assistant axis; of controls which"),
    Column("feature_id", INT, "NULL where no feature is edited", nullable=True),
    Column("operation", TEXT, "add, ablate, cap or floor"),
    Column("strength", DOUBLE, "As the study says it: docs/interventions.md has its units"),
)

_KEPT = (
    Column("control", TEXT, "NULL: a target of the study; feature: a random one, as active in the role; "
        "direction: a random one; nothing: an edit of strength 0", nullable=True),
    Column("level", DOUBLE, "What is added to each token's amount, or the bound that it is kept to; NULL "
        "where it is taken away", nullable=True),
)  # fmt: skip
_ASKED = Column("asked", TEXT, "Hash of what decides the row: while it stays the row is kept")

STEERED_RESPONSES = Table(
    "steered_responses", "What the model answers while an SAE's stream is edited, of targets and controls; "
    "read from the lake",
    columns=(
        *_EDIT, *_KEPT,
        Column("response_id", INT, f"variant * {VARIANT_STRIDE} + question_id: with role the plain answer, "
            "in responses, to the same prompt from the same seed"),
        Column("variant", INT, made_of=f"f.response_id // {VARIANT_STRIDE}"),
        Column("question_id", INT, made_of=f"f.response_id % {VARIANT_STRIDE}"),
        Column("question", TEXT, "As it was asked"),
        Column("response", TEXT, "The answer"),
        Column("response_token_ids", pa.list_(INT), "Its tokens, without the one that ended it"),
        Column("n_tokens", INT, "How many these are"),
        Column("finish_reason", TEXT, "stop or length"),
        Column("seed", BIGINT, "Of the random numbers that its tokens are drawn by"),
        Column("unchanged", BOOL, "Whether it has the very tokens of the answer at strength 0"),
        Column("readout", DOUBLE, "Where the answer lies, read without an edit: mean of its tokens' stream "
            "above the last layer, on the way from the other roles' mean (0) to that of the intervention's "
            "role (1), or, where it names none, the one that answers; NULL of one that would not be pooled",
            nullable=True),
        Column("loss", DOUBLE, "Mean negative log-probability of its tokens to the model without an edit: "
            "the logarithm of its perplexity; NULL of one that would not be pooled", unit="nats per token",
            nullable=True),
        Column("repetition", DOUBLE, "Share of its runs of three tokens that it has had before; NULL of an "
            "answer of fewer", nullable=True),
        _ASKED,
        Column("judge", TEXT, "The judge that is asked how well it plays the role that `readout` is of; "
            "NULL where the study has none that is a model, or it does not judge that role", nullable=True,
            later=True),
        Column("score", DOUBLE, "What the judge's answer counts for, as rating in judgements; NULL where it "
            "says none", nullable=True, later=True),
        Column("judged", TEXT, "Hash of what decides the score: while it stays the score is kept",
            nullable=True, later=True),
    ),
    per_sae=True,
    per_role=False,
    made_from=_READ,
)  # fmt: skip

INTERVENTION_READOUTS = _of_edits(
    "intervention_readouts", "What each edit of an SAE's stream does to a given answer (nothing is "
    "generated), targets and controls, answer by answer; read from the lake",
    columns=(
        *_EDIT,
        *_KEPT,
        Column("response_id", INT, f"variant * {VARIANT_STRIDE} + question_id: with role the answer that is "
            "read"),
        Column("question_id", INT, made_of=f"f.response_id % {VARIANT_STRIDE}"),
        Column("n_tokens", INT, "Of the answer"),
        Column("kl", DOUBLE, "How far the model's predictions move: KL divergence of the edited one's next "
            "token from its own, mean over the answer's tokens", unit="nats"),
        Column("readout", DOUBLE, "How far the stream above the last layer moves towards the intervention's "
            "role, or, where it names none, the one whose answers are read; mean over the answer's tokens: 1 "
            "is the way there from the other roles' mean"),
        Column("loss", DOUBLE, "How much less likely the answer's tokens become, mean; NULL of an answer of "
            "one token", unit="nats per token", nullable=True),
        _ASKED,
    ),
)  # fmt: skip

_FOUND = "case when f.q <= 0.05 then 'more than its controls' else 'not surely more than its controls' end"

INTERVENTION_EFFECTS = _of_edits(
    "intervention_effects", "What each target of an intervention does beyond its controls, by metric; to "
    "given answers, and to new ones (docs/interventions.md)",
    columns=(
        *_EDIT,
        Column("metric", TEXT, "kl, readout or loss, of intervention_readouts; answer_readout, answer_loss, "
            "answer_repetition or answer_score, of steered_responses: the answer's less that at strength 0"),
        Column("effect", DOUBLE, "Its mean over questions: of kl and losses in nats per token, of readouts "
            "in ways from the other roles to the role that it is of, of answer_score on the judge's scale"),
        Column("low", DOUBLE, "Lower end of the effect's 95% interval (t over questions, pair by pair); NULL "
            "with one question, and where it is the same to all", nullable=True),
        Column("high", DOUBLE, "Upper end", nullable=True),
        Column("n_questions", INT, "Pairs of an edited and an unedited reading of the same answer, or of two "
            "answers"),
        Column("against", TEXT, "What it is compared with: feature, random features as active in the role; "
            "direction, random directions"),
        Column("n_controls", INT, "How many, pooled over the intervention's targets"),
        Column("control_low", DOUBLE, "The 2.5th percentile of the controls' effects"),
        Column("control_median", DOUBLE, "Their median"),
        Column("control_high", DOUBLE, "Their 97.5th percentile"),
        Column("p", DOUBLE, "(1 + controls that do as much) / (1 + controls): exact where the target is like "
            "them; of all but kl in either direction"),
        Column("q", DOUBLE, "p adjusted over the targets, roles and strengths of the intervention (Benjamini-"
            "Hochberg)"),
        Column("moves", BOOL, "Whether q is at most 0.05", nullable=True,
            made_of="f.q <= 0.05"),
        Column("found", TEXT, "The same in words", nullable=True, made_of=_FOUND),
    ),
)  # fmt: skip

# What lands together, made from the same, in this order.
STEERING_TABLES = (INTERVENTION_READOUTS, INTERVENTION_EFFECTS)

# Not a table to ask: the rows of interventions that are under way.
STEERING = Table(
    "steering", "The parts of an SAE whose interventions are under way",
    columns=tuple(column for column in INTERVENTION_READOUTS.columns if not column.made_of),
    per_sae=True,
    per_role=False,
)  # fmt: skip

# Nor this: steered responses that are under way, before they are compared and judged. Until they are measured
# they have neither readout nor loss.
_COMPARED = ("unchanged", "judge", "score", "judged")
ANSWERING = Table(
    "answering", "The parts of an SAE whose steered responses are under way",
    columns=tuple(
        one for one in STEERED_RESPONSES.columns if not one.made_of and one.name not in _COMPARED
    ),
    per_sae=True,
    per_role=False,
)  # fmt: skip

# Nor this: the parts belong to the SAE, so that no other's landing, nor that of judgements, removes them.
STEERED_JUDGING = replace(
    JUDGING,
    name="steered_judging",
    comment="The parts of an SAE whose steered responses are being judged",
    per_sae=True,
    per_role=False,
)
