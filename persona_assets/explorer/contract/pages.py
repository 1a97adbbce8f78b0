"""What the pages of the study and of its features are made of."""

from __future__ import annotations

from typing import Literal, NotRequired

from persona_assets.explorer.contract.claims import (
    RoleOfFeature,
)
from persona_assets.explorer.contract.responses import ExamplesOfRole
from persona_assets.explorer.contract.shapes import Answer, rows_of, table_of
from persona_assets.lake.schema import (
    ATLAS,
    ATLAS_SUMMARY,
    FEATURES,
    INTERVENTION_EFFECTS,
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
    hook: str | None
    """The stream that the SAE writes to; null: not known."""
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
    version: str
    """Of persona-assets, that answers or wrote the site."""
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
    judge: str | None
    """Whose ratings tell the answers that play their role apart; null: nobody's do."""
    min_score: float | None
    """The least rating of those."""
    has_drift: bool
    has_interventions: bool
    """Something is recorded of them: effects, or answers under edits."""
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
    "The selected features in rank order; `preferred_role` and `top_roles` are places among the map's roles, "
    "and `top_shares` are the shares of the latter.",
    ATLAS,
    leave=("rank", "top_roles"),
    also={
        "preferred_role": int,
        "top_roles": list[int],
        "top_shares": list[float | None],
        "label": str | None,
    },
    unknown=True,
)
MapSummary = rows_of(
    "MapSummary", "How the map was made, and how true it is.", ATLAS_SUMMARY, leave=("d_sae",)
)


class MapData(Answer):
    """The map of an SAE's selected features; 404 where there is no atlas."""

    roles: list[str]
    families: list[list[int]]
    """Roles that are alike beyond chance, by their places among the roles; the largest first."""
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


FeatureEffect = rows_of(
    "FeatureEffect",
    "What editing a feature does by one metric, beside what its controls do.",
    INTERVENTION_EFFECTS,
    leave=("target", "feature_id", "control_median", "p", "found"),
)


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
    effects: list[FeatureEffect]  # type: ignore[valid-type]
    """Of the study's interventions, the strengths of each together; empty where none edits it."""
    examples: list[ExamplesOfRole]
    """On a site: of the strongest roles; live: none, each role's are asked."""


class Histogram(Answer):
    """Of a feature's mean over the responses in which it fired; apart from the page, it reads all roles."""

    edges: list[float]
    """One more than counts; both are empty where it never fired."""
    counts: list[int]
    n_silent: int
    """Pooled responses in which it did not fire."""
