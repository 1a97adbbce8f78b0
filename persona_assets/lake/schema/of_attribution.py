"""The tables of what features do to a role's answers, by the model's gradient."""

from __future__ import annotations

from functools import partial

from persona_assets.lake.schema.table import DOUBLE, INT, Column, Table

_of_role = partial(Table, per_sae=True, made_from=("responses",))

FEATURE_ATTRIBUTION = _of_role(
    "feature_attribution",
    "By which features a role's prompt makes the role's own answers likelier, to first "
    "order (attribution in the study); not yet what they cause (docs/features.md)",
    columns=(
        Column("feature_id", INT, "Features that are active in an answer, after either prompt"),
        Column("attribution", DOUBLE, "Summed over an answer's tokens: the activation after the role's "
            "prompt less that after the anchor's, times the gradient, after the role's prompt, of the "
            "answer's log-probability along the feature's direction; mean over answers, in nats"),
        Column("low", DOUBLE, "95 % interval, wordings and questions as random samples; NULL with fewer than "
            "three of either", nullable=True),
        Column("high", DOUBLE, nullable=True),
        Column("n", INT, "Answers of the role that were attributed"),
        Column("n_active", INT, "Those in which the feature is active, after either prompt"),
    ),
)  # fmt: skip

ATTRIBUTION_CHECKS = _of_role(
    "attribution_checks",
    "How well the gradient foretells in each role what an answer's log-probability loses "
    "where one feature is taken out of its tokens",
    columns=(
        Column("spearman", DOUBLE, "Spearman's correlation of activation x gradient with what is lost, over "
            "pairs of a feature and an answer drawn by lot", nullable=True),
        Column("low", DOUBLE, "95 % interval, wordings and questions as random samples; NULL with fewer than "
            "three of either", nullable=True),
        Column("high", DOUBLE, nullable=True),
        Column("n", INT, "Such pairs"),
        Column("n_answers", INT, "Answers that they are of"),
    ),
)  # fmt: skip

# What lands together, made from the same, in this order.
ATTRIBUTION_TABLES = (ATTRIBUTION_CHECKS, FEATURE_ATTRIBUTION)
