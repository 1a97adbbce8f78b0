"""What the page of a conversation says of the way from turn to turn: which features moved the projection."""

from __future__ import annotations

from persona_assets.explorer.contract.drift_runs import DriftScore
from persona_assets.explorer.contract.shapes import Answer, closed


class ChangedFeatures(Answer):
    """What moved the projection, by column: contributions of all features sum to its change.

    delta > 0: activated, else deactivated; contribution < 0: away from the assistant; weight > 0: towards it.
    """

    __pydantic_config__ = closed(columns=True)  # type: ignore[misc]

    feature_id: list[int]
    delta: list[float]
    weight: list[float]
    contribution: list[float]
    """delta * weight."""
    share_of_change: list[float]
    """|delta| over the sum of all |delta|."""
    share_of_away: list[float]
    """-contribution over away_mass; 0 where it is not away."""


class Covered(Answer):
    """The share of all |contribution| that each ranking shows."""

    by_contribution: float | None
    by_change: float | None


class DriftTransition(Answer):
    """From one turn to the next."""

    turn: int
    """Leads from `previous` to `turn`."""
    previous: int
    changes: dict[DriftScore, float | None]
    toward_mass: float
    """Sum of the positive contributions."""
    away_mass: float
    """Sum of the negative ones, as a positive number."""
    n_features: int | None
    """That changed."""
    features: ChangedFeatures
    by_contribution: list[int]
    """Rows of `features`, by |contribution|."""
    by_change: list[int]
    """Rows of `features`, by |delta|: the largest changes may explain little."""
    covered: Covered


class RoleShare(Answer):
    """A role's share of a feature."""

    role: str
    share: float


class DriftFeature(Answer):
    """A feature that some transition shows."""

    label: str | None
    roles: list[RoleShare]
    """Its role profile: the three strongest, of its sum over roles."""
    profile: str | None
    """Where only a text is known (folders of other tools)."""
