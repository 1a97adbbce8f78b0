"""The page of a conversation that was followed, scored turn by turn.

The answers on drift are written by `persona_assets.drift`, from the snapshot or from a run's exported folder.
What only this project measures is null, or empty, for a folder that another tool wrote.
"""

from __future__ import annotations

from typing import Literal

from persona_assets.explorer.contract.drift_changes import DriftFeature, DriftTransition
from persona_assets.explorer.contract.drift_runs import ConfoundVerdict, DriftRunEntry, DriftScore
from persona_assets.explorer.contract.drift_turns import DriftMessage, DriftTurn
from persona_assets.explorer.contract.shapes import Answer


class DriftSpace(Answer):
    """How a run was measured; null: another tool does not say."""

    space: Literal["sae", "residual"]
    """What is measured: features, or the residual stream that the SAE reads."""
    pooling: Literal["mean", "max"] | None
    transform: Literal["log1p", "raw"] | None
    centred: bool | None
    normalized: bool | None
    axis: Literal["difference", "pca"] | None
    axis_cosine: float | None
    """Of the difference with the first principal component."""
    n_roles: int | None
    """Roles of the reference."""
    compared_with: list[str]
    """The roles whose mean the anchor is compared with."""
    n_draws: int | None
    """Behind each null band."""


class DriftPlayed(Answer):
    """The axis once more, from the other roles' answers that play them in a judge's eyes."""

    n_roles: int
    """Roles with enough such answers, the anchor among them."""
    axis_cosine: float
    """Of it with the axis over all answers."""
    p: float | None
    """As the run's, of the projection on it."""


class Confound(Answer):
    """How far a score goes with what it should not."""

    score: DriftScore
    confound: Literal["norm", "n_active_features", "n_tokens", "raw_norm", "n_nonzero"]
    """The last two: of another tool."""
    r: float | None
    """Pearson, over turns; null with fewer than 8 turns (other tools give it there, too) or where one of the
    two never changes."""
    low: float | None
    """To `high`: the interval of `r`, in which all three of a score lie at once in 95% of runs. Null where
    there is no verdict."""
    high: float | None
    verdict: ConfoundVerdict | None


class DriftRun(DriftRunEntry):
    """The page of one run. Turns count assistant messages from 0, messages count from 0."""

    space: DriftSpace
    played: DriftPlayed | None
    """Null: the study asks no judge, or too few answers play their role."""
    messages: list[DriftMessage]
    turns: list[DriftTurn]
    transitions: list[DriftTransition]
    """One fewer than turns."""
    features: dict[str, DriftFeature]
    """By feature_id."""
    confounds: list[Confound]
