"""What the pages of drift are made of: conversations scored turn by turn.

They are written by `persona_assets.drift`, from the snapshot or from a run's exported folder. What only this
project measures is null, or empty, for a folder that another tool wrote.
"""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypeAliasType

from persona_assets.explorer.contract.shapes import Answer, closed
from persona_assets.lake.schema.of_runs import DriftScore as Score

DriftScore = TypeAliasType("DriftScore", Score)
ConfoundVerdict = TypeAliasType("ConfoundVerdict", Literal["LOW", "MODERATE", "HIGH"])


class Drop(Answer):
    """The turn that a change leads to."""

    turn: int
    change: float


class DriftPlain(Answer):
    """A run beside conversations in which nobody is asked to play a role: `drift.plain` of the study."""

    names: str
    """The pattern of their names."""
    is_plain: bool
    """It is one of them itself, and compared with the others."""
    n: int
    """Of them with as many turns at least, itself not among these."""
    p: float | None
    """Of the whole run: the share of all, itself too, whose lowest turn is as low, each turn measured against
    the same turn of all. At least 1 / (n + 1); null where n is 0."""


class DriftCap(Answer):
    """A floor under the assistant axis that the conversation was read or answered under (`persona cap`)."""

    of: str
    """The run of the conversation as it is."""
    how: Literal["read", "answered"]
    """The model read the same text under the cap; or it answered under the cap, and read without."""
    threshold: float | None
    """The projection of the stream on the axis is held at it, or above; null of several layers' own ones."""


class DriftRunEntry(Answer):
    """A conversation that was followed."""

    run: str
    """The conversation's hash, or another tool's id: stands in paths as it is."""
    name: str
    """Untrusted, as all text of conversations."""
    sensitive: bool
    """Mark it, and show its text only when asked to."""
    sae: str
    own_sae: str | None
    """The SAE of this study that the features are of; null: they are another's, with no page here."""
    neuronpedia: str | None
    """Where the features of another's SAE have pages: `model/source`."""
    model: str
    """That read the conversation."""
    anchor: str
    """The assistant's role."""
    score: DriftScore
    """The one to show first."""
    n_turns: int
    """Assistant messages."""
    n_tokens: int | None
    """Up to the end of the last answer, template included."""
    n_answer_tokens: int
    """Of the answers alone."""
    largest_drop: Drop | None
    """Of `score`."""
    n_below_band: int | None
    """Turns whose `score` is below the null band."""
    p: float | None
    """Of the whole run: how often as many plain answers have one as low as its lowest turn."""
    plain: DriftPlain | None
    """Null: the study does not say which conversations are plain, or none so called is measured."""
    cap: DriftCap | None
    """Null: the conversation as it is."""
    verdict: ConfoundVerdict | None
    """The worst confound of `score`."""
    max_correlation: float | None
    """The largest |r| behind the verdict, where another tool gives that alone."""


class Unreadable(Answer):
    """A run of a folder that cannot be shown, and why."""

    run: str
    name: str
    reason: str


class DriftRuns(Answer):
    """The runs by name; empty where there are none."""

    runs: list[DriftRunEntry]
    default_run: str | None
    """The one that the makers of another tool's folder want shown first."""
    unreadable: list[Unreadable]


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


class DriftPlayed(Answer):
    """The axis once more, from the other roles' answers that play them in a judge's eyes."""

    n_roles: int
    """Roles with enough such answers, the anchor among them."""
    axis_cosine: float
    """Of it with the axis over all answers."""
    p: float | None
    """As the run's, of the projection on it."""


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


class Confound(Answer):
    """How far a score goes with what it should not."""

    score: DriftScore
    confound: Literal["norm", "n_active_features", "n_tokens", "raw_norm", "n_nonzero"]
    """The last two: of another tool."""
    r: float | None
    """Pearson, over turns; null with fewer than 8 turns (other tools give it there, too) or where one of the
    two never changes."""
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
