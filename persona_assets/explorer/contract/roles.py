"""What the pages of the roles, of one and of all beside one another, are made of."""

from __future__ import annotations

from typing import Literal

from persona_assets.explorer.contract.claims import Adherence, FeatureOfRole, Findings, PlayedRole
from persona_assets.explorer.contract.peaks import Baseline, Echo
from persona_assets.explorer.contract.shapes import Answer, rows_of
from persona_assets.lake.schema import ROLE_CONTRASTS, SAE_FIT


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
    """By chance alone 5% of the nearest roles have a similarity above this; null: not known."""


class Position(Answer):
    """A role on an axis, and the interval of its position and of its place from the top."""

    role: str
    position: float | None
    position_low: float | None
    position_high: float | None
    rank_low: int | None
    rank_high: int | None
    played_position: float | None
    """Of the assistant axis: over answers that play their role; null without a judge, and of too few."""
    played_position_low: float | None
    played_position_high: float | None


class Axis(Answer):
    """An axis through the roles."""

    axis: str
    """assistant, pc1, pc2 …"""
    explained_variance: float | None
    explained_null: float | None
    """By chance alone 5% are above this."""
    cosine_with_assistant: float | None
    anchor_null: float | None
    """Of the assistant axis: the median position of another role as the anchor of its own."""
    reason: str | None
    """Why there are no positions."""
    played_axis_cosine: float | None
    """Of the assistant axis over answers that play their role with this one; null: there is no such axis."""
    positions: list[Position]


class RolesOverview(Answer):
    """All roles beside one another."""

    order: list[str]
    """Clustered: neighbors in the list are alike."""
    similarity: list[list[float | None]]
    """[role][role], in that order; empty without an atlas."""
    similarity_low: list[list[float | None]]
    """Of the interval free of noise, likewise; so is similarity_high."""
    similarity_high: list[list[float | None]]
    similarity_null: float | None
    """By chance alone 5% of the nearest roles have a similarity above this; null: not known."""
    families: list[list[int]]
    """Roles that are alike beyond chance, by their places in the order; the largest first."""
    axes: list[Axis]
    adherence: list[Adherence]
    findings: list[Findings]
    """Of the roles that are compared."""
    fits: list[SaeFit]  # type: ignore[valid-type]
    """Of the roles in which it was measured."""


Mark = rows_of(
    "Mark",
    "A feature that marks a role, and the sentence where it is strongest: null where no tokens are kept.",
    ROLE_CONTRASTS,
    only=(
        *("feature_id", "effect", "effect_low", "effect_high"),
        *("auroc", "auroc_low", "auroc_high", "n_wordings_agree", "q"),
    ),
    also={
        "label": str | None,
        "role": str | None,
        "response_id": int | None,
        "start": int | None,
        "pieces": list[str] | None,
        "activations": list[float] | None,
    },
)


class Line(Answer):
    """The assistant axis, and what marks its ends."""

    axis: Axis | None
    """Null: the study has no atlas."""
    unit: str | None
    """Of positions. noise: standard errors of a role's mean; raw: as the matrix of roles; null: not known."""
    toward: list[Mark]  # type: ignore[valid-type]
    """Of the anchor, by the near end of AUROC's interval: what it has more of than the other roles."""
    away: list[Mark]  # type: ignore[valid-type]
    """What it has less of; the sentences are of other roles."""


class MarksOfRole(Answer):
    """What marks a role, ordered by the near end of AUROC's interval."""

    role: str
    marks: list[Mark]  # type: ignore[valid-type]
