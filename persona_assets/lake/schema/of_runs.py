"""The tables of drift: a run is a conversation that was followed, and a turn one of its answers, from 0."""

from __future__ import annotations

from functools import partial
from typing import Literal, get_args

import pyarrow as pa

from persona_assets.lake.schema.table import BOOL, DOUBLE, FLOAT, INT, TEXT, Column, Table

_of_run = partial(
    Table,
    per_sae=False,
    per_role=False,
    per_run=True,
    made_from=("role_features", "drift_codes", "played_features"),
)

# How far a turn is from the assistant.
DriftScore = Literal["projection", "cosine_axis", "cosine_anchor"]
SCORES: tuple[DriftScore, ...] = get_args(DriftScore)

DRIFT_TURNS = _of_run(
    "drift_turns", "The assistant's messages of each conversation, on the axis from the other roles to the "
    "anchor; higher is more of an assistant",
    columns=(
        Column("turn", INT, "Counts the assistant's messages from 0"),
        Column("message", INT, "Counts all messages from 0: where in drift_runs.conversation"),
        Column("n_tokens", INT, "The message's own tokens, none of the template's"),
        Column("n_active_features", INT, "Features that fire on any of them; NULL in the residual stream, "
            "whose dimensions are none", nullable=True),
        Column("norm", DOUBLE, "Length of the turn's vector before any normalization"),
        Column("projection", DOUBLE, "Projection of the turn's vector on the unit axis", nullable=True),
        Column("projection_low", DOUBLE, "2.5% of spans of as many tokens of the anchor's own responses lie "
            "below: the null band's lower end", nullable=True),
        Column("projection_high", DOUBLE, "97.5% of them lie below: the band's upper end", nullable=True),
        Column("projection_p", DOUBLE, "Share of the anchor's distinct answers, cut to as many tokens and "
            "the turn among them, that project as low; NULL where fewer than 20 are as long", nullable=True,
            later=True),
        Column("projection_run_low", DOUBLE, "At most 5% of runs of as many plain turns have any turn below; "
            "NULL where the anchor has too few distinct answers to say", nullable=True, later=True),
        Column("cosine_axis", DOUBLE, "Cosine with the axis; NULL where no feature fires", nullable=True),
        Column("cosine_axis_low", DOUBLE, nullable=True),
        Column("cosine_axis_high", DOUBLE, nullable=True),
        Column("cosine_axis_p", DOUBLE, nullable=True, later=True),
        Column("cosine_axis_run_low", DOUBLE, nullable=True, later=True),
        Column("cosine_anchor", DOUBLE, "Cosine with the anchor's vector", nullable=True),
        Column("cosine_anchor_low", DOUBLE, nullable=True),
        Column("cosine_anchor_high", DOUBLE, nullable=True),
        Column("cosine_anchor_p", DOUBLE, nullable=True, later=True),
        Column("cosine_anchor_run_low", DOUBLE, nullable=True, later=True),
        Column("nearest_roles", pa.list_(pa.struct([("role", TEXT), ("cosine", DOUBLE)])), "The five roles "
            "with the highest cosine, the highest first"),
        Column("played_projection", DOUBLE, "Projection on the axis from the other roles' answers that play "
            "them, analysis.min_score at least, to the anchor; NULL without that setting, or where nothing "
            "was judged", nullable=True, later=True),
        Column("played_projection_low", DOUBLE, nullable=True, later=True),
        Column("played_projection_high", DOUBLE, nullable=True, later=True),
        Column("played_projection_p", DOUBLE, nullable=True, later=True),
    ),
)  # fmt: skip

DRIFT_TRANSITIONS = _of_run(
    "drift_transitions", "The changes from each of the assistant's messages to the next",
    columns=(
        Column("turn", INT, "The turn that it leads to"),
        Column("previous_turn", INT),
        Column("delta_projection", DOUBLE, "Change of the projection: toward_mass - away_mass",
            nullable=True),
        Column("delta_cosine_axis", DOUBLE, nullable=True),
        Column("delta_cosine_anchor", DOUBLE, nullable=True),
        Column("toward_mass", DOUBLE, "Sum of the contributions towards the assistant"),
        Column("away_mass", DOUBLE, "Sum of the contributions away from the assistant, as a positive number"),
        Column("n_features", INT, "Features whose value changed"),
    ),
)  # fmt: skip

DRIFT_FEATURES = _of_run(
    "drift_features", "Every feature whose value changed from a turn to the next: the contributions of a "
    "transition sum to its delta_projection",
    columns=(
        Column("turn", INT, "The turn that the transition leads to"),
        Column("feature_id", INT),
        Column("delta", DOUBLE, "Change of the feature's value in the space of the run "
            "(drift_runs.transform, centered, l2_normalized)"),
        Column("weight", DOUBLE, "The feature's part of the unit axis: above 0 it speaks for the assistant"),
        Column("contribution", DOUBLE, "delta * weight: what the feature adds to the change of the "
            "projection"),
        Column("share_of_change", DOUBLE, "|delta| over the sum of all |delta| of the transition"),
        Column("share_of_away", DOUBLE, "The feature's part of away_mass; 0 where it does not lead away"),
        Column("direction", TEXT, "activated where delta is above 0, else deactivated"),
        Column("effect", TEXT, "What leads was called; goes in version 0.3", nullable=True),
        Column("leads", TEXT, "toward or away from the assistant; NULL where it does neither",
            nullable=True, made_of="f.effect"),
        Column("rank_by_contribution", INT, "Place by |contribution|, from 1"),
        Column("rank_by_change", INT, "Place by |delta|, from 1: large changes may explain little of the "
            "movement"),
    ),
)  # fmt: skip

DRIFT_TOKENS = _of_run(
    "drift_tokens", "Each token of the assistant's messages, alone on the axis; a turn's projection is not "
    "their mean, for pooling comes before log1p",
    columns=(
        Column("turn", INT),
        Column("token", INT, "Counts the turn's own tokens from 0"),
        Column("token_id", INT),
        Column("piece", TEXT, "The token as text; untrusted. Where tokens share a character it stands at "
            "the one with the largest projection either way, and is empty at the others"),
        Column("projection", DOUBLE, "Projection of the token's own activations, in the space of the run"),
        Column("scaled", DOUBLE, "0 at the turn's 5th percentile, 1 at its 95th, cut off beyond"),
    ),
)  # fmt: skip

# Landed last: the commit mark of a run. Its conversation is kept, so that a run explains itself.
DRIFT_RUNS = _of_run(
    "drift_runs", "Conversations followed away from the assistant, turn by turn; untrusted text",
    columns=(
        Column("name", TEXT),
        Column("sensitive", BOOL, "Whether whoever gave the conversation wants it marked before it is shown"),
        Column("sae", TEXT),
        Column("model", TEXT, "The model that read the conversation"),
        Column("anchor", TEXT, "The assistant's role: the axis points to it"),
        Column("pooling", TEXT, "How a turn's and a role's tokens are pooled: mean or max"),
        Column("transform", TEXT, "What pooled activations go through: log1p or raw"),
        Column("centered", BOOL, "Whether the mean of the roles is subtracted from every vector"),
        Column("l2_normalized", BOOL, "Whether every vector is given length 1"),
        Column("axis", TEXT, "difference: the anchor minus the mean of compared_with; pca: the first "
            "principal component of the roles"),
        Column("space", TEXT, "sae: features that fire; residual: the stream that the SAE reads, where "
            "drift_features has no rows, and a mass is the whole change. NULL of an earlier version: sae",
            nullable=True, later=True),
        Column("axis_cosine", DOUBLE, "Cosine of these two ways to find the axis: far below 1 they tell "
            "different stories"),
        Column("n_roles", INT, "How many roles the reference has"),
        Column("compared_with", pa.list_(TEXT)),
        Column("score", TEXT, "The score shown first: projection, cosine_axis or cosine_anchor"),
        Column("n_turns", INT, "How many messages are the assistant's"),
        Column("n_tokens", INT, "Tokens up to the end of the last answer, template included"),
        Column("n_draws", INT, "Spans of the anchor's responses behind each null band"),
        Column("p", DOUBLE, "How often the anchor's answers, as many as there are turns, have one that "
            "scores as low as the lowest turn: the whole run's p value; NULL where they are too few or too "
            "short", nullable=True, later=True),
        Column("axis_optimism", DOUBLE, "How much higher the anchor's answers project on the axis that they "
            "helped to make; the nulls are free of it. NULL where axis is pca or there is one question",
            nullable=True, later=True),
        Column("n_played_roles", INT, "Roles of the reference that takes played answers alone",
            nullable=True, later=True),
        Column("played_axis_cosine", DOUBLE, "Cosine of its axis with the one over all answers: 1 where it "
            "does not matter which answers play their role", nullable=True, later=True),
        Column("played_p", DOUBLE, "As p, of the projection on that axis", nullable=True, later=True),
        Column("cap_of", TEXT, "The run of the conversation as it is, where this one is under a cap (persona "
            "cap)", nullable=True, later=True),
        Column("cap", TEXT, "read: the same text, which the model read under the cap; answered: it gave the "
            "answers under the cap, and read them without", nullable=True, later=True),
        Column("cap_threshold", DOUBLE, "What the stream's projection on the axis is held at, or above; NULL "
            "of a cap of several layers, each of which has its own", nullable=True, later=True),
        Column("answered_of", TEXT, "The run of the conversation that was given, where what its user says "
            "was answered again (persona cap --answer), under the cap or as the model is", nullable=True,
            later=True),
        Column("confound_norm", DOUBLE, "Pearson correlation of the score with the norm over turns; NULL "
            "with fewer than 8 turns", nullable=True),
        Column("confound_n_active_features", DOUBLE, "Pearson correlation of the score with "
            "n_active_features", nullable=True),
        Column("confound_n_tokens", DOUBLE, "Pearson correlation of the score with n_tokens", nullable=True),
        Column("confound_verdict", TEXT, "By the lower end of the interval of the strongest of the three: "
            "LOW, MODERATE from |r| 0.40 on, HIGH from 0.70 on", nullable=True),
        Column("conversation", pa.list_(pa.struct([("role", TEXT), ("content", TEXT)])), "Its messages in "
            "order"),
    ),
)  # fmt: skip

# Not a table to ask: what fires, token by token, in a conversation's answers (of a run) or in the anchor's
# responses (of a role). A row is a token, also one on which nothing fires.
DRIFT_CODES = Table(
    "drift_codes", "What fires, token by token, in a conversation's answers or in the anchor's responses",
    columns=(
        Column("span", INT),
        Column("token_id", INT),
        Column("feature_ids", pa.list_(INT)),
        Column("activations", pa.list_(FLOAT)),
    ),
    made_from=("responses",),
    per_sae=True,
)  # fmt: skip

# What lands together, made from the same.
DRIFT_TABLES = (DRIFT_TURNS, DRIFT_TRANSITIONS, DRIFT_FEATURES, DRIFT_TOKENS, DRIFT_RUNS)
