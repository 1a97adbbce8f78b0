"""The tables that speak of all roles together."""

from __future__ import annotations

from functools import partial

import pyarrow as pa

from persona_assets.lake.schema.of_roles import ROLE_FEATURES
from persona_assets.lake.schema.table import ACTIVATION, BOOL, DOUBLE, FLOAT, INT, TEXT, Column, Table

_ROLE_NAME = pa.dictionary(INT, TEXT)
_TOP_ROLES = pa.list_(pa.struct([("role", TEXT), ("activation", DOUBLE), ("share", DOUBLE)]))
_across_roles = partial(Table, per_sae=True, per_role=False)
_compared = partial(_across_roles, made_from=("pooled", "activations"))
_mapped = partial(_across_roles, made_from=("features", "role_matrix"))

# Packed, doubles of measurements would be a sixth smaller. But then a single value costs unpacking the 2,048
# around it, and one feature's in 276 roles lie in as many places: unpacked they are found in half the time.
ROLE_CONTRASTS = _compared(
    "role_contrasts", "Each role against all others, for every feature that fires in any: absences are "
    "effects too. All is about means over a response's tokens; roles left out of comparisons take no part",
    columns=(
        Column("role", _ROLE_NAME),
        Column("feature_id", INT),
        Column("share", DOUBLE, "The role's mean over the sum of all roles' means",
            nullable=True, packed=False),
        Column("effect", DOUBLE, "The role's mean less the mean of the middle half of the other roles, on "
            "the same questions; units of SAE activation. NULL where roles share no questions. It compares "
            "means, AUROC ranks: their signs may differ",
            nullable=True, packed=False),
        Column("effect_low", DOUBLE, "Lower end of the effect's 95% interval (t, with an error that "
            "takes wordings and questions for drawn anew: docs/statistics.md); NULL with one question, or "
            "where fewer than 5 firings are expected and fewer than 15 seen", nullable=True, packed=False),
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
    ),
)  # fmt: skip

_by_played = partial(_across_roles, made_from=("pooled", "activations", "judgements"))

PLAYED_ROLES = _by_played(
    "played_roles", "How many answers of each compared role play it: whose rating is analysis.min_score at "
    "least. The anchor plays nothing, and takes part with all of its answers",
    columns=(
        Column("role", TEXT),
        Column("n_responses", INT, "Pooled responses of the role"),
        Column("n_rated", INT, "Those that the judge has rated"),
        Column("n_played", INT, "Those that count as played"),
        Column("share", DOUBLE, "Of the rated ones, the share rated analysis.min_score at least; NULL where "
            "none is rated", nullable=True),
        Column("share_low", DOUBLE, "Lower end of the share's 95% interval, with wordings taken for drawn "
            "anew", nullable=True),
        Column("share_high", DOUBLE, "Upper end of the share's 95% interval", nullable=True),
        Column("takes_part", BOOL, "Whether there are analysis.min_responses of them, so that the role is in "
            "played_features and played_contrasts"),
    ),
)  # fmt: skip

PLAYED_FEATURES = _by_played(
    "played_features", "As role_features, over the answers alone that play their role",
    columns=(Column("role", _ROLE_NAME), *ROLE_FEATURES.columns),
)  # fmt: skip

PLAYED_CONTRASTS = _by_played(
    "played_contrasts", "As role_contrasts, over the answers alone that play their role",
    columns=ROLE_CONTRASTS.columns,
)  # fmt: skip

FIRST_CONTRASTS = _across_roles(
    "first_contrasts", "As role_contrasts, over the first extraction.first_tokens tokens of each response "
    "alone, where all are equally long but those that end before",
    columns=ROLE_CONTRASTS.columns,
    made_from=("pooled", "first_activations"),
)  # fmt: skip

PLAYED_TABLES = (PLAYED_FEATURES, PLAYED_CONTRASTS, PLAYED_ROLES)

ROLE_BASELINES = _across_roles(
    "role_baselines", "How well plain methods tell each role's answers from other roles': every answer is "
    "judged by what was learned from other questions under other wordings",
    columns=(
        Column("role", TEXT),
        Column("method", TEXT, "feature: the best single feature; probe_1, probe_5, probe_20: logistic "
            "regression on so many features; mean_difference: along the difference of the features' means; "
            "words: logistic regression on words and pairs of words (TF-IDF)"),
        Column("auroc", DOUBLE, "How often an answer of the role gets more than one of the others"),
        Column("low", DOUBLE, "Lower end of its 95% interval, with wordings, questions and other roles "
            "taken for drawn anew"),
        Column("high", DOUBLE, "Upper end of its 95% interval"),
        Column("n", INT, "Answers of the role that were judged"),
        Column("n_others", INT, "Answers of other roles, about as many of each"),
        Column("features", pa.list_(INT), "The features that were gone by, the strongest first, of one part "
            "of the answers after another"),
        Column("terms", pa.list_(TEXT), "The words that speak most for the role, likewise"),
    ),
    made_from=("pooled", "activations", "responses"),
)  # fmt: skip

_by_declining = partial(_across_roles, made_from=("pooled", "activations", "responses"))

DECLINED_SCORES = _by_declining(
    "declined_scores", "How far each answer lies towards the anchor's declining answers: a heuristic, not a "
    "judge; an answer that steps out of its role lies there, too (docs/statistics.md)",
    columns=(
        Column("role", _ROLE_NAME),
        Column("response_id", INT),
        Column("matched", BOOL, "Whether its opening is one that declines, by the package's patterns"),
        Column("declined_score", DOUBLE, "Its place on the line from the role's mean, 0, to the anchor's "
            "declining answers', 1, both over other questions; NULL where declined_roles.reason says why, or "
            "too few of them answer other questions", nullable=True),
    ),
)  # fmt: skip

DECLINED_ROLES = _by_declining(
    "declined_roles", "How many answers of each role lie towards the anchor's declining answers: a heuristic",
    columns=(
        Column("role", TEXT),
        Column("n_responses", INT, "Pooled responses of the role"),
        Column("n_matched", INT, "Those whose opening is one that declines, by the package's patterns"),
        Column("n_declining", INT, "The anchor's declining answers: matched ones, or those that "
            "analysis.declining names"),
        Column("n_placed", INT, "Responses of the role that have a declined_score"),
        Column("share", DOUBLE, "Of these, the share with a declined_score above 0.5", nullable=True),
        Column("share_low", DOUBLE, "Lower end of the share's 95% interval, with wordings taken for drawn "
            "anew; it knows nothing of wrong scores", nullable=True),
        Column("share_high", DOUBLE, "Upper end of the share's 95% interval", nullable=True),
        Column("share_found", DOUBLE, "Of the anchor's declining answers, the share above 0.5 when each is "
            "placed by those to other questions: how many such answers are found", nullable=True),
        Column("anchor_score", DOUBLE, "Mean score of the anchor's other answers; near 1 the score tells who "
            "sounds like the anchor, not who declines", nullable=True),
        Column("reason", TEXT, "Why there are no scores", nullable=True),
    ),
)  # fmt: skip

DECLINED_TABLES = (DECLINED_SCORES, DECLINED_ROLES)

LENGTH_CONTRASTS = _compared(
    "length_contrasts", "Each role against the others per token, and at equal length: what role_contrasts "
    "says of roles whose answers are longer may be due to that; read from the lake",
    columns=(
        Column("role", _ROLE_NAME),
        Column("feature_id", INT),
        Column("token_rate", FLOAT, "Share of the role's tokens on which the feature is active; NULL where "
            "active tokens are not known, as of imported dense files", nullable=True),
        Column("rate_ratio", FLOAT, "token_rate over the mean of the other roles' token rates; NULL where "
            "that is 0", nullable=True),
        Column("rate_ratio_low", FLOAT, "Lower end of the ratio's 95% interval (Fieller's), which takes "
            "wordings and questions for drawn anew; NULL where fewer than 5 firings are expected",
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
        Column("role", _ROLE_NAME),
        Column("value", DOUBLE, "M: the role's mean less what all roles do on the same responses, or log(1 "
            "+ role mean): see atlas_summary.role_matrix_mode"),
        Column("raw", DOUBLE, "The role's mean over its responses (strategy max: its maximum)",
            unit=ACTIVATION),
    ),
)  # fmt: skip

# The metrics of a feature on the map, in the order of the interchange formats.
METRICS = (
    "score", "stability", "sd", "mu", "pref_ratio", "active_frac", "cv", "mean_activation", "max_activation",
    "bridge_entropy",
)  # fmt: skip

ATLAS = _mapped(
    "atlas", "The selected features and their places on the map. Distances in it are for navigation; "
    "neighbors come from the full space. M is the role matrix (see role_matrix)",
    columns=(
        Column("feature_id", INT),
        Column("rank", INT, "Place by score, from 1"),
        Column("umap_x", DOUBLE, "UMAP over cosines; NULL where the feature has no place", nullable=True),
        Column("umap_y", DOUBLE, nullable=True),
        Column("pca_x", DOUBLE, "On the first principal component; NULL where there is none", nullable=True),
        Column("pca_y", DOUBLE, nullable=True),
        Column("preferred_role", TEXT, "The role with the largest M"),
        Column("top_roles", _TOP_ROLES, "The three roles with the largest V, the best first: V is M, of "
            "centred M its positive part; share is V over its sum"),
        Column("score", DOUBLE, "features.score: the role's share of the variance of one answer"),
        Column("stability", DOUBLE, "Correlation over roles of what two halves of each role's wordings give; "
            "NULL with one wording", nullable=True),
        Column("sd", DOUBLE, "Population standard deviation of M over roles"),
        Column("mu", DOUBLE, "Mean of M over roles"),
        Column("pref_ratio", DOUBLE, "The largest V over the second (at least 1e-8)", nullable=True),
        Column("active_frac", DOUBLE, "Share of roles with M > 0"),
        Column("cv", DOUBLE, "sd / |mu|; NULL where M is centred, for mu is about 0 then", nullable=True),
        Column("mean_activation", DOUBLE, "Mean over roles of the role's mean (strategy max: maximum)",
            unit=ACTIVATION),
        Column("max_activation", DOUBLE, "The largest of these means over roles"),
        Column("bridge_entropy", DOUBLE, "Entropy of the shares over log(number of roles): 1 where all "
            "roles are alike, 0 where one has all", nullable=True),
    ),
)  # fmt: skip

NEIGHBORS = _mapped(
    "neighbors", "The nearest of each selected feature among the selected: cosine over roles, in the full "
    "space",
    columns=(
        Column("feature_id", INT),
        Column("rank", INT, "Place by similarity; the nearest is 1"),
        Column("neighbor_id", INT, "The feature_id of the neighbor"),
        Column("similarity", DOUBLE, "Cosine of the two features' columns of the role matrix"),
        Column("stable", BOOL, "Whether the neighbor is as near in both halves of the wordings (of the "
            "questions, where there is one wording); NULL where M is not centred", nullable=True, later=True),
    ),
)  # fmt: skip

ROLE_SIMILARITY = _mapped(
    "role_similarity", "Every pair of compared roles, both ways, and each with itself",
    columns=(
        Column("role_a", TEXT),
        Column("role_b", TEXT),
        Column("similarity", DOUBLE, "Cosine of the two roles' rows of the role matrix, each feature over "
            "its noise, over the selected features; NULL for a role that is zero in all", nullable=True),
        Column("crossed_similarity", DOUBLE, "The cosine free of noise, which draws similarity to 0: of "
            "answers that share neither wording nor question. NULL for a role that lies no further from the "
            "mean of all than noise does, and where M is not centred", nullable=True, later=True),
        Column("similarity_low", DOUBLE, "95 % interval of crossed_similarity, wordings and questions drawn "
            "anew; NULL with fewer than three of either", nullable=True, later=True),
        Column("similarity_high", DOUBLE, nullable=True, later=True),
    ),
)  # fmt: skip

ROLE_AXES = _mapped(
    "role_axes", "Positions of the compared roles in the space of the selected features; what is said of an "
    "axis stands beside each role",
    columns=(
        Column("axis", TEXT, "assistant: from the mean of all other roles to the study's anchor; pc1 to "
            "pc10: principal components of roles"),
        Column("role", TEXT),
        Column("position", DOUBLE, "Along the axis, from the mean of all roles, in the unit of "
            "atlas_summary.axes_unit; NULL on the assistant axis where there is none. Where M is centred, "
            "and there are two wordings and questions, of answers that share neither with those the axis is "
            "made of: about 0 without a difference. Else as in_sample", nullable=True),
        Column("position_low", DOUBLE, "95 % interval of position, wordings and questions drawn anew; NULL "
            "with fewer than three of either", nullable=True, later=True),
        Column("position_high", DOUBLE, nullable=True, later=True),
        Column("in_sample", DOUBLE, "The plain projection, which holds the noise that the axis is made of",
            nullable=True, later=True),
        Column("rank", INT, "Place by position, the highest is 1", nullable=True, later=True),
        Column("rank_low", INT, "The highest place that the roles surely above leave, pair by pair at 95 %",
            nullable=True, later=True),
        Column("rank_high", INT, "The lowest place that the roles surely below leave", nullable=True,
            later=True),
        Column("explained_variance", DOUBLE, "The component's share of the variance; NULL for the assistant "
            "axis", nullable=True),
        Column("explained_null", DOUBLE, "The 95th percentile of that share where each feature's roles are "
            "drawn anew (parallel analysis)", nullable=True, later=True),
        Column("cosine_with_assistant", DOUBLE, "The cosine of the two axes; NULL where there is "
            "none. pc1 points as that does", nullable=True),
        Column("anchor_null", DOUBLE, "On the assistant axis: the median position that the other roles have "
            "each as the anchor of an axis to itself", nullable=True, later=True),
        Column("reason", TEXT, "Why there is no assistant axis", nullable=True),
    ),
)  # fmt: skip

ATLAS_SUMMARY = _mapped(
    "atlas_summary", "How the features of each SAE's atlas were selected, and how far its map can be trusted",
    columns=(
        Column("role_matrix_mode", TEXT, "question_centered_mean: role means less what all roles do on the "
            "same responses; log1p_role_mean: log(1 + role mean)"),
        Column("n_roles", INT),
        Column("d_sae", INT, "How many features the SAE has"),
        Column("alive_count", INT, "Features that any role has"),
        Column("pass_count", INT, "Features that may be on the map (features.pass)"),
        Column("selected_count", INT, "The best of these by score: those on the map"),
        Column("sd_threshold", DOUBLE, "The median sd over roles of the alive features, the least to pass "
            "classically", nullable=True),
        Column("criterion", TEXT, "What selected: role_test, or classic", nullable=True, later=True),
        Column("quality_k", INT),
        Column("preservation", DOUBLE, "Share of a feature's quality_k nearest by cosine that are among its "
            "nearest on the map; NULL where there is no map", nullable=True),
        Column("preservation_null", DOUBLE, "That of a map of the features with their roles drawn anew",
            nullable=True, later=True),
        Column("map_stability", DOUBLE, "Share of a feature's quality_k nearest on the map that are so with "
            "another random state of UMAP, over every two of three", nullable=True, later=True),
        Column("neighbors_stable", DOUBLE, "Share of neighbors.stable", nullable=True, later=True),
        Column("neighbor_null", DOUBLE, "The 95th percentile of a feature's cosine with its nearest, with "
            "their roles drawn anew", nullable=True, later=True),
        Column("similarity_null", DOUBLE, "The 95th percentile of a role's similarity with its nearest, with "
            "each feature's roles drawn anew: below it none is near", nullable=True, later=True),
        Column("axes_unit", TEXT, "Of role_axes.position. noise: each feature is over the standard error of "
            "a role's mean; raw: as M, where that is not known", nullable=True, later=True),
        Column("pca_x_explained", DOUBLE, "The first principal component's share of the selected features' "
            "variance over roles; NULL where there is none", nullable=True),
        Column("pca_y_explained", DOUBLE, "The second principal component's share", nullable=True),
        Column("note", TEXT, "To be shown beside every map"),
    ),
)  # fmt: skip

FEATURE_LABELS = _across_roles(
    "feature_labels", "Every candidate description of a feature; written by models, and not checked",
    columns=(
        Column("feature_id", INT),
        Column("rank", INT, "The preferred description is 0"),
        Column("description", TEXT),
        Column("source", TEXT, "Where it comes from: cache (a file of the study), api or export "
            "(Neuronpedia)"),
        Column("model", TEXT, "The model that wrote it, as far as that is known", nullable=True),
        Column("url", TEXT, "The feature's page", nullable=True),
    ),
)  # fmt: skip

# What lands together, made from the same, in this order.
STATISTICS_TABLES = (FEATURES, ROLE_MATRIX, LENGTH_CONTRASTS, ROLE_CONTRASTS)
ATLAS_TABLES = (ATLAS, NEIGHBORS, ROLE_SIMILARITY, ROLE_AXES, ATLAS_SUMMARY)
