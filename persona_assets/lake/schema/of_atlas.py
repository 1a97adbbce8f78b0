"""The tables of the atlas: the map of the selected features, and the roles compared in them."""

from __future__ import annotations

from functools import partial

import pyarrow as pa

from persona_assets.lake.schema.across_roles import across_roles
from persona_assets.lake.schema.table import ACTIVATION, BOOL, DOUBLE, INT, TEXT, Column

_TOP_ROLES = pa.list_(pa.struct([("role", TEXT), ("activation", DOUBLE), ("share", DOUBLE)]))
_mapped = partial(across_roles, made_from=("features", "role_matrix"))

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
        Column("similarity_low", DOUBLE, "95 % interval of crossed_similarity, wordings and questions as "
            "random samples; NULL with fewer than three of either", nullable=True, later=True),
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
        Column("position_low", DOUBLE, "95 % interval of position, wordings and questions as random "
            "samples; NULL with fewer than three of either", nullable=True, later=True),
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
            "shuffled (parallel analysis)", nullable=True, later=True),
        Column("cosine_with_assistant", DOUBLE, "The cosine of the two axes; NULL where there is "
            "none. pc1 points as that does", nullable=True),
        Column("anchor_null", DOUBLE, "On the assistant axis: the median position that the other roles have "
            "each as the anchor of an axis to itself", nullable=True, later=True),
        Column("reason", TEXT, "Why there is no assistant axis", nullable=True),
        Column("played_position", DOUBLE, "As position, on the assistant axis made of the answers that play "
            "their role (analysis.min_score), of all of the anchor's, from the mean of the roles that take "
            "part; a role whose answers all play it is where it was. NULL without that setting, on other "
            "axes, where M is not centred, and of a role with fewer than analysis.min_responses such answers "
            "or with such answers under fewer than three wordings", nullable=True, later=True),
        Column("played_position_low", DOUBLE, "95 % interval of played_position", nullable=True, later=True),
        Column("played_position_high", DOUBLE, nullable=True, later=True),
        Column("played_rank", INT, "As rank, among the roles that take part", nullable=True, later=True),
        Column("played_rank_low", INT, nullable=True, later=True),
        Column("played_rank_high", INT, nullable=True, later=True),
        Column("played_axis_cosine", DOUBLE, "Cosine of that axis with the one over all answers: 1 where it "
            "does not matter which answers play their role", nullable=True, later=True),
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
        Column("preservation_null", DOUBLE, "That of a map of the features with their roles shuffled",
            nullable=True, later=True),
        Column("map_stability", DOUBLE, "Share of a feature's quality_k nearest on the map that are so with "
            "another random state of UMAP, over every two of three", nullable=True, later=True),
        Column("neighbors_stable", DOUBLE, "Share of neighbors.stable", nullable=True, later=True),
        Column("neighbor_null", DOUBLE, "The 95th percentile of a feature's cosine with its nearest, with "
            "their roles shuffled", nullable=True, later=True),
        Column("similarity_null", DOUBLE, "The 95th percentile of a role's similarity with its nearest, with "
            "each feature's roles shuffled: below it none is near", nullable=True, later=True),
        Column("axes_unit", TEXT, "Of role_axes.position. noise: each feature is over the standard error of "
            "a role's mean; raw: as M, where that is not known", nullable=True, later=True),
        Column("pca_x_explained", DOUBLE, "The first principal component's share of the selected features' "
            "variance over roles; NULL where there is none", nullable=True),
        Column("pca_y_explained", DOUBLE, "The second principal component's share", nullable=True),
        Column("note", TEXT, "To be shown beside every map"),
    ),
)  # fmt: skip

ATLAS_TABLES = (ATLAS, NEIGHBORS, ROLE_SIMILARITY, ROLE_AXES, ATLAS_SUMMARY)
