"""The tables of a study's own contrasts: two groups of roles, wordings or questions, compared."""

from __future__ import annotations

from functools import partial

import pyarrow as pa

from persona_assets.lake.schema.table import ACTIVATION, DOUBLE, FLOAT, INT, TEXT, Column, Table

_NAME = pa.dictionary(INT, TEXT)
_contrasts = partial(Table, per_sae=True, per_role=False, made_from=("pooled", "activations"))

CONTRASTS = _contrasts(
    "contrasts", "The study's own contrasts (`contrasts:` in its file): what each compares, and how sure it "
    "can be",
    columns=(
        Column("contrast", TEXT, "Its name in the study's file"),
        Column("kind", TEXT, "What its two groups are of: roles, wordings or questions"),
        Column("unit", TEXT, "What is treated as a random sample within the groups: role, wording (of a "
            "role) or question; the error is made of how much these differ"),
        Column("crossed", TEXT, "What the units are compared on and is treated as a random sample, too: "
            "question, role or wording; NULL where nothing is shared", nullable=True),
        Column("n_group", INT, "Units of the group"),
        Column("n_against", INT, "Units of what it is compared with"),
        Column("n_responses_group", INT, "Pooled responses of the group"),
        Column("n_responses_against", INT, "Pooled responses of what it is compared with"),
        Column("n_more", INT, "Features with q < 0.05 that the group has more of"),
        Column("n_less", INT, "Features with q < 0.05 that it has less of"),
        Column("n_relevant", INT, "Features with q_relevant < 0.05"),
        Column("note", TEXT, "What cannot be told, and why; NULL where nothing is amiss", nullable=True),
    ),
)  # fmt: skip

CONTRAST_GROUPS = _contrasts(
    "contrast_groups", "The units of either group of each of the study's own contrasts",
    columns=(
        Column("contrast", TEXT),
        Column("side", TEXT, "group or against"),
        Column("role", TEXT, "NULL where the unit is a question", nullable=True),
        Column("variant", INT, "The wording's number; NULL where the unit is none", nullable=True),
        Column("question_id", INT, "NULL where the unit is no question", nullable=True),
        Column("n_responses", INT, "Pooled responses of the unit"),
    ),
)  # fmt: skip

CONTRAST_FEATURES = _contrasts(
    "contrast_features", "Each of the study's own contrasts, for every feature that fires in either group. "
    "All is about means over a response's tokens; the macro contrast() shows one in order",
    columns=(
        Column("contrast", _NAME),
        Column("feature_id", INT),
        Column("mean_group", DOUBLE, "Mean of the group's units", unit=ACTIVATION),
        Column("mean_against", DOUBLE, "Mean of the units of what it is compared with", unit=ACTIVATION),
        Column("firing_rate_group", FLOAT, "Share of the group's responses in which the feature fired"),
        Column("firing_rate_against", FLOAT, "The same of what it is compared with"),
        Column("share", DOUBLE, "mean_group over the sum of both means"),
        Column("effect", DOUBLE, "The group's mean less the other's, on the same questions where they share "
            "them; of wordings, within each role. Units of SAE activation"),
        Column("effect_low", DOUBLE, "Lower end of the effect's 95% interval (t, with an error that treats "
            "units and what they are compared on as random samples: docs/statistics.md); NULL where "
            "contrasts.note says why, or where fewer than 5 firings are expected in a group and fewer than "
            "15 seen", nullable=True),
        Column("effect_high", DOUBLE, "Upper end of the effect's 95% interval", nullable=True),
        Column("auroc", DOUBLE, "How often a response of the group has more of it than one of the other, "
            "ties counting half: exact"),
        Column("auroc_low", FLOAT, "Lower end of AUROC's 95% interval, which knows units as the effect's does"
            "; NULL where that is", nullable=True),
        Column("auroc_high", FLOAT, "Upper end of AUROC's 95% interval", nullable=True),
        Column("p", DOUBLE, "Two-sided, of no effect: t with the interval's error; where fewer than 5 "
            "firings are expected in a group, Fisher's exact test on fired or not with the excess of "
            "variance between units. NULL where nothing tells how much units differ", nullable=True),
        Column("q", DOUBLE, "p adjusted for all features of the contrast (Benjamini-Hochberg)",
            nullable=True),
        Column("p_relevant", FLOAT, "Of a difference of AUROC from 1/2 of analysis.smallest_effect at most",
            nullable=True),
        Column("q_relevant", FLOAT, "p_relevant adjusted for all features of the contrast", nullable=True),
        Column("min_unit_auroc", FLOAT, "The least AUROC of one of the group's units against the other"),
        Column("n_units_agree", INT, "How many of the group's units have an AUROC on its side of 1/2"),
        Column("token_rate_group", FLOAT, "Share of its tokens on which the feature is active, mean of the "
            "group's units; NULL where active tokens are not known, as of imported dense files",
            nullable=True),
        Column("token_rate_against", FLOAT, "The same of what it is compared with", nullable=True),
        Column("rate_ratio", FLOAT, "token_rate_group over token_rate_against, on the same questions where "
            "the groups share them; NULL where the latter is 0", nullable=True),
        Column("rate_ratio_low", FLOAT, "Lower end of the ratio's 95% interval (Fieller's), which knows "
            "units as the effect's does; NULL where fewer than 5 firings are expected in a group, or the "
            "other group's rate might be 0", nullable=True),
        Column("rate_ratio_high", FLOAT, "Upper end of the ratio's 95% interval", nullable=True),
        Column("rate_p", FLOAT, "Two-sided, that the rates are equal: t with the interval's error",
            nullable=True),
        Column("rate_q", FLOAT, "rate_p adjusted for all features of the contrast (Benjamini-Hochberg)",
            nullable=True),
    ),
)  # fmt: skip

CONTRAST_TABLES = (CONTRAST_GROUPS, CONTRAST_FEATURES, CONTRASTS)
