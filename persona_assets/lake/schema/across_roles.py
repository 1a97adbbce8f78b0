"""The tables that speak of all roles together: the statistics, and the labels of features."""

from __future__ import annotations

from functools import partial

import pyarrow as pa

from persona_assets.lake.schema.table import ACTIVATION, BOOL, DOUBLE, FLOAT, INT, TEXT, Column, Table

ROLE_NAME = pa.dictionary(INT, TEXT)
across_roles = partial(Table, per_sae=True, per_role=False)
_compared = partial(across_roles, made_from=("pooled", "activations"))

# Packed, doubles of measurements would be a sixth smaller. But then a single value costs unpacking the 2,048
# around it, and one feature's in 276 roles lie in as many places: unpacked they are found in half the time.
ROLE_CONTRASTS = _compared(
    "role_contrasts", "Each role against all others, for every feature that fires in any: absences are "
    "effects too. All is about means over a response's tokens; roles left out of comparisons take no part",
    columns=(
        Column("role", ROLE_NAME),
        Column("feature_id", INT),
        Column("share", DOUBLE, "The role's mean over the sum of all roles' means",
            nullable=True, packed=False),
        Column("effect", DOUBLE, "The role's mean less the mean of the middle half of the other roles, on "
            "the same questions; units of SAE activation. NULL where roles share no questions. It compares "
            "means, AUROC ranks: their signs may differ",
            nullable=True, packed=False),
        Column("effect_low", DOUBLE, "Lower end of the effect's 95% interval (t, with an error that "
            "treats wordings and questions as random samples: docs/statistics.md); NULL with one question, "
            "or where fewer than 5 firings are expected and fewer than 15 seen", nullable=True, packed=False),
        Column("effect_high", DOUBLE, "Upper end of the effect's 95% interval", nullable=True, packed=False),
        Column("auroc", DOUBLE, "How often a response of the role has more of it than one of the others, "
            "ties counting half: exact. Longer answers have more of what fires seldom: see length_contrasts",
            nullable=True, packed=False),
        Column("p", DOUBLE, "Two-sided, of no effect: t with the interval's error; where fewer than 5 "
            "firings are expected Fisher's exact test on fired or not, and where there is no interval "
            "Mann-Whitney's, either with the excess of variance between wordings", nullable=True),
        Column("q", DOUBLE, "p adjusted for all features of the role (Benjamini-Hochberg): below 0.05 at "
            "most 5% of such findings in the role are expected to be false; see role_findings",
            nullable=True, packed=False),
        Column("auroc_low", FLOAT, "Lower end of AUROC's 95% interval, which knows wordings as the effect's "
            "does; NULL where the effect has none for want of firings",
            nullable=True, later=True),
        Column("auroc_high", FLOAT, "Upper end of AUROC's 95% interval", nullable=True, later=True),
        Column("min_wording_auroc", FLOAT, "The least AUROC of one of the role's wordings against the other "
            "roles", nullable=True, later=True),
        Column("n_wordings_agree", INT, "How many of the role's wordings have an AUROC on the role's side of "
            "1/2", nullable=True, later=True),
        Column("q_pooled", FLOAT, "p adjusted for all pairs of role and feature", nullable=True, later=True),
        Column("p_relevant", FLOAT, "Of a difference of AUROC from 1/2 of analysis.smallest_effect at most, "
            "with the error of its interval; NULL where that is", nullable=True, later=True),
        Column("q_relevant", FLOAT, "p_relevant adjusted for all features of the role",
            nullable=True, later=True),
        Column("role_rank", INT, "The role's place among the roles by its mean: 1 has most; equal ones share "
            "the best", nullable=True, later=True),
        Column("mean_error", FLOAT, "Standard error of the role's mean, with wordings and questions as "
            "random samples; compare_roles takes it of two roles. NULL where roles share no questions, or "
            "with one question", nullable=True, later=True),
        Column("mean_df", FLOAT, "Its degrees of freedom (Satterthwaite's)", nullable=True, later=True),
    ),
)  # fmt: skip

LENGTH_CONTRASTS = _compared(
    "length_contrasts", "Each role against the others per token, and at equal length: what role_contrasts "
    "says of roles whose answers are longer may be due to that; read from the lake",
    columns=(
        Column("role", ROLE_NAME),
        Column("feature_id", INT),
        Column("token_rate", FLOAT, "Share of the role's tokens on which the feature is active; NULL where "
            "active tokens are not known, as of imported dense files", nullable=True),
        Column("rate_ratio", FLOAT, "token_rate over the mean of the other roles' token rates; NULL where "
            "that is 0", nullable=True),
        Column("rate_ratio_low", FLOAT, "Lower end of the ratio's 95% interval (Fieller's), which treats "
            "wordings and questions as random samples; NULL where fewer than 5 firings are expected",
            nullable=True),
        Column("rate_ratio_high", FLOAT, "Upper end of the ratio's 95% interval", nullable=True),
        Column("rate_p", FLOAT, "Two-sided, that the rates are equal; t with the interval's error",
            nullable=True),
        Column("rate_q", FLOAT, "rate_p adjusted for all features of the role (Benjamini-Hochberg)",
            nullable=True),
        Column("effect_at_length", FLOAT, "role_contrasts.effect less what the role's mean length explains "
            "by the slope within roles; units of SAE activation. NULL where roles share no questions, or "
            "length_overlap is below 0.2", nullable=True),
        Column("effect_at_length_low", FLOAT, "Lower end of its 95% interval; NULL where fewer than 5 "
            "firings are expected", nullable=True),
        Column("effect_at_length_high", FLOAT, "Upper end of its 95% interval", nullable=True),
        Column("length_overlap", FLOAT, "Of the role, how far its answers' lengths are those of the other "
            "roles': 1 alike, 0 where the longest of one are shorter than the shortest of the other (1 - "
            "Kolmogorov and Smirnov's distance)", nullable=True),
    ),
    writer={"use_dictionary": ["role", "length_overlap"], "compression": "none", "compression_level": None},
)  # fmt: skip

FEATURES = _compared(
    "features", "Each of an SAE's features across the compared roles, silent ones included, by the mean over "
    "a response's tokens",
    columns=(
        Column("feature_id", INT),
        Column("alive", BOOL, "Whether it fired in any response"),
        Column("mean", DOUBLE, "Mean of the roles' means", unit=ACTIVATION, nullable=True),
        Column("sd", DOUBLE, "Population standard deviation of the roles' means", nullable=True),
        Column("preferred_role", TEXT, "The role with the largest mean", nullable=True),
        Column("entropy", DOUBLE, "Entropy of the roles' shares over log(number of roles): 1 where all are "
            "alike, 0 where one has all", nullable=True),
        Column("firing_rate", DOUBLE, "Share of all responses in which the feature fired", nullable=True),
        Column("length_correlation", DOUBLE, "Pearson correlation with the number of pooled tokens, over "
            "responses", nullable=True),
        Column("variance_role", DOUBLE, "Share of the variance over responses that roles explain (type I "
            "sums of squares: role, question, variant within role)", nullable=True),
        Column("variance_question", DOUBLE, "Share that questions explain beyond roles; NULL where roles "
            "share no questions", nullable=True),
        Column("variance_variant", DOUBLE, "Share that variants within roles explain beyond both",
            nullable=True),
        Column("variance_residual", DOUBLE, "Share that none of the three explains", nullable=True),
        Column("component_role", DOUBLE, "Share of the variance of one answer that is due to its role: a "
            "variance component. variance_role, a share of the sums of squares, holds a part of the "
            "wordings' too. Below 0 by chance where there is none; NULL where roles share no questions",
            nullable=True, later=True),
        Column("component_question", DOUBLE, "Share due to the question", nullable=True, later=True),
        Column("component_wording", DOUBLE, "Share due to the wording within the role",
            nullable=True, later=True),
        Column("component_role_question", DOUBLE, "Share due to what one role does on one question",
            nullable=True, later=True),
        Column("component_rest", DOUBLE, "Share that is none of these", nullable=True, later=True),
        Column("atlas_alive", BOOL, "Whether the atlas takes it for alive: its column of the role matrix M "
            "is not zero"),
        Column("atlas_mu", DOUBLE, "Mean of M over roles; M is said in atlas_summary.role_matrix_mode",
            nullable=True),
        Column("atlas_sd", DOUBLE, "Population standard deviation of M over roles", nullable=True),
        Column("stability", DOUBLE, "Correlation over roles of what two halves of each role's wordings give "
            "(strategy max: of the means of their maxima); about 0 where only wordings differ. NULL with one "
            "wording", nullable=True),
        Column("pass", BOOL, "Alive, with a role_q below 0.05: it may be on the map. As pass_classic where "
            "atlas.selection is classic, or roles share no questions"),
        Column("score", DOUBLE, "The role's share of the variance of one answer, -1 for those that did not "
            "pass; the highest are selected. Likewise classic", nullable=True),
        Column("role_f", DOUBLE, "F of the role over its wordings and role x question, of means in either "
            "strategy: docs/statistics.md. NULL where roles share no questions, or nothing is repeated",
            nullable=True, later=True),
        Column("role_q", DOUBLE, "F's p adjusted for all features (Benjamini-Hochberg)",
            nullable=True, later=True),
        Column("stability_classic", DOUBLE, "Cosine over roles of the means of two random halves of each "
            "role's responses (strategy max: of the means of their maxima)", nullable=True, later=True),
        Column("pass_classic", BOOL, "Alive, with an atlas_sd not below the median of the alive: half of any "
            "features, of noise too", nullable=True, later=True),
        Column("score_classic", DOUBLE, "stability_classic x atlas_sd, -1 for those that did not pass",
            nullable=True, later=True),
    ),
)  # fmt: skip

# Of the features that passed, so that another map of them needs no other reading of the activations.
ROLE_MATRIX = _compared(
    "role_matrix", "The role matrix M of the features that passed the selection; read from the lake",
    columns=(
        Column("feature_id", INT),
        Column("role", ROLE_NAME),
        Column("value", DOUBLE, "M: the role's mean less what all roles do on the same responses, or log(1 "
            "+ role mean): see atlas_summary.role_matrix_mode"),
        Column("raw", DOUBLE, "The role's mean over its responses (strategy max: its maximum)",
            unit=ACTIVATION),
    ),
)  # fmt: skip

FEATURE_LABELS = across_roles(
    "feature_labels", "Every candidate description of a feature; written by models, and not checked",
    columns=(
        Column("feature_id", INT),
        Column("rank", INT, "The preferred description is 0"),
        Column("description", TEXT),
        Column("source", TEXT, "Where it comes from: cache (a file of the study), api or export "
            "(Neuronpedia), explanation (the study's own: explanations)"),
        Column("model", TEXT, "The model that wrote it, as far as that is known", nullable=True),
        Column("url", TEXT, "The feature's page", nullable=True),
    ),
    made_from=("explanations",),
)  # fmt: skip

# What lands together, made from the same, in this order.
STATISTICS_TABLES = (FEATURES, ROLE_MATRIX, LENGTH_CONTRASTS, ROLE_CONTRASTS)
