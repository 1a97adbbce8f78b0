"""What fires in a text that somebody tries."""

from __future__ import annotations

from persona_assets.explorer.contract.shapes import Answer


class TryState(Answer):
    """`GET api/try`: whether the server has the study's model."""

    ready: bool


class TriedFeature(Answer):
    """A feature that is among the strongest of any token of the text."""

    feature_id: int
    label: str | None
    max: float
    n_active: int
    """Tokens on which it is active."""
    tokens: list[int]
    """Where: places among the pieces; `values` has its activation there."""
    values: list[float]
    token_rate: float | None
    """On what share of the study's tokens it is active; null: not known."""
    strongest: float | None
    """In the study; null: it never fired there."""


class TriedText(Answer):
    """One text, and what fires on it: a prompt, or an answer of a conversation."""

    pieces: list[str]
    """Its tokens."""
    features: list[TriedFeature]
    """The strongest first."""


class TriedTexts(Answer):
    """`POST api/try` with `{text, sae, conversation}`."""

    sae: str
    texts: list[TriedText]
    seconds: float
