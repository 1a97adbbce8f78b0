"""The stage `responses`: a role's answers, generated and landed in the lake."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from persona_assets.base.errors import StudyError
from persona_assets.base.given import shown
from persona_assets.base.progress import Progress
from persona_assets.generate.backend import Backend, Batching, Completion, open_backend
from persona_assets.generate.in_flight import InFlight
from persona_assets.generate.preflight import Preflight
from persona_assets.generate.prompts import Key, Prompt, build_prompts
from persona_assets.lake.lake_file import LakeFile
from persona_assets.lake.schema import ANSWERED_BY, RESPONSES
from persona_assets.models.chat import ChatFormat
from persona_assets.models.loading import load_tokenizer
from persona_assets.stages.default_prompt import default_system_prompt
from persona_assets.stages.dtypes import decided_generation
from persona_assets.stages.of_roles import RoleFiles
from persona_assets.stages.spans import land_spans
from persona_assets.study.backends import generation_backend
from persona_assets.study.roles import Role
from persona_assets.study.settings import GenerationSettings
from persona_assets.study.study import Study
from persona_assets.study.template import Template

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class GenerationStage:
    """Generates roles one after the other; the model is loaded when the first is missing, and kept."""

    def __init__(self, study: Study) -> None:
        if study.settings.generation is None:
            raise StudyError(
                f"{study.file}: takes its responses from {study.settings.responses_from}; generate them there"
            )
        self.study = study
        self._backend: Backend | None = None
        self.shared: set[str] = set()  # roles that were answered in one batch with others
        self._ahead: dict[tuple[str, str], dict[int, Completion]] = {}  # by role and what it is made from

    def land(
        self,
        role_name: str,
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
        asked: Sequence[str] = (),
    ) -> LakeFile:
        """The role's fresh responses: those that are there, or, generated now, those that were missing.

        What a killed run had generated of the role is taken over, not generated again. The roles that are
        `asked` for after it are answered beside it where a batch has room for them whole.
        """
        files = RoleFiles(self.study, role_name)
        in_flight = InFlight(files, self.settings.backend)
        landed = files.responses
        if landed is None or overwrite:
            after = asked[asked.index(role_name) + 1 :] if role_name in asked else ()
            lacking = (name for name in after if overwrite or RoleFiles(self.study, name).responses is None)
            prompts, answers = self._generate(self.study.role(role_name), in_flight, progress, lacking)
            default_system_prompt(self.study, self.tokenizer)  # noted with what lands
            content = responses_table(prompts, answers, origin=self.settings.backend)
            landed = self.study.lake.write(
                RESPONSES,
                content,
                files.responses_fingerprint,
                role=role_name,
                notes=_answered_by(answers.values()),
            )
            land_spans(RoleFiles(self.study, role_name), content, self.tokenizer)
        in_flight.clear()
        return landed

    def _generate(
        self, role: Role, in_flight: InFlight, progress: Progress | None, following: Iterable[str]
    ) -> tuple[list[Prompt], dict[int, Completion]]:
        """Return the role's prompts, and the answers by response_id."""
        generation_backend(self.settings.backend).check_installed()  # before anything is fetched
        prompts = self.prompts(role)
        answers = in_flight.kept(prompts) | self._ahead.pop((role.name, in_flight.made_from), {})
        if len(answers) < len(prompts):
            self.preflight.check(prompts)
            by_id = {prompt.response_id: prompt for prompt in prompts}
            with in_flight.keeping():
                for completion in self._complete(role.name, prompts, frozenset(answers), following):
                    self._check(completion, by_id, answers)
                    in_flight.add(completion, by_id[completion.response_id])
                    answers[completion.response_id] = completion
                    if progress is not None:
                        progress(len(answers), len(prompts))
        return prompts, answers

    def _complete(
        self, role: str, prompts: Sequence[Prompt], done: frozenset[int], following: Iterable[str]
    ) -> Iterator[Completion]:
        """Yield the answers; those of the following roles that share the batch are kept till these land."""
        backend = self.backend
        if not isinstance(backend, Batching) or done or not self._has_window(prompts):
            yield from backend.complete(prompts, done)
            return
        beside = self._beside(following, backend.batch_size - len(prompts))
        if not beside:
            yield from backend.complete(prompts)
            return
        self.shared |= {role, *(name for name, _ in beside)}
        for place, completion in backend.complete_together([prompts, *beside.values()]):
            if place:
                self._ahead.setdefault(list(beside)[place - 1], {})[completion.response_id] = completion
            else:
                yield completion

    def _beside(self, following: Iterable[str], room: int) -> dict[tuple[str, str], list[Prompt]]:
        """Return the prompts of the next roles, of which nothing is there yet, as long as they have room."""
        found: dict[tuple[str, str], list[Prompt]] = {}
        with suppress(StudyError):  # of a role that cannot be asked: told when its own turn comes
            for name in following if room > 0 else ():
                in_flight = InFlight(RoleFiles(self.study, name), self.settings.backend)
                prompts = self.prompts(self.study.role(name))
                self.preflight.check(prompts)
                room -= len(prompts)
                if room < 0 or not self._has_window(prompts) or in_flight.kept(prompts):
                    break
                found[name, in_flight.made_from] = prompts
        return found

    def _has_window(self, prompts: Sequence[Prompt]) -> bool:
        """Return whether each answer may have all its tokens: the longest prompt cuts its batch short."""
        longest = max(len(prompt.token_ids) for prompt in prompts)
        return longest + self.settings.max_tokens <= self.settings.max_model_len

    def _check(self, answer: Completion, asked: Container[int], answered: Container[int]) -> None:
        """Raise StudyError where a backend, which may be somebody's own, gives what is no answer."""
        about = f"generation.backend {self.settings.backend}: response {answer.response_id}"
        if answer.response_id not in asked:
            raise StudyError(f"{about} was not asked for")
        if answer.response_id in answered:
            raise StudyError(f"{about} came twice")
        if answer.finish_reason not in ("stop", "length"):
            raise StudyError(
                f"{about} ends by {shown(answer.finish_reason)}, which is neither stop nor length"
            )
        if answer.token_source == "generated" and len(answer.token_ids) > self.settings.max_tokens:
            raise StudyError(f"{about} has {len(answer.token_ids)} tokens, more than generation.max_tokens")

    def prompts(self, role: Role) -> list[Prompt]:
        """Return every prompt of a role. Raises StudyError where one would not be what is asked."""
        return build_prompts(role, self.study.questions(role), self.settings, self._chat)

    @cached_property
    def settings(self) -> GenerationSettings:
        """How responses are sampled."""
        return decided_generation(self.study)

    @cached_property
    def _chat(self) -> ChatFormat:
        tokenizer = load_tokenizer(self.settings.model, self.settings.revision)
        return ChatFormat(tokenizer, Template.of(self.settings))

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The model's tokenizer."""
        return self._chat.tokenizer

    @cached_property
    def preflight(self) -> Preflight:
        """What would stop the study, told before a model is loaded."""
        return Preflight(self.study, self.settings, self._chat.tokenizer)

    @property
    def backend(self) -> Backend:
        """The backend, opened at first use."""
        if self._backend is None:
            self._backend = open_backend(self.settings)
        return self._backend

    def close(self) -> None:
        """Give back the model's memory."""
        if self._backend is not None:
            self._backend.close()
            self._backend = None
        self._ahead.clear()


def responses_table(prompts: Sequence[Prompt], answers: Mapping[int, Completion], origin: str) -> pa.Table:
    """Prompts and their answers by response_id, as a table of `schema.RESPONSES`.

    Raises StudyError unless every prompt is answered.
    """
    unanswered = {prompt.response_id for prompt in prompts} - answers.keys()
    if unanswered:
        raise StudyError(f"{len(unanswered)} prompts were not answered, response {min(unanswered)} for one")
    rows = [
        _row(prompt, answers[prompt.response_id], origin)
        for prompt in sorted(prompts, key=lambda prompt: prompt.response_id)
    ]
    return pa.Table.from_pylist(rows, schema=RESPONSES.schema)


def _answered_by(answers: Iterable[Completion]) -> dict[str, str]:
    names = {answer.answered_by for answer in answers if answer.answered_by is not None}
    return {ANSWERED_BY: ", ".join(sorted(names))} if names else {}


def response_row(
    key: Key, text: str, prompt_ids: list[int], response_ids: list[int], **known: object
) -> dict[str, object]:
    """Return a row of `schema.RESPONSES`; `known` holds its other columns, NULL where it lacks one."""
    return {
        "response_id": key.response_id,
        "variant": key.variant,
        "question_id": key.question_id,
        "system_prompt": key.system_prompt,
        "question": key.question,
        "response": text,
        "prompt_token_ids": prompt_ids,
        "response_token_ids": response_ids,
        "n_prompt_tokens": len(prompt_ids),
        "n_response_tokens": len(response_ids),
        **known,
    }


def _row(prompt: Prompt, answer: Completion, origin: str) -> dict[str, object]:
    return response_row(
        prompt,
        answer.text,
        prompt.token_ids,
        answer.token_ids,
        token_source=answer.token_source,
        finish_reason=answer.finish_reason,
        seed=prompt.seed,
        origin=origin,
    )
