"""What the page Steer is made of: the interventions that a study has recorded."""

from __future__ import annotations

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
    """Given anew under the edits of its targets; 0: only given answers were read."""


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
    """An answer given anew."""

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
