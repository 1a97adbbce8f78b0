"""What the pages of the study, its features and its roles are made of."""

from __future__ import annotations

from typing import Literal, NotRequired

from persona_assets.explorer.contract.shapes import Answer, rows_of, table_of
from persona_assets.lake.schema import (
    ATLAS,
    ATLAS_SUMMARY,
    FEATURES,
    LENGTH_CONTRASTS,
    PLAYED_ROLES,
    ROLE_ADHERENCE,
    ROLE_CONTRASTS,
    ROLE_FEATURES,
    ROLE_FINDINGS,
    SAE_FIT,
)

# Columns of features in no list of them.
NOT_SHOWN = (
    *("alive", "atlas_alive", "atlas_mu", "atlas_sd", "pass"),
    *("stability_classic", "pass_classic", "score_classic"),
)

_Compared = (
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


class Problem(Answer):
    """Every answer other than 200."""

    error: str
    """One line: what, where, the remedy."""
    waits: NotRequired[bool]
    """True: for a first publication, and nothing is wrong."""
    line: NotRequired[int]
    """Of SQL: where the error is, from 1; so is `column`."""
    column: NotRequired[int]


class Sae(Answer):
    """One of the study's sparse autoencoders."""

    sae: str
    source: str
    """SAELens release and id, or a folder's name."""
    model: str
    """The model that reads the responses."""
    d_sae: int | None
    n_alive: int | None
    """Null: statistics are not computed yet."""
    has_atlas: bool


class RoleEntry(Answer):
    """A role, and how far it has come."""

    role: str
    status: Literal["fresh", "stale", "missing"]
    n_responses: int
    n_prompts: int
    excluded: bool
    read_by: list[str]
    """SAEs; without one the role cannot be compared."""


class Study(Answer):
    """The study as a whole."""

    name: str
    snapshot: str
    """Changes with every publication; opaque."""
    published_at: str
    """ISO 8601, UTC."""
    live: bool
    """False: a static site."""
    saes: list[Sae]
    """The default one first."""
    roles: list[RoleEntry]
    """By name."""
    anchor: str
    """The assistant's role, whether or not the study has it."""
    n_responses: int
    n_questions: int
    has_drift: bool
    default_system_prompt: str | None
    """What the model's chat template inserts where no system message is sent; null: nothing, or not known."""


class Label(Answer):
    """A description of a feature."""

    description: str
    source: str
    """cache, api or export."""
    model: str | None
    """That wrote it."""


MapFeatures = table_of(
    "MapFeatures",
    "The selected features in rank order; `preferred_role` is an index into the map's roles.",
    ATLAS,
    leave=("rank", "top_roles"),
    also={"preferred_role": int, "label": str | None},
    unknown=True,
)
MapSummary = rows_of(
    "MapSummary", "How the map was made, and how true it is.", ATLAS_SUMMARY, leave=("d_sae",)
)


class MapData(Answer):
    """The map of an SAE's selected features; 404 where there is no atlas."""

    roles: list[str]
    features: MapFeatures  # type: ignore[valid-type]
    summary: MapSummary  # type: ignore[valid-type]


class Neighbors(Answer):
    """Of each selected feature in rank order: rows (not ids) into the map's features."""

    k: int
    rows: list[list[int]]
    similarities: list[list[float]]


FeatureTable = table_of(
    "FeatureTable",
    "Every alive feature, by id; a score is of those only that may be on the map, and `selected` are on it.",
    FEATURES,
    leave=(*NOT_SHOWN, "variance_residual"),
    also={"label": str | None, "selected": bool},
)
FeatureStatistics = rows_of(
    "FeatureStatistics",
    "What a feature does across roles; `rank` on the map, from 1.",
    FEATURES,
    leave=(*NOT_SHOWN, "feature_id"),
    also={"rank": int | None},
)
RoleOfFeature = rows_of(
    "RoleOfFeature",
    "A feature in a role that was measured, whether or not it fires there.",
    ROLE_FEATURES,
    ROLE_CONTRASTS,
    leave=("feature_id", "sd", "p"),
    also={"n_wordings": int, "played_effect": float | None},
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
    only=("feature_id", "mean", "firing_rate", *_Compared, *_AT_LENGTH),
    also={"label": str | None, "played_effect": float | None},
)
FeatureInOrder = rows_of(
    "FeatureInOrder",
    "A feature of a role in an order of one's choice, with the values of the orders that have no column.",
    ROLE_FEATURES,
    ROLE_CONTRASTS,
    LENGTH_CONTRASTS,
    only=("feature_id", "mean", "firing_rate", *_Compared, *_AT_LENGTH),
    also={"label": str | None, "played_effect": float | None, "distinctness": float | None}
    | {"lift": float | None, "score": float | None},
)
FeaturesOfRole = table_of(
    "FeaturesOfRole",
    "Every feature that fires in the role or has a contrast; for comparing.",
    ROLE_FEATURES,
    ROLE_CONTRASTS,
    only=("feature_id", "mean", "firing_rate", "effect", "effect_low", "effect_high", "n_wordings_agree"),
)


class RelatedFeature(Answer):
    """One of a feature's nearest: cosine over roles in the full space."""

    feature_id: int
    similarity: float
    label: str | None
    preferred_role: str | None


class ResponsePart(Answer):
    """A part of a response of a model that thinks."""

    kind: Literal["thinking", "answer", "other"]
    """Other: a channel for neither."""
    text: str
    n_tokens: int


class Example(Answer):
    """A response in which a feature fires, with the tokens around its peak."""

    response_id: int
    variant: int
    question_id: int
    system_prompt: str | None
    question: str
    response: str
    parts: list[ResponsePart]
    """In their order; empty where the response is one answer."""
    mean: float
    max: float
    n_active: int | None
    start: int | None
    """The window's first token among the selected tokens."""
    pieces: list[str] | None
    """"" where another token has the character they share; null: no evidence is kept."""
    activations: list[float] | None
    """On each of `pieces`."""


class ExamplesOfRole(Answer):
    """The responses of a role in which a feature is strongest; live only, for it reads the role's files."""

    role: str
    responses: list[Example]
    """By max, the highest first."""


class FeaturePage(Answer):
    """The page of one feature."""

    feature_id: int
    labels: list[Label]
    """The preferred one first."""
    url: str | None
    """Its page at Neuronpedia: https and an allow-listed host, else null."""
    alive: bool
    statistics: FeatureStatistics  # type: ignore[valid-type]
    roles: list[RoleOfFeature]  # type: ignore[valid-type]
    """All that were measured, by firing rate, the highest first."""
    related: list[RelatedFeature]
    """The nearest first; empty off the map."""
    examples: list[ExamplesOfRole]
    """On a site: of the strongest roles; live: none, each role's are asked."""


class Histogram(Answer):
    """Of a feature's mean over the responses in which it fired; apart from the page, it reads all roles."""

    edges: list[float]
    """One more than counts; both are empty where it never fired."""
    counts: list[int]
    n_silent: int
    """Pooled responses in which it did not fire."""


class Instruction(Answer):
    """A variant of a role's instruction."""

    variant: int
    instruction: str
    system_prompt: str | None


class Similar(Answer):
    """Another role, and its cosine."""

    role: str
    similarity: float | None


class Place(Answer):
    """Where a role stands on an axis."""

    axis: str
    position: float | None
    explained_variance: float | None


SaeFit = rows_of("SaeFit", "How well the SAE fits the model in a role.", SAE_FIT, also={"role": str})

Adherence = rows_of(
    "Adherence",
    "How well a role is played in the eyes of a judge; `highest` is the top of its scale.",
    ROLE_ADHERENCE,
    only=("role", "judge", "n_responses", "n_unrated", "rating", "lowest_variant", "highest_variant"),
    also={"highest": int},
)

PlayedRole = rows_of("PlayedRole", "How many answers play the role.", PLAYED_ROLES)

Findings = rows_of("Findings", "How many features set a role apart.", ROLE_FINDINGS, leave=("sae",))


class RoleAnswers(Answer):
    """How many answers of a role differ from one another."""

    n_responses: int
    n_distinct: int
    n_effective: float
    repeats: bool
    """So few differ that wordings are no draws of their own, and errors are understated."""


class RolePage(Answer):
    """The page of one role."""

    role: str
    status: Literal["fresh", "stale", "missing"]
    excluded: bool
    instructions: list[Instruction]
    n_responses: int
    n_pages: int
    """Of responses."""
    answers: RoleAnswers | None
    """Null: there are none."""
    features: list[FeatureOfRole]  # type: ignore[valid-type]
    """100 of the strongest positive and 100 of the strongest negative effects."""
    nearest: list[Similar]
    """All other roles, the nearest first."""
    axes: list[Place]
    n_wordings: int | None
    """Variants that the SAE has read; null: none of the role."""
    adherence: list[Adherence]  # type: ignore[valid-type]
    """By judge; empty where the study has none."""
    findings: Findings | None  # type: ignore[valid-type]
    """Null: not compared."""
    played: PlayedRole | None  # type: ignore[valid-type]
    """Null: no answers are told apart by whether they play the role."""
    fit: SaeFit | None  # type: ignore[valid-type]
    """Null: not measured."""
    why_no_assistant: str | None


class ResponseRow(Answer):
    """A response."""

    response_id: int
    variant: int
    question_id: int
    question: str
    response: str
    parts: list[ResponsePart]
    """In their order; empty where the response is one answer."""
    n_response_tokens: int
    finish_reason: str | None


class ResponsesPage(Answer):
    """50 responses of a role, by response_id; pages count from 1."""

    page: int
    n_pages: int
    responses: list[ResponseRow]


class Position(Answer):
    """A role on an axis."""

    role: str
    position: float | None


class Axis(Answer):
    """An axis through the roles."""

    axis: str
    """assistant, pc1, pc2 …"""
    explained_variance: float | None
    cosine_with_assistant: float | None
    reason: str | None
    """Why there are no positions."""
    positions: list[Position]


class RolesOverview(Answer):
    """All roles beside one another."""

    order: list[str]
    """Clustered: neighbors in the list are alike."""
    similarity: list[list[float | None]]
    """[role][role], in that order; empty without an atlas."""
    axes: list[Axis]
    adherence: list[Adherence]  # type: ignore[valid-type]
    findings: list[Findings]  # type: ignore[valid-type]
    """Of the roles that are compared."""
    fits: list[SaeFit]  # type: ignore[valid-type]
    """Of the roles in which it was measured."""
