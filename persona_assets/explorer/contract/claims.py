"""Claims on a role and a feature, each with its interval, its wordings, and what stays at equal length."""

from __future__ import annotations

from persona_assets.explorer.contract.shapes import rows_of, table_of
from persona_assets.lake.schema import (
    LENGTH_CONTRASTS,
    PLAYED_ROLES,
    ROLE_ADHERENCE,
    ROLE_CONTRASTS,
    ROLE_FEATURES,
    ROLE_FINDINGS,
)

_COMPARED = (
    "effect",
    "effect_low",
    "effect_high",
    "auroc",
    "auroc_low",
    "auroc_high",
    "n_wordings_agree",
    "min_wording_auroc",
    "q",
    "q_relevant",
    "role_rank",
)
_AT_LENGTH = (
    "rate_ratio",
    "rate_ratio_low",
    "rate_ratio_high",
    "effect_at_length",
    "effect_at_length_low",
    "effect_at_length_high",
    "length_overlap",
)
_CLAIM = ("feature_id", "mean", "firing_rate", *_COMPARED, *_AT_LENGTH)
BY_FEWER = ("played_effect", "first_effect", "first_effect_low", "first_effect_high")
_BY_FEWER = dict.fromkeys(BY_FEWER, float | None)
_ALSO = {"label": str | None} | _BY_FEWER

RoleOfFeature = rows_of(
    "RoleOfFeature",
    "A feature in a role that was measured, whether or not it fires there.",
    ROLE_FEATURES,
    ROLE_CONTRASTS,
    leave=("feature_id", "sd", "p"),
    also={"n_wordings": int} | _BY_FEWER,
)
LengthOfRole = rows_of(
    "LengthOfRole",
    "A feature in a role that is compared, per token and at equal length.",
    LENGTH_CONTRASTS,
    only=("role", *_AT_LENGTH),
)
FeatureOfRole = rows_of(
    "FeatureOfRole",
    "A feature of a role.",
    ROLE_FEATURES,
    ROLE_CONTRASTS,
    LENGTH_CONTRASTS,
    only=_CLAIM,
    also=_ALSO,
)
FeatureInOrder = rows_of(
    "FeatureInOrder",
    "A feature of a role in an order of one's choice, with the values of the orders that have no column.",
    ROLE_FEATURES,
    ROLE_CONTRASTS,
    LENGTH_CONTRASTS,
    only=_CLAIM,
    also=_ALSO | {"distinctness": float | None, "lift": float | None, "score": float | None},
)
FeaturesOfRole = table_of(
    "FeaturesOfRole",
    "Every feature that fires in the role or has a contrast; for comparing.",
    ROLE_FEATURES,
    ROLE_CONTRASTS,
    only=(
        "feature_id",
        "mean",
        "n_responses",
        "firing_rate",
        "effect",
        "n_wordings_agree",
        "mean_error",
        "mean_df",
    ),
)

Adherence = rows_of(
    "Adherence",
    "How well a role is played in the eyes of a judge; `highest` is the top of its scale.",
    ROLE_ADHERENCE,
    only=("role", "judge", "n_responses", "n_unrated", "rating", "lowest_variant", "highest_variant"),
    also={"highest": int},
)

PlayedRole = rows_of("PlayedRole", "How many answers play the role.", PLAYED_ROLES)

Findings = rows_of("Findings", "How many features set a role apart.", ROLE_FINDINGS, leave=("sae",))
