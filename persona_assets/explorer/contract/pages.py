"""What the pages of the study, its features and its roles are made of."""

from __future__ import annotations

from typing import Literal, NotRequired

from persona_assets.explorer.contract.claims import (
    Adherence,
    FeatureOfRole,
    Findings,
    PlayedRole,
    RoleOfFeature,
)
from persona_assets.explorer.contract.peaks import Baseline, Echo
from persona_assets.explorer.contract.responses import ExamplesOfRole
from persona_assets.explorer.contract.shapes import Answer, rows_of, table_of
from persona_assets.lake.schema import (
    ATLAS,
    ATLAS_SUMMARY,
    FEATURES,
    SAE_FIT,
)

# Columns of features in no list of them.
NOT_SHOWN = (
    *("alive", "atlas_alive", "atlas_mu", "atlas_sd", "pass"),
    *("stability_classic", "pass_classic", "score_classic"),
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
    has_scored_labels: bool
    default_system_prompt: str | None
    """What the model's chat template inserts where no system message is sent; null: nothing, or not known."""


class LabelScore(Answer):
    """How well a label foretells its feature, by one scorer."""

    scorer: str
    score: float | None
    """Balanced accuracy; 1/2 is chance."""
    low: float | None
    high: float | None
    q: float | None
    n: int
    """Excerpts that were asked about."""
    n_unparsed: int
    """Those whose answer could not be read."""
    scored_by: str
    """The model that was asked."""
    worth: str | None
    """The score and its interval in words."""
    why_unscored: str | None


class LabelWorth(Answer):
    """What the preferred label of a feature is worth, of those that were scored."""

    feature_id: int
    score: float
    worth: str
    """The score and its interval in words."""
    better: bool
    """Than chance."""


class Label(Answer):
    """A description of a feature."""

    description: str
    source: str
    """cache, api or export."""
    model: str | None
    """That wrote it."""
    scores: list[LabelScore]
    """By the study's scorers, in their order; empty where it was never scored."""


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
    stable: list[list[bool | None]]
    """Whether it is as near in both halves of the wordings; null: not known."""


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


class RelatedFeature(Answer):
    """One of a feature's nearest: cosine over roles in the full space."""

    feature_id: int
    similarity: float
    label: str | None
    preferred_role: str | None


class TokenLogit(Answer):
    """A token whose logit a feature's direction changes most, in the weights alone."""

    sign: Literal[-1, 1]
    """1: it raises the logit; -1: it lowers it."""
    piece: str
    value: float
    """Per unit of activation, the final norm's scale held at 1."""


class WrittenAlike(Answer):
    """A feature by the cosine of its decoder direction with another's."""

    feature_id: int
    cosine: float
    label: str | None
    preferred_role: str | None


class FeaturePage(Answer):
    """The page of one feature."""

    feature_id: int
    labels: list[Label]
    """The preferred one first."""
    url: str | None
    """Its page at Neuronpedia: https and an allow-listed host, else null."""
    alive: bool
    statistics: FeatureStatistics  # type: ignore[valid-type]
    roles: list[RoleOfFeature]
    """All that were measured, by firing rate, the highest first."""
    related: list[RelatedFeature]
    """The nearest first; empty off the map."""
    logits: list[TokenLogit]
    """The promoted first, of each sign the strongest first; empty where there are none."""
    written_alike: list[WrittenAlike]
    """The nearest first; the last is the most opposed. Empty where nobody made them."""
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
    """Another role, its cosine, and the interval of the cosine free of noise."""

    role: str
    similarity: float | None
    similarity_low: float | None
    similarity_high: float | None


class Place(Answer):
    """Where a role stands on an axis."""

    axis: str
    position: float | None
    explained_variance: float | None


SaeFit = rows_of("SaeFit", "How well the SAE fits the model in a role.", SAE_FIT, also={"role": str})


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
    features: list[FeatureOfRole]
    """100 of the strongest positive and 100 of the strongest negative effects."""
    nearest: list[Similar]
    """All other roles, the nearest first."""
    axes: list[Place]
    n_wordings: int | None
    """Variants that the SAE has read; null: none of the role."""
    adherence: list[Adherence]
    """By judge; empty where the study has none."""
    findings: Findings | None
    """Null: not compared."""
    played: PlayedRole | None
    """Null: no answers are told apart by whether they play the role."""
    fit: SaeFit | None  # type: ignore[valid-type]
    """Null: not measured."""
    baselines: list[Baseline]
    """Empty where nobody made them."""
    echoes: list[Echo]
    """Of the features above that peak on the role's own words more than by chance, the surest first."""
    why_no_assistant: str | None
    similarity_null: float | None
    """What the nearest role's similarity is beyond by chance in one of twenty; null: not known."""


class Position(Answer):
    """A role on an axis, and the interval of its position and of its place from the top."""

    role: str
    position: float | None
    position_low: float | None
    position_high: float | None
    rank_low: int | None
    rank_high: int | None


class Axis(Answer):
    """An axis through the roles."""

    axis: str
    """assistant, pc1, pc2 …"""
    explained_variance: float | None
    explained_null: float | None
    """What chance gives in one of twenty."""
    cosine_with_assistant: float | None
    anchor_null: float | None
    """Of the assistant axis: the median position of another role as the anchor of its own."""
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
    adherence: list[Adherence]
    findings: list[Findings]
    """Of the roles that are compared."""
    fits: list[SaeFit]  # type: ignore[valid-type]
    """Of the roles in which it was measured."""
