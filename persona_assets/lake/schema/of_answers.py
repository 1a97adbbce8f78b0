"""The tables that compare roles by some of their answers, or by plain methods."""

from __future__ import annotations

from functools import partial

import pyarrow as pa

from persona_assets.lake.schema.across_roles import ROLE_CONTRASTS, ROLE_NAME, across_roles
from persona_assets.lake.schema.of_activations import ROLE_FEATURES
from persona_assets.lake.schema.table import BOOL, DOUBLE, INT, TEXT, Column

_by_played = partial(across_roles, made_from=("pooled", "activations", "judgements"))

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
        Column("share_low", DOUBLE, "Lower end of the share's 95% interval, with wordings as a random "
            "sample", nullable=True),
        Column("share_high", DOUBLE, "Upper end of the share's 95% interval", nullable=True),
        Column("takes_part", BOOL, "Whether there are analysis.min_responses of them, so that the role is in "
            "played_features and played_contrasts"),
    ),
)  # fmt: skip

PLAYED_FEATURES = _by_played(
    "played_features", "As role_features, over the answers alone that play their role",
    columns=(Column("role", ROLE_NAME), *ROLE_FEATURES.columns),
)  # fmt: skip

PLAYED_CONTRASTS = _by_played(
    "played_contrasts", "As role_contrasts, over the answers alone that play their role",
    columns=ROLE_CONTRASTS.columns,
)  # fmt: skip

FIRST_CONTRASTS = across_roles(
    "first_contrasts", "As role_contrasts, over the first extraction.first_tokens tokens of each response "
    "alone, where all are equally long but those that end before",
    columns=ROLE_CONTRASTS.columns,
    made_from=("pooled", "first_activations"),
)  # fmt: skip

PLAYED_TABLES = (PLAYED_FEATURES, PLAYED_CONTRASTS, PLAYED_ROLES)

ROLE_BASELINES = across_roles(
    "role_baselines", "How well plain methods tell each role's answers from other roles': every answer is "
    "judged by what was learned from other questions under other wordings",
    columns=(
        Column("role", TEXT),
        Column("method", TEXT, "feature: the best single feature; probe_1, probe_5, probe_20: logistic "
            "regression on so many features; mean_difference: along the difference of the features' means; "
            "residual_difference: along that of response_vectors, where a study keeps them; "
            "words: logistic regression on words and pairs of words (TF-IDF)"),
        Column("auroc", DOUBLE, "How often an answer of the role gets more than one of the others"),
        Column("low", DOUBLE, "Lower end of its 95% interval, with wordings, questions and other roles "
            "as random samples"),
        Column("high", DOUBLE, "Upper end of its 95% interval"),
        Column("n", INT, "Answers of the role that were judged"),
        Column("n_others", INT, "Answers of other roles, about as many of each"),
        Column("features", pa.list_(INT), "The features that were gone by, the strongest first, of one part "
            "of the answers after another"),
        Column("terms", pa.list_(TEXT), "The words that speak most for the role, likewise"),
    ),
    made_from=("pooled", "activations", "responses"),
)  # fmt: skip

_by_declining = partial(across_roles, made_from=("pooled", "activations", "responses"))

DECLINED_SCORES = _by_declining(
    "declined_scores", "How far each answer lies towards the anchor's declining answers: a heuristic, not a "
    "judge; an answer that steps out of its role lies there, too (docs/statistics.md)",
    columns=(
        Column("role", ROLE_NAME),
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
        Column("share_low", DOUBLE, "Lower end of the share's 95% interval, with wordings as a random "
            "sample; it knows nothing of wrong scores", nullable=True),
        Column("share_high", DOUBLE, "Upper end of the share's 95% interval", nullable=True),
        Column("share_found", DOUBLE, "Of the anchor's declining answers, the share above 0.5 when each is "
            "placed by those to other questions: how many such answers are found", nullable=True),
        Column("anchor_score", DOUBLE, "Mean score of the anchor's other answers; near 1 the score tells who "
            "sounds like the anchor, not who declines", nullable=True),
        Column("reason", TEXT, "Why there are no scores", nullable=True),
    ),
)  # fmt: skip

DECLINED_TABLES = (DECLINED_SCORES, DECLINED_ROLES)
