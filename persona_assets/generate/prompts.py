"""What the model is asked: role × variant × question as chat prompts of token ids."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from persona_assets.base.errors import StudyError
from persona_assets.lake.schema import response_id
from persona_assets.models.chat import ChatFormat
from persona_assets.study.questions import Question
from persona_assets.study.roles import Role, fill
from persona_assets.study.settings import GenerationSettings


@dataclass(frozen=True)
class Key:
    """A role's variant and question. `system_prompt` is what is sent, None where the instruction is empty."""

    variant: int
    question_id: int
    system_prompt: str | None
    question: str

    @property
    def response_id(self) -> int:
        """The identity of the answer."""
        return response_id(self.variant, self.question_id)


@dataclass(frozen=True)
class Prompt(Key):
    """One question to one variant of a role, as the token ids that the model reads.

    `about` says what it is about where that is no response, such as `feature 7`.
    """

    token_ids: list[int]
    seed: int
    about: str | None = None

    @property
    def where(self) -> str:
        """What errors call it."""
        return self.about or f"response {self.response_id}"

    @property
    def hash(self) -> str:
        """What an answer was asked with: 16 hex digits of the token ids."""
        return hashlib.sha256(np.asarray(self.token_ids, dtype="<i4").tobytes()).hexdigest()[:16]


def response_seed(study_seed: int, role: str, variant: int, question_id: int) -> int:
    """Return a response's own seed (48 bits), so that its text does not depend on what else is generated."""
    key = f"{study_seed}/{role}/{variant}/{question_id}".encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:6], "big")


def build_prompts(
    role: Role, questions: Sequence[Question], generation: GenerationSettings, chat: ChatFormat
) -> list[Prompt]:
    """Return every prompt of a role, variant-major: neighbors share their system prompt's prefix.

    Raises StudyError where a prompt would not be what is asked (`ChatFormat`), or leaves no room for an
    answer.
    """
    prompts = []
    for variant in generation.prompt_indices:
        system_prompt = fill(role.instructions[variant], generation.spoken_name)
        instruction = f"role {role.name}, variant {variant}"
        for question in questions:
            names = (instruction, f"question {question.id}")
            prompts.append(
                Prompt(
                    variant=variant,
                    question_id=question.id,
                    system_prompt=system_prompt,
                    question=question.text,
                    token_ids=chat.prompt_ids(system_prompt, question.text, names),
                    seed=response_seed(generation.seed, role.name, variant, question.id),
                )
            )
    _check_room(prompts, role, generation)
    return prompts


def _check_room(prompts: Sequence[Prompt], role: Role, generation: GenerationSettings) -> None:
    for prompt in prompts:
        if len(prompt.token_ids) >= generation.max_model_len:
            raise StudyError(
                f"role {role.name}, variant {prompt.variant}, question {prompt.question_id}: the prompt has "
                f"{len(prompt.token_ids)} tokens, which leaves no room below generation.max_model_len = "
                f"{generation.max_model_len}; raise it, or shorten the instruction"
            )
