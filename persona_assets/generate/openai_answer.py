"""What a server that speaks OpenAI's API answers, and the completion it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, Field, model_validator

from persona_assets.errors import StudyError
from persona_assets.generate.backend import Completion
from persona_assets.generate.http import TransientError
from persona_assets.generate.prompts import Prompt

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class _Message(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    finish_reason: str
    stop_reason: int | str | None = None
    text: str | None = None
    message: _Message = _Message()
    token_ids: list[int] | None = None
    prompt_token_ids: list[int] | None = None

    @property
    def said(self) -> str | None:
        return self.text if self.text is not None else self.message.content

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.said is None and self.token_ids is None:
            raise ValueError("neither text nor token ids")
        return self


class Answer(BaseModel):
    """One response. Token ids, the prompt's and the answer's, are there if the server knows to give them."""

    choices: Annotated[list[_Choice], Field(min_length=1, max_length=1)]
    prompt_token_ids: list[int] | None = None

    def completion(self, prompt: Prompt, tokenizer: PreTrainedTokenizerBase) -> Completion:
        """The answer to `prompt`. Raises StudyError where it answers another, or was kept back."""
        choice = self.choices[0]
        self._check(prompt)
        if choice.token_ids is None:
            text = choice.said or ""
            # What looks like a turn's end in a text is text: it must not end the turn.
            encoded = tokenizer(text, add_special_tokens=False, split_special_tokens=True)
            ids, source = list(encoded["input_ids"]), "tokenized"
        else:
            ids, source = _without_end(choice, choice.token_ids, tokenizer.eos_token_id), "generated"
            text = tokenizer.decode(ids, skip_special_tokens=True)
        return Completion(prompt.response_id, ids, text, choice.finish_reason, source)

    def _check(self, prompt: Prompt) -> None:
        choice = self.choices[0]
        read = choice.prompt_token_ids or self.prompt_token_ids or prompt.token_ids
        if read != prompt.token_ids:
            raise StudyError(
                f"response {prompt.response_id}: the server read {len(read)} prompt tokens that are not the "
                f"study's {len(prompt.token_ids)}: its chat template or tokenizer is another; use "
                "generation.engine.api: completions, and serve the study's own model"
            )
        if choice.finish_reason not in ("stop", "length"):
            raise StudyError(
                f"response {prompt.response_id}: the server ended it with {choice.finish_reason!r}; it is "
                "not what the model would say: turn that off at the server, or leave the role out"
            )


def read_answer(body: bytes) -> Answer:
    """The answer in a body. Raises ValueError for anything else, TransientError for one broken off."""
    answer = Answer.model_validate_json(body)
    if (reason := answer.choices[0].finish_reason) in ("abort", "error"):  # vLLM's words for its own failure
        raise TransientError(f"the server broke off ({reason})")
    return answer


def _without_end(choice: _Choice, ids: list[int], eos_token_id: int) -> list[int]:
    """The ids less the token that ended them, which vLLM includes and names only if it is not the EOS."""
    end = eos_token_id if choice.stop_reason is None else choice.stop_reason
    return ids[:-1] if choice.finish_reason == "stop" and ids[-1:] == [end] else ids
