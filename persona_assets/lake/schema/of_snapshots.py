"""The tables that a snapshot alone has: of the study itself, and sums over what was loaded."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from persona_assets.lake.schema.across_roles import FEATURE_LABELS, ROLE_CONTRASTS
from persona_assets.lake.schema.of_scores import EXPLANATION_SCORES
from persona_assets.lake.schema.table import (
    ACTIVATION,
    BIGINT,
    BOOL,
    DOUBLE,
    INT,
    JSON,
    SAE,
    TEXT,
    TIME,
    Column,
    Table,
)

_of_snapshot = partial(Table, per_sae=False, per_role=False)

STUDY = _of_snapshot(
    "study", "The study that this snapshot is of (one row)",
    columns=(
        Column("name", TEXT),
        Column("settings", JSON, "The study's YAML, defaults filled in; of `engine` only what changes the "
            "numbers"),
        Column("published_at", TIME, "When this snapshot was made, UTC"),
        Column("lake", TEXT, "The lake's root at that time; the paths in lake_files are relative to it"),
        Column("default_system_prompt", TEXT, "What the model's chat template inserts where no system "
            "message is sent; NULL where that is nothing, or not known. Untrusted", nullable=True),
    ),
)  # fmt: skip

SAES = _of_snapshot(
    "saes", "The study's sparse autoencoders: a SAELens release and id, or a directory",
    columns=(
        Column("position", INT, "Order in the study's YAML; macros use position 0 unless sae is given"),
        Column("sae", TEXT, "The SAE's name in this study"),
        Column("release", TEXT, nullable=True),
        Column("id", TEXT, nullable=True),
        Column("path", TEXT, nullable=True),
        Column("neuronpedia_id", TEXT, nullable=True),
        Column("d_sae", INT, "The SAE's number of features; NULL where its configuration is not on this "
            "machine's disk", nullable=True),
    ),
)  # fmt: skip

ROLES = _of_snapshot(
    "roles", "The study's roles, and which of their data are in this snapshot: only fresh ones",
    columns=(
        Column("role", TEXT),
        Column("status", TEXT, "fresh: all data fit today's settings; stale: some were made under others; "
            "missing: some are not there. The worst of the stages"),
        Column("responses_status", TEXT, "fresh, stale or missing"),
        Column("activations_status", TEXT, "fresh, stale or missing; the worst over the SAEs"),
        Column("role_features_status", TEXT, "fresh, stale or missing; the worst over the SAEs"),
        Column("n_prompts", INT, "Variants x questions: how many responses the role should have"),
        Column("n_responses", INT, "How many responses of the role are in this snapshot"),
        Column("excluded", BOOL, "Left out of comparisons (analysis.exclude)"),
        Column("eval_prompt", TEXT, "What a judge is asked about the role's responses", nullable=True),
    ),
)  # fmt: skip

INSTRUCTIONS = _of_snapshot(
    "instructions", "The instruction variants that were asked for, by role",
    columns=(
        Column("role", TEXT),
        Column("variant", INT),
        Column("instruction", TEXT, "As the role's file has it"),
        Column("system_prompt", TEXT, "As the model saw it, {model_name} filled in; NULL where it is empty "
            "and no system message is sent", nullable=True),
    ),
)  # fmt: skip

QUESTIONS = _of_snapshot(
    "questions", "The questions that the roles are asked",
    columns=(
        Column("role", TEXT, "NULL where every role is asked the same; else the role the question belongs "
            "to", nullable=True),
        Column("question_id", INT),
        Column("question", TEXT),
    ),
)  # fmt: skip

LAKE_FILES = _of_snapshot(
    "lake_files", "The Parquet files this snapshot stands on; the views read exactly these",
    columns=(
        Column("table_name", TEXT),
        Column("sae", TEXT, nullable=True),
        Column("role", TEXT, nullable=True),
        Column("path", TEXT, "Relative to the lake's root"),
        Column("fingerprint", TEXT, "The file's identity: a hash of everything that decided its content"),
        Column("n_rows", BIGINT),
        Column("bytes", BIGINT),
        Column("modified", TIME, "When the file was written, UTC"),
    ),
)  # fmt: skip

# So that a question about one role need not read all of them.
FEATURE_TOTALS = _of_snapshot(
    "feature_totals", "Sums of role_features over the roles that take part in comparisons; top_features "
    "divides them by the number of roles",
    columns=(
        Column("sae", TEXT),
        Column("feature_id", INT),
        Column("mean", DOUBLE, "Sum of role_features.mean", unit=ACTIVATION),
        Column("firing_rate", DOUBLE, "Sum of role_features.firing_rate"),
    ),
    made_from=("role_features",),
)  # fmt: skip

# What stands with a label of its first score, NULL where it was never scored.
_AT_LABEL = tuple(
    replace(column, name=f"label_{column.name}", nullable=True, made_of=None)
    for column in EXPLANATION_SCORES.columns
    if column.name in ("scorer", "score", "low", "high", "q", "worth")
)

PREFERRED_LABELS = _of_snapshot(
    "preferred_labels", "The preferred description of each feature that has one, as feature_labels has it; "
    "written by a model, and not checked but by explanation_scores, whose first scorer's score stands here",
    columns=(
        SAE,
        *(column for column in FEATURE_LABELS.columns if column.name != "rank"),
        *_AT_LABEL,
    ),
    made_from=("feature_labels", "explanation_scores"),
)  # fmt: skip

ROLE_ADHERENCE = _of_snapshot(
    "role_adherence", "How well each role is played, by judge, by the ratings of its answers (judgements)",
    columns=(
        Column("role", TEXT),
        Column("judge", TEXT),
        Column("n_responses", INT, "Responses of the role that the judge has a row for"),
        Column("n_unrated", INT, "Those without a rating; they count in no mean"),
        Column("rating", DOUBLE, "Mean rating", nullable=True),
        Column("lowest_variant", DOUBLE, "The lowest of the means of the role's variants", nullable=True),
        Column("highest_variant", DOUBLE, "The highest of the means of the role's variants", nullable=True),
        Column("share_top", DOUBLE, "Share of the scores that are the scale's highest", nullable=True),
        Column("scale_mass", DOUBLE, "Mean probability of the scale's tokens", nullable=True),
        Column("share_by_text", DOUBLE, "Of the answers whose probabilities the judge gave, the share rated "
            "by its text", nullable=True),
    ),
    made_from=("judgements",),
)  # fmt: skip

CONTRASTS_BY_ANSWERS = _of_snapshot(
    "contrasts_by_answers", "role_contrasts and played_contrasts together: over all answers, and over those "
    "that play their role",
    columns=(Column("answers", TEXT, "all or played"), SAE, *ROLE_CONTRASTS.columns),
    made_from=("role_contrasts", "played_contrasts"),
)  # fmt: skip

LEAST_DISTINCT = 0.9  # share of a role's answers that must differ, or its wordings are no draws of their own

ROLE_ANSWERS = _of_snapshot(
    "role_answers", "How many of each role's answers were cut off, are lacking, or repeat another",
    columns=(
        Column("role", TEXT),
        Column("n_responses", INT, "How many responses of the role are in this snapshot"),
        Column("n_cut_off", INT, "How many reached generation.max_tokens; NULL where nobody noted it, as of "
            "imported ones", nullable=True),
        Column("share_cut_off", DOUBLE, "n_cut_off / n_responses", nullable=True),
        Column("n_thinking", INT, "How many think before they answer, as response_spans has it"),
        Column("n_without_answer", INT, "How many of those end within their thinking, and are not pooled"),
        Column("n_distinct", INT, "Answers that differ from every other of the role to the same question, "
            "those that are equal counted once"),
        Column("share_distinct", DOUBLE, f"n_distinct / n_responses; below {LEAST_DISTINCT:g} wordings "
            "repeat one another"),
        Column("n_effective", DOUBLE, "How many answers count, m equal ones to a question as one: "
            "n_responses squared over the sum of m squared"),
    ),
    made_from=("responses", "response_spans"),
)  # fmt: skip

ROLE_FINDINGS = _of_snapshot(
    "role_findings", "How many features set each compared role apart, and whether any does: roles are chosen "
    "first, then features within them (Benjamini and Bogomolov 2014)",
    columns=(
        SAE,
        Column("role", TEXT),
        Column("n_tested", INT, "Features with a p in role_contrasts"),
        Column("simes_p", DOUBLE, "Simes' p that no feature sets the role apart: its smallest q",
            nullable=True),
        Column("simes_q", DOUBLE, "simes_p adjusted for all roles (Benjamini-Hochberg); a role is chosen "
            "below 0.05", nullable=True),
        Column("level", DOUBLE, "What q is held against in the role: 0.05 x the share of roles that are "
            "chosen; NULL for a role that is not", nullable=True),
        Column("n_more", INT, "Features with q up to the level of which the role's answers have more"),
        Column("n_less", INT, "Features with q up to the level of which they have less"),
        Column("n_relevant", INT, "Features of both kinds whose q_relevant is up to the level, too: that "
            "differ by more than analysis.smallest_effect"),
    ),
    made_from=("role_contrasts",),
)  # fmt: skip

# Views of tables of the snapshot: `sql/views/`.
DERIVED = (PREFERRED_LABELS, ROLE_ADHERENCE, ROLE_ANSWERS, ROLE_FINDINGS, CONTRASTS_BY_ANSWERS)

# Its macros, in the order in which one may use another: `sql/macros/`.
MACROS = (
    "chosen_sae",
    "known_sae",
    "known_feature",
    "known_role",
    "which_roles",
    "no_order",
    "distinctness",
    "peak_of",
    "excerpt_of",
    "edits_of",
    "top_features",
    "persona_features",
    "top_responses",
    "silent_responses",
    "when_played",
    "in_first_tokens",
    "known_contrast",
    "contrast",
    "t_of_95",
    "p_of_t",
    "compare_roles",
    "response_features",
    "search_labels",
    "feature_logits_of",
    "features_that_promote",
    "feature_density",
    "token_histogram",
    "feature_position",
    "feature_shape",
    "features_of_token",
    "responses_over_range",
    "evidence_over_range",
    "echoes",
    "drift_against_plain",
    "roles_on_both_axes",
    "features_along_the_axis",
)

# Filled from what the study says; the others from files of the lake.
SMALL_TABLES = (STUDY, SAES, ROLES, INSTRUCTIONS, QUESTIONS, LAKE_FILES)
