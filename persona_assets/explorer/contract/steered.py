"""What the page Steer is made of: answers under edits that somebody asks for, and those that are recorded."""

from __future__ import annotations

from typing import Literal

from persona_assets.explorer.contract.shapes import Answer, rows_of
from persona_assets.lake.schema import INTERVENTION_EFFECTS


class RecordedIntervention(Answer):
    """An intervention, in the answers of one role."""

    intervention: str
    """Its name in the study."""
    role: str
    operation: str
    n_targets: int
    strengths: list[float]
    n_answers: int
    """New answers under the edits of its targets; 0: only given answers were read."""


class RecordedTarget(Answer):
    """What is edited."""

    target: str
    """feature 12, vector of pirate, assistant axis."""
    feature_id: int | None
    label: str | None
    n_answers: int


RecordedEffect = rows_of(
    "RecordedEffect",
    "What editing a target does by one metric, beside what its controls do.",
    INTERVENTION_EFFECTS,
    leave=("feature_id", "control_median", "p", "found"),
)


class RecordedAnswer(Answer):
    """A new answer."""

    response: str
    n_characters: int
    """Of the whole answer: where there are more than `response` has, it is cut."""
    n_tokens: int
    finish_reason: str
    """stop or length."""
    readout: float | None
    """Where it lies on the way from the other roles (0) to the role (1), read without an edit."""
    loss: float | None
    """Mean over its tokens to the model without an edit, in nats."""
    repetition: float | None


class EditedAnswer(RecordedAnswer):
    """An answer under an edit."""

    target: str
    strength: float
    level: float | None
    """Added to each token, or the bound; null where it is taken away."""
    unchanged: bool
    """It has the very tokens of the plain one."""


class RecordedQuestion(Answer):
    """A question, answered plainly and under edits, from one seed."""

    response_id: int
    question: str
    plain: RecordedAnswer
    edited: list[EditedAnswer]
    """By target and strength."""


class Recorded(RecordedIntervention):
    """The page of an intervention in the answers of one role."""

    targets: list[RecordedTarget]
    """Those shown: at most 40 of the `n_targets`, first those whose answers are there, then the surest."""
    effects: list[RecordedEffect]  # type: ignore[valid-type]
    """Of the targets that are shown, the strengths of each together."""
    questions: list[RecordedQuestion]
    """With at most 200 of the `n_answers`, question by question."""


class OfferedFloor(Answer):
    """What a cap holds in one layer: the projection of its output on an axis, at `threshold` or above it."""

    layer: int
    threshold: float


class OfferedCap(Answer):
    """A cap that the server was started with."""

    name: str
    """Its file's, without the folder."""
    floors: list[OfferedFloor]


class SteerState(Answer):
    """`GET api/steer?sae=…`: whether the server can edit what its model answers, and within which bounds."""

    ready: bool
    problem: str | None
    """Why not; null: no model is loaded, or nothing is in the way."""
    max_edits: int
    max_strength: float
    """Either way from 0."""
    max_tokens: int
    """Of an answer."""
    axis_files: list[str]
    """Names of the files, of those that the server was started with, whose axis can be edited here."""
    cap_files: list[OfferedCap]


class SteeredFeature(Answer):
    """An edited feature, as both answers are read without an edit."""

    feature_id: int
    label: str | None
    strongest: float | None
    """In the study; null: it never fired there."""
    plain: list[float]
    """Its activation on each token of the plain answer."""
    steered: list[float]


class SteeredPlace(Answer):
    """Where an answer lies on the drift axis."""

    projection: float
    low: float | None
    """To `high` lie 95% of spans of as many tokens of the anchor's own answers; null: they are not known."""
    high: float | None
    p: float | None
    """The share of the anchor's answers, this one among them, that lie as low."""
    tokens: list[float]
    """The projection of each token alone."""
    scaled: list[float]
    """0 at the 5th percentile of the tokens of both answers, 1 at their 95th, cut off beyond."""


class SteeredAnswer(Answer):
    """One of the two."""

    text: str
    pieces: list[str]
    """Its tokens."""
    finish_reason: str
    """stop or length."""
    place: SteeredPlace | None


class SteeredEdit(Answer):
    """An edit as it was made."""

    target: str
    operation: Literal["add", "ablate", "cap", "floor"]
    strength: float | None
    """Null of a cap."""
    level: float | None
    """Added to each token, or the bound; null where it is taken away, and of a cap of several layers."""


class Steered(Answer):
    """`POST api/steer` with `{text, system, sae, edits, prompt, seed}`: two answers from one seed."""

    sae: str
    edits: list[SteeredEdit]
    """Made one after another; caps come last."""
    plain: SteeredAnswer
    steered: SteeredAnswer
    unchanged: bool
    features: list[SteeredFeature]
    """Those that were edited."""
    anchor: str
    """The assistant's role, towards which the axis leads."""
    why_no_place: str | None
    """Why no answer has a place."""
    seconds: float
