"""The tables of what a model says that features are about."""

from __future__ import annotations

from functools import partial

from persona_assets.lake.schema.table import INT, TEXT, Column, Table

# Tables that features' examples are drawn from, and the one that chooses the features.
EXAMPLES = (
    *("responses", "response_spans", "pooled", "activations", "evidence", "drawn_evidence"),
    "role_contrasts",
)

_of_features = partial(Table, per_sae=True, per_role=False)

EXPLANATIONS = _of_features(
    "explanations", "What the model of the study's explanations says that features are about, from excerpts "
    "in which they fire and others in which they are silent (docs/features.md); not checked",
    columns=(
        Column("feature_id", INT),
        Column("text", TEXT, "What it is about, a label of feature_labels; NULL: see why_none. Untrusted",
            nullable=True),
        Column("why_none", TEXT, "Why there is no text", nullable=True),
        Column("answer", TEXT, "The model's answer, where it could not be read; untrusted", nullable=True),
        Column("model", TEXT, "The model that was asked"),
        Column("prompt_hash", TEXT, "Hash of the text that it was asked with, its places not filled in"),
        Column("examples_hash", TEXT, "Hash of the excerpts that it was shown"),
        Column("n_shown", INT, "Excerpts that it was shown in which the feature fires"),
        Column("n_contrast", INT, "Excerpts of other answers to the same questions in which it is silent"),
        Column("asked", TEXT, "Hash of what was asked, and of whom: while it stays the text is kept"),
    ),
    made_from=EXAMPLES,
)  # fmt: skip

# Not a table to ask: the parts of an SAE whose features are being explained. `prompt_hash`: what was asked.
EXPLAINING = _of_features(
    "explaining", "The parts of an SAE whose features are being explained",
    columns=(
        Column("feature_id", INT),
        Column("answer", TEXT),
        Column("prompt_hash", TEXT),
    ),
)  # fmt: skip
