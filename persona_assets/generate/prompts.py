"""What the model is asked: role × variant × question as chat prompts of token ids."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from persona_assets.catalog.questions import Question
from persona_assets.catalog.roles import Role
from persona_assets.errors import StudyError
from persona_assets.schema import response_id
from persona_assets.settings import GenerationSettings

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_PROBE = "persona probe"


@dataclass(frozen=True)
class Prompt:
    """One question to one variant of a role. `system_prompt` is None where the instruction is empty."""

    variant: int
    question_id: int
    system_prompt: str | None
    question: str
    token_ids: list[int]
    seed: int

    @property
    def response_id(self) -> int:
        """The identity of the answer."""
        return response_id(self.variant, self.question_id)


@dataclass(frozen=True)
class ChatFormat:
    """Renders a system prompt and a question the way the model's chat template wants them."""

    tokenizer: PreTrainedTokenizerBase

    def prompt_ids(self, system_prompt: str | None, question: str) -> list[int]:
        """Token ids up to where the model's answer begins; the template brings the one BOS."""
        text = self._render(self.messages(system_prompt, question))
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def messages(self, system_prompt: str | None, question: str) -> list[dict[str, str]]:
        """What is said before the answer, its system prompt put where the template lets it through."""
        if system_prompt is None:
            return [{"role": "user", "content": question}]
        if self._has_system_role:
            system = {"role": "system", "content": system_prompt}
            return [system, {"role": "user", "content": question}]
        return [{"role": "user", "content": f"{system_prompt}\n\n{question}"}]

    @cached_property
    def _has_system_role(self) -> bool:
        """Whether a system message reaches the model: some templates refuse it, some drop it silently."""
        from jinja2.exceptions import TemplateError

        probe = [{"role": "system", "content": _PROBE}, {"role": "user", "content": "hello"}]
        try:
            return _PROBE in self._render(probe)
        except TemplateError:
            return False

    def _render(self, messages: list[dict[str, str]]) -> str:
        return str(self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))


def fill(instruction: str, model_name: str) -> str | None:
    """The system prompt an instruction becomes: `{model_name}` replaced literally, None if it is empty."""
    return instruction.replace("{model_name}", model_name) or None


def response_seed(study_seed: int, role: str, variant: int, question_id: int) -> int:
    """A response's own seed (48 bits), so that its text does not depend on what else is generated."""
    key = f"{study_seed}/{role}/{variant}/{question_id}".encode()
    return int.from_bytes(hashlib.sha256(key).digest()[:6], "big")


def build_prompts(
    role: Role, questions: Sequence[Question], generation: GenerationSettings, chat: ChatFormat
) -> list[Prompt]:
    """Every prompt of a role, variant-major: neighbours share their system prompt's prefix.

    Raises StudyError where a prompt leaves no room for an answer.
    """
    prompts = []
    for variant in generation.prompt_indices:
        system_prompt = fill(role.instructions[variant], generation.spoken_name)
        for question in questions:
            prompts.append(
                Prompt(
                    variant=variant,
                    question_id=question.id,
                    system_prompt=system_prompt,
                    question=question.text,
                    token_ids=chat.prompt_ids(system_prompt, question.text),
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
