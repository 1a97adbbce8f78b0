"""What the page of a conversation says of each turn: its scores, the roles nearest to it and its tokens."""

from __future__ import annotations

from typing import Literal

from persona_assets.explorer.contract.drift_runs import DriftScore
from persona_assets.explorer.contract.shapes import Answer, closed


class DriftMessage(Answer):
    """A message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str
    turn: int | None


class DriftValue(Answer):
    """A score, and the band of 95% of spans of as many tokens from the anchor's own responses."""

    value: float
    low: float | None
    high: float | None
    p: float | None
    """Share of the anchor's distinct answers that score as low."""
    run_low: float | None
    """At most 5% of plain runs of as many turns have any turn below."""


class DriftPlainTurn(Answer):
    """The projection of the same turn in plain conversations that are as long."""

    low: float
    """To `high` lie 95% of them."""
    high: float
    p: float
    """Share of all, itself too, that score as low."""


class DriftNearest(Answer):
    """A role, and a turn's cosine with it."""

    role: str
    cosine: float


class DriftTokens(Answer):
    """A turn's tokens, by column."""

    __pydantic_config__ = closed(columns=True)  # type: ignore[misc]

    piece: list[str]
    """"" where another token has the character they share."""
    projection: list[float]
    """Of the token alone on the axis."""
    scaled: list[float]
    """0 at the turn's 5th percentile, 1 at its 95th, cut off beyond."""


class DriftTurn(Answer):
    """An answer of the assistant's, from 0."""

    turn: int
    message: int | None
    """Index into `messages`."""
    n_tokens: int
    n_active_features: int | None
    norm: float | None
    """Of the turn's vector before L2 normalization."""
    n_answers: int | None
    """Distinct answers of the anchor that are as long: `p` is 1 / (n_answers + 1) at least. Null: unknown."""
    scores: dict[DriftScore, DriftValue | None]
    """Those of other ways are null in folders of other tools."""
    played: DriftValue | None
    """The projection on the axis over played answers, where the run has one."""
    plain: DriftPlainTurn | None
    """Null: no plain conversation is as long."""
    uncapped: dict[DriftScore, float | None] | None
    """The scores of the same turn in the conversation as it is, of a run under a cap."""
    nearest: list[DriftNearest]
    """Five, the nearest first."""
    tokens: DriftTokens
