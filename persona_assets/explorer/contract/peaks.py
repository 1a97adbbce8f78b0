"""Where a feature is active, where it is silent, and whether it peaks on words that the role was told."""

from __future__ import annotations

from persona_assets.explorer.contract.shapes import Answer, rows_of
from persona_assets.lake.schema import ROLE_BASELINES


class Shape(Answer):
    """How often a feature is active on any token, and whether on one token or at one place alone."""

    token_rate: float | None
    """Active tokens over all pooled tokens of all roles."""
    n_peaks: int | None
    """That the evidence keeps; null: none."""
    single_token_share: float | None
    """Of the peaks, on the commonest token."""
    single_token: str | None
    peak_place: float | None
    """The mean place of the peak: 0 the first token of a response, 1 the last."""
    position_correlation: float | None
    """Of a token's activation with its place in the response; null: of no role it is kept."""
    position_low: float | None
    """Of the 95% interval, over roles; null of fewer than four."""
    position_high: float | None


class TokenBin(Answer):
    """How many tokens have an activation of at least one number and below another: half an octave."""

    from_activation: float
    to_activation: float
    n_tokens: int
    n_roles: int
    """That have a histogram; the same in every bin."""


class RangeExample(Answer):
    """The tokens around the peak in a response of one band of a feature's activation."""

    band: int
    """Of five of equal number: 1 the weakest, 5 the strongest."""
    n_in_band: int
    role: str
    response_id: int
    max: float
    drawn: bool
    """By lot, from all of the role's responses that fire it; else one of the role's strongest."""
    start: int
    pieces: list[str]
    activations: list[float]
    question: str
    """Cut."""


class Density(Answer):
    """The share of a role's tokens on which a feature is active."""

    role: str
    token_rate: float | None


class SilentAnswer(Answer):
    """What a role says where it fires a feature most, and another to the same, the feature silent."""

    question: str
    max: float
    fired: str
    """The answer that fires it, cut; so is `response`."""
    role: str
    """The other."""
    response: str
    n_silent: int
    """Of the other role's `n_answers` to the question."""
    n_answers: int


class Echo(Answer):
    """Whether a feature peaks on words of a role's own instructions or name."""

    role: str
    feature_id: int
    n_peaks: int
    n_echoes: int
    """Peaks on such words."""
    chance: float | None
    """The share of the same peaks on words of another role's, in the mean; null: there is no other."""
    p: float
    """The role's words hold no more peaks than another's; never below one over the number of roles."""
    words: list[str]


class FeaturePeaks(Answer):
    """What is known of a feature from its tokens and answers; apart from the page, it reads all roles."""

    shape: Shape
    density: list[Density]
    """By rate, the highest first."""
    tokens: list[TokenBin]
    """By activation; none where no role's tokens were counted."""
    over_range: list[RangeExample]
    """The strongest first, at most three of each band."""
    fires_in: str | None
    """The role where it is strongest, whose answers are set beside `silent` ones."""
    silent: list[SilentAnswer]
    """One per question, at most three."""
    echoes: list[Echo]
    """Of the roles in which it echoes, the surest first."""


Baseline = rows_of(
    "Baseline",
    "How well a plain method tells a role's answers from others', and what it goes by.",
    ROLE_BASELINES,
    leave=("role", "features", "terms"),
    also={"features": list[int] | None, "terms": list[str] | None},
)
