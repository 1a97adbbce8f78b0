"""The tables of what labels are worth to a model that reads them."""

from __future__ import annotations

from functools import partial

from persona_assets.lake.schema.of_explanations import EXAMPLES
from persona_assets.lake.schema.table import DOUBLE, INT, TEXT, Column, Table

_of_labels = partial(Table, per_sae=True, per_role=False)

# The words for a score, wherever its label stands.
_WORTH = (
    "case when f.score is not null then concat(case when f.q <= 0.05 then '' else 'not better than chance: ' "
    "end, format('{} {:.2f} ({:.2f} to {:.2f})', f.scorer, f.score, f.low, f.high)) end"
)

EXPLANATION_SCORES = _of_labels(
    "explanation_scores", "How well each label foretells its feature, to a model that reads it: by scorer, "
    "on excerpts of answers to questions that no example shown came from (docs/features.md)",
    columns=(
        Column("feature_id", INT),
        Column("source", TEXT, "The label's, as feature_labels has it"),
        Column("description", TEXT, "The label; untrusted"),
        Column("scorer", TEXT, "detection: in which excerpts the feature fires; fuzzing: whether the marked "
            "tokens are those on which it fires"),
        Column("position", INT, "Order of the scorers in the study's YAML; labels stand with the score at 0"),
        Column("score", DOUBLE, "Balanced accuracy of the model's answers; 1/2 is chance. NULL: see "
            "why_unscored", nullable=True),
        Column("low", DOUBLE, "Lower end of the 95% interval", nullable=True),
        Column("high", DOUBLE, "Upper end", nullable=True),
        Column("p", DOUBLE, "That of answers which have nothing to do with the truth, one-sided (Fisher's "
            "exact test)", nullable=True),
        Column("q", DOUBLE, "p adjusted over all labels that the scorer was asked about (Benjamini-"
            "Hochberg); above 0.05 a label is not better than chance", nullable=True),
        Column("worth", TEXT, "The score and its interval in words; it says so where the label is not better "
            "than chance", nullable=True, made_of=_WORTH),
        Column("n", INT, "Excerpts that were asked about"),
        Column("n_firing", INT, "Those in which the feature fires (fuzzing: whose marks are right)"),
        Column("n_unparsed", INT, "Those whose answer could not be read; they count as wrong"),
        Column("n_left_out", INT, "Excerpts at hand that the model could not be shown: they hold its control "
            "tokens, or no token to mark"),
        Column("why_unscored", TEXT, "Why there is no score", nullable=True),
        Column("scored_by", TEXT, "The model that was asked"),
        Column("asked", TEXT, "Hash of what was asked, and of whom: while it stays the score is kept"),
    ),
    made_from=(*EXAMPLES, "feature_labels"),
)  # fmt: skip

# Not a table to ask: the parts of an SAE whose labels are being scored. `prompt_hash`: what was asked.
SCORING = _of_labels(
    "scoring", "The parts of an SAE whose labels are being scored",
    columns=(
        Column("number", INT),
        Column("text", TEXT),
        Column("prompt_hash", TEXT),
    ),
)  # fmt: skip
