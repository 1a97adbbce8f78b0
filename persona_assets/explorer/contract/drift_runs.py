"""The list of conversations that were followed, and what it says of each."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypeAliasType

from persona_assets.explorer.contract.shapes import Answer
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
    least_of: int | None
    """`p` is the smallest that so many distinct answers of the anchor can show: the lowest turn is below all.
    Null: it is not, or that is not known."""
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
