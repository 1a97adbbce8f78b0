"""The stage `steered_responses`: what a model answers while a stream is edited, landed in the lake."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from itertools import groupby
from typing import Any

from persona_assets.base.errors import StudyError
from persona_assets.base.progress import Progress
from persona_assets.generate.backend import Completion
from persona_assets.generate.prompts import Prompt
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ANSWERING, STEERED_JUDGING, STEERED_RESPONSES
from persona_assets.models.loading import identity
from persona_assets.stages.across_roles import AcrossRoles
from persona_assets.stages.dtypes import decided_generation
from persona_assets.steering.answering import Steered
from persona_assets.steering.judged import AnswersJudge
from persona_assets.steering.kept import Kept, columns, earlier_rows, inputs_of, keep
from persona_assets.steering.measuring import measured, repetition
from persona_assets.steering.plans import Planned, answering
from persona_assets.steering.reading import Interventions
from persona_assets.study.backends import generation_backend
from persona_assets.study.settings import GenerationSettings

Row = dict[str, Any]
Asked = tuple[str, str]  # an intervention and a role that answers under it

_UNMEASURED = dict.fromkeys(("readout", "loss", "judge", "score", "judged"))


def land_steered(across: AcrossRoles, sae: str, *, progress: Progress | None = None) -> dict[str, LakeFile]:
    """Return the file of `STEERED_RESPONSES`: found, or made now. What a killed run has answered is kept.

    `progress` counts answers, then those that are judged. Raises StudyError as `land_interventions`, where
    the model that answers does not run here, or is not the one that the SAE reads, and where the judge cannot
    be asked.
    """
    lacks, select = "the roles are not compared yet", "responses,activations,role_features,statistics"
    made_from = across.made_from(STEERED_RESPONSES, sae, lacks=lacks, select=select)
    if (found := across.files((STEERED_RESPONSES,), sae)) is None:
        rows = _Answers(across, sae, progress or (lambda done, of: None)).rows()
        content = STEERED_RESPONSES.of(columns(STEERED_RESPONSES, rows))
        found = across.land({STEERED_RESPONSES: content}, made_from, sae, inputs_of(across, sae))
    for under_way in (ANSWERING, STEERED_JUDGING):
        across.study.lake.clear(under_way, sae=sae)
    return found


class _Answers:
    """The answers of all of a study's interventions: planned, then generated, then measured, then judged.

    So one model is held at a time.
    """

    def __init__(self, across: AcrossRoles, sae: str, progress: Progress) -> None:
        self._across, self._sae, self._progress = across, sae, progress
        self._interventions = Interventions(across, sae)
        self._settings = across.study.settings.interventions
        asked = [(name, role) for name, one in self._settings.items() if one.answers for role in one.read]
        self._generation = {by: self._answering(by) for by in sorted({self._by(one) for one in asked})}
        played = {(name, role): self._settings[name].role or role for name, role in asked}
        self._judge = AnswersJudge(across, sae, played)
        self._prompts = {one: self._interventions.prompts(*one) for one in asked}

    def rows(self) -> list[Row]:
        """Return the rows of `STEERED_RESPONSES`."""
        edits = {one: self._edits(*one) for one in self._prompts}
        self._interventions.release()
        rows = self._measured(list(self._answered(edits)))
        self._interventions.release()
        self._judge.score(rows, self._progress)
        return rows

    def _by(self, asked: Asked) -> str:
        return self._settings[asked[0]].answers_by(self._across.study.generation.backend)

    def _answering(self, backend: str) -> GenerationSettings:
        return answering_here(self._across, self._interventions.device, backend=backend)

    def _edits(self, name: str, role: str) -> list[Planned]:
        one = self._settings[name]
        self._interventions.towards(name, role)  # where that is not known it is told before a model answers
        return answering(self._interventions.edits(name, role), one.answer_targets, one.answer_controls)

    def _answered(self, edits: Mapping[Asked, Sequence[Planned]]) -> Iterator[Row]:
        n_answers, done = sum(len(prompts) * len(edits[one]) for one, prompts in self._prompts.items()), 0
        for by, of_backend in groupby(sorted(self._prompts, key=self._by), key=self._by):
            with closing(_Backend(self._generation[by], self._across, self._interventions)) as backend:
                for asked in of_backend:
                    for rows in self._of(asked, edits[asked], backend):
                        yield from rows
                        done += len(rows)
                        self._progress(done, n_answers)

    def _of(self, asked: Asked, edits: Sequence[Planned], backend: _Backend) -> Iterator[list[Row]]:
        """Yield what is kept of the answers of a role under an intervention, then the others as they come."""
        (name, role), prompts = asked, self._prompts[asked]
        hash_, earlier = str(self._across.answers_anew(self._sae, name)), self._earlier
        about = {"intervention": name, "role": role, "operation": self._settings[name].operation}
        with Kept(self._across.study.lake, self._sae, hash_, earlier, ANSWERING) as kept:
            known = {
                (place, prompt.response_id): _UNMEASURED | row | {"intervention": name}
                for place, edit in enumerate(edits)
                for prompt in prompts
                if (row := kept.row(role, prompt.response_id, edit)) is not None
            }
            yield list(known.values())
            if len(known) == len(edits) * len(prompts):
                return
            of_id = {prompt.response_id: prompt for prompt in prompts}
            whole, plain = self._settings[name].tokens == "all", [one.edit for one in edits]
            for batch in backend.opened.answers(plain, prompts, whole_conversation=whole, done=known.keys()):
                rows = [about | _row(edits[place], of_id[one.response_id], one) for place, one in batch]
                kept.add([row | {"asked": hash_} for row in rows])
                yield [_UNMEASURED | row | {"asked": hash_} for row in rows]

    @cached_property
    def _earlier(self) -> list[Row]:
        return list(earlier_rows(self._across, STEERED_RESPONSES, self._sae))

    def _measured(self, rows: list[Row]) -> list[Row]:
        """Return the rows with what the model without an edit makes of their answers."""
        lacking = defaultdict[tuple[str, str], list[Row]](list)
        for row in rows:
            if row["loss"] is None and row["n_tokens"]:
                lacking[row["intervention"], row["role"]].append(row)
        for asked, of in lacking.items():
            prompts = {one.response_id: one.token_ids for one in self._prompts[asked]}
            answers = self._interventions.given(
                [prompts[row["response_id"]] for row in of], [row["response_token_ids"] for row in of]
            )
            if not any(one.n_selected for one in answers):
                continue
            towards = self._interventions.towards(*asked)
            for row, one in zip(of, measured(self._interventions.backbone, answers, towards), strict=True):
                row |= vars(one)
            keep(self._across.study.lake, ANSWERING, self._sae, of[0]["asked"], of)
        plain = {_answer(row): row["response_token_ids"] for row in rows if row["control"] == "nothing"}
        return [row | {"unchanged": row["response_token_ids"] == plain[_answer(row)]} for row in rows]


class _Backend:
    """A backend that is opened at first use: where all answers are kept, its model is not loaded."""

    def __init__(
        self, generation: GenerationSettings, across: AcrossRoles, interventions: Interventions
    ) -> None:
        self._generation, self._interventions = generation, interventions
        self._saes = across.study.settings.extraction.saes
        self._opened: Steered | None = None

    @property
    def opened(self) -> Steered:
        if self._opened is None:
            steers = generation_backend(self._generation.backend).steers
            assert steers is not None
            of = self._interventions
            self._opened = steers(self._generation, of.point, self._saes[of.sae])
        return self._opened

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()


def answering_here(
    across: AcrossRoles,
    device: str,
    remedy: str = "leave `answers` out of the interventions",
    backend: str = "transformers",
) -> GenerationSettings:
    """Return how the study's answers are sampled, by a `backend` that edits streams; on `device`, where that
    is transformers.

    Raises StudyError, with the `remedy`, where they are given elsewhere, or by a model other than the SAE's.
    """
    study, reading = across.study, across.study.settings.extraction
    generation = study.generation
    if not generation_backend(generation.backend).holds_model:
        raise StudyError(
            f"{study.file}: generation.backend {generation.backend} answers elsewhere, where no stream can "
            f"be edited; {remedy}"
        )
    of = [identity(one.model, one.revision, study.lake) for one in (generation, reading)]
    if of[0] != of[1]:
        raise StudyError(
            f"{study.file}: model {generation.model!r} answers and {reading.model!r} is what the SAE reads; "
            f"{remedy}"
        )
    generation_backend(backend).check_installed()
    engine = generation.engine if generation.backend == backend else {}
    if backend == "transformers":
        engine = engine | {"device": device}
    return decided_generation(study).model_copy(update={"backend": backend, "engine": engine})


def _row(edit: Planned, prompt: Prompt, answer: Completion) -> Row:
    return {
        "target": edit.target,
        "feature_id": edit.feature_id,
        "strength": edit.strength,
        "control": edit.control,
        "level": edit.level,
        "response_id": prompt.response_id,
        "question": prompt.question,
        "response": answer.text,
        "response_token_ids": answer.token_ids,
        "n_tokens": len(answer.token_ids),
        "finish_reason": answer.finish_reason,
        "seed": prompt.seed,
        "repetition": repetition(answer.token_ids),
    }


def _answer(row: Row) -> tuple[str, str, int]:
    return row["intervention"], row["role"], row["response_id"]
