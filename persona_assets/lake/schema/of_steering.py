"""The tables of interventions: given answers read with a stream edited, and what that does."""

from __future__ import annotations

from functools import partial

from persona_assets.lake.schema.table import BOOL, DOUBLE, INT, TEXT, VARIANT_STRIDE, Column, Table

_of_edits = partial(
    Table,
    per_sae=True,
    per_role=False,
    made_from=("responses", "pooled", "activations", "role_features", "role_contrasts"),
)

_EDIT = (
    Column("intervention", TEXT, "Its name in the study"),
    Column("role", TEXT, "Whose answers are read"),
    Column("target", TEXT, "What is edited: feature 12, vector of pirate, assistant axis; of controls which"),
    Column("feature_id", INT, "NULL where no feature is edited", nullable=True),
    Column("operation", TEXT, "add, ablate, cap or floor"),
    Column("strength", DOUBLE, "As the study says it: docs/interventions.md has its units"),
)

INTERVENTION_READOUTS = _of_edits(
    "intervention_readouts", "What each edit of an SAE's stream does to a given answer (nothing is "
    "generated), targets and controls, answer by answer; read from the lake",
    columns=(
        *_EDIT,
        Column("control", TEXT, "NULL: a target of the study; feature: a random one, as active in the role; "
            "direction: a random one; nothing: an edit of strength 0", nullable=True),
        Column("level", DOUBLE, "What is added to each token's amount, or the bound that it is kept to; NULL "
            "where it is taken away", nullable=True),
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
        Column("asked", TEXT, "Hash of what decides the row: while it stays the row is kept"),
    ),
)  # fmt: skip

_FOUND = "case when f.q <= 0.05 then 'more than its controls' else 'no more than its controls' end"

INTERVENTION_EFFECTS = _of_edits(
    "intervention_effects", "What each target of an intervention does beyond its controls, by metric; over "
    "given answers (docs/interventions.md)",
    columns=(
        *_EDIT,
        Column("metric", TEXT, "kl, readout or loss, of intervention_readouts"),
        Column("effect", DOUBLE, "Its mean over questions: of kl and loss in nats per token, of readout in "
            "ways from the other roles to the role that it is of"),
        Column("low", DOUBLE, "Lower end of the effect's 95% interval (t over questions, pair by pair); NULL "
            "with one question", nullable=True),
        Column("high", DOUBLE, "Upper end", nullable=True),
        Column("n_questions", INT, "Pairs of an edited and an unedited reading of the same answer"),
        Column("against", TEXT, "What it is compared with: feature, random features as active in the role; "
            "direction, random directions"),
        Column("n_controls", INT, "How many, pooled over the intervention's targets"),
        Column("control_low", DOUBLE, "The 2.5th percentile of the controls' effects"),
        Column("control_median", DOUBLE, "Their median"),
        Column("control_high", DOUBLE, "Their 97.5th percentile"),
        Column("p", DOUBLE, "(1 + controls that do as much) / (1 + controls): exact where the target is like "
            "them; of readout and loss in either direction"),
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
