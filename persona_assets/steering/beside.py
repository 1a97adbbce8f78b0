"""A prompt of anybody's, answered plainly and under edits made together; both answers are read plainly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from persona_assets.base.errors import StudyError
from persona_assets.drift.encode import encode_layout
from persona_assets.drift.layout import Layout
from persona_assets.drift.placing import Placed
from persona_assets.drift.stage import DriftStage
from persona_assets.extract.pieces import spelt
from persona_assets.extract.stage import ExtractionStage
from persona_assets.generate.backend import Completion
from persona_assets.generate.prompts import Prompt
from persona_assets.models.places import Change
from persona_assets.models.sae import sae_width
from persona_assets.stages.of_conversations import DriftFiles
from persona_assets.steering.caps import Cap
from persona_assets.steering.live import Steering, live_settings, one_after_another
from persona_assets.steering.plans import Planned
from persona_assets.steering.target import Target
from persona_assets.study.settings.steering import Operation


@dataclass(frozen=True)
class Wanted:
    """An edit that somebody asks for; of `ablate` no strength counts."""

    target: Target
    operation: Operation
    strength: float


@dataclass(frozen=True)
class Question:
    """What is said, and how: with `whole` the prompt's tokens are edited, too; `caps` hold all tokens."""

    said: str
    system: str | None
    seed: int
    whole: bool
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True)
class Answer:
    """An answer of `len(pieces)` tokens, read without an edit: by feature its activation on each of them.

    `place` is where it lies on the drift axis, None of an answer without tokens or where there is no axis.
    """

    text: str
    finish_reason: str
    pieces: list[str]
    features: dict[int, list[float]]
    place: Placed | None


@dataclass(frozen=True)
class Beside:
    """The answers under no edit, and under `edits` in their order; `why_no_place`: why there is no axis."""

    edits: list[Planned]
    plain: Answer
    steered: Answer
    unchanged: bool
    why_no_place: str | None


class LivePairs:
    """Answers in pairs of at most `max_tokens` each, given and read by `extraction`'s model, held once."""

    def __init__(self, extraction: ExtractionStage, max_tokens: int) -> None:
        self._extraction = extraction
        self._steering = Steering(extraction.study, max_tokens, extraction)
        self._drift: tuple[object, DriftStage] | None = None

    def check(self, sae: str) -> None:
        """Raise StudyError, without loading a model, where nothing can be edited under the SAE."""
        self._steering.check(sae)

    def beside(self, sae: str, wanted: Sequence[Wanted], question: Question) -> Beside:
        """Return the plain answer and that under all edits together. Raises StudyError as `Steering` does."""
        prompt = self._steering.prompt(sae, question.system, question.said, question.seed)
        planned = [self._planned(sae, one) for one in wanted]
        answers = self._answers(sae, [one.edit for one in planned], prompt, question)
        features = [one.feature_id for one in planned if one.feature_id is not None]
        drift, why_not = self._axis()
        plain, steered = (self._read(sae, prompt, answer, features, drift) for answer in answers)
        unchanged = answers[0].token_ids == answers[1].token_ids
        return Beside(planned, plain, steered, unchanged, why_not)

    def close(self) -> None:
        """Give back the model's memory, but for `extraction`'s."""
        self._steering.close()

    def _answers(
        self, sae: str, edits: Sequence[Change], prompt: Prompt, question: Question
    ) -> list[Completion]:
        """Return the plain answer, then the other: in one batch unless this is given under caps."""
        plain, together = one_after_another([]), one_after_another(edits)
        answers = partial(self._steering.answers, sae, prompt=prompt, whole=question.whole)
        if not question.caps:
            return answers([plain, together])
        return [*answers([plain]), *answers([together], caps=question.caps)]

    def _planned(self, sae: str, wanted: Wanted) -> Planned:
        study, strengths = self._extraction.study, [wanted.strength]
        settings = live_settings(
            study, wanted.target, wanted.operation, [] if wanted.operation == "ablate" else strengths
        )
        _, planned = self._steering.planned(sae, settings)  # the first is the edit of nothing
        return planned

    def _axis(self) -> tuple[DriftStage | None, str | None]:
        """Return what places answers on the drift axis as the lake has it now, or why nothing does."""
        files = DriftFiles.of(self._extraction.study)
        try:
            files.check()
            codes = files.anchor_codes
            key = files.measuring, None if codes is None else codes.stem
            if self._drift is None or self._drift[0] != key:
                stage = DriftStage(self._extraction)
                _ = stage.reference
                self._drift = key, stage
        except StudyError as error:
            return None, str(error)
        return self._drift[1], None

    def _read(
        self, sae: str, prompt: Prompt, answer: Completion, features: Sequence[int], drift: DriftStage | None
    ) -> Answer:
        if not answer.token_ids:
            return Answer(answer.text, answer.finish_reason, [], {one: [] for one in features}, None)
        ids = np.array([*prompt.token_ids, *answer.token_ids], np.int32)
        layout = Layout(ids, [(len(prompt.token_ids), len(ids))])
        extractor = self._extraction.extractor
        width = sae_width(self._extraction.study.settings.extraction.saes[sae])
        values = encode_layout(layout, extractor, sae, width).values[:, list(features)] if features else None
        columns = [] if values is None else values.toarray().T.tolist()
        return Answer(
            text=answer.text,
            finish_reason=answer.finish_reason,
            pieces=spelt(layout.answer_ids, extractor.tokenizer),
            features=dict(zip(features, columns, strict=True)),
            place=None if drift is None else drift.placed(layout)[0],
        )
