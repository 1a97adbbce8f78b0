"""What a server that speaks OpenAI's API answers, and the completion it makes."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from persona_assets.base.errors import StudyError
from persona_assets.generate.backend import Completion, by_text
from persona_assets.generate.http import TransientError
from persona_assets.generate.prompts import Prompt
from persona_assets.models.control import answer_ids

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


# How servers call an answer's natural end, and the one at `max_tokens`, in lower case.
_ENDS = {
    **dict.fromkeys(("stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "max_length", "max_output_tokens"), "length"),
}


class _Message(BaseModel):
    content: str | None = None
    reasoning: Any = None
    reasoning_content: Any = None


class _Likely(BaseModel):
    token: str
    logprob: float


class _Position(BaseModel):
    top_logprobs: list[_Likely] = []


class _Logprobs(BaseModel):
    """What completions tell of each token, or what chats do (`content`)."""

    top_logprobs: list[dict[str, float] | None] | None = None
    content: list[_Position] | None = None

    @property
    def first(self) -> dict[str, float] | None:
        if self.content:
            return by_text((one.token, one.logprob) for one in self.content[0].top_logprobs)
        if self.top_logprobs and self.top_logprobs[0]:
            return by_text(self.top_logprobs[0].items())
        return None


class _Choice(BaseModel):
    finish_reason: str
    stop_reason: int | str | None = None
    text: str | None = None
    message: _Message = _Message()
    token_ids: list[int] | None = None
    prompt_token_ids: list[int] | None = None
    logprobs: _Logprobs | None = None

    @property
    def said(self) -> str | None:
        return self.text if self.text is not None else self.message.content

    @property
    def only_reasons(self) -> bool:
        """Whether the model's thoughts came apart, and no answer after them."""
        thoughts = self.message.reasoning_content or self.message.reasoning
        return bool(thoughts) and not self.said and self.token_ids is None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.said is None and self.token_ids is None and not self.only_reasons:
            raise ValueError("neither text nor token ids")
        return self


class ServerAnswer(BaseModel):
    """One response. Token ids, the prompt's and the answer's, are there if the server knows to give them.

    `model`: what the server calls the model that answered.
    """

    choices: Annotated[list[_Choice], Field(min_length=1, max_length=1)]
    model: str | None = None
    usage: Any = None
    prompt_token_ids: list[int] | None = None

    def completion(
        self, prompt: Prompt, tokenizer: PreTrainedTokenizerBase, ends: Collection[int]
    ) -> Completion:
        """Return the answer to `prompt`, less the token of `ends` that ended it.

        Raises StudyError where it was kept back, or is none.
        """
        choice = self.choices[0]
        finish_reason = self._finish_reason(prompt)
        if choice.token_ids is None:
            text = choice.said or ""
            ids, source = answer_ids(tokenizer, text, prompt.where), "tokenized"
        else:
            ids, source = _without_end(choice, choice.token_ids, finish_reason, ends), "generated"
            text = tokenizer.decode(ids, skip_special_tokens=True)
        likeliest = choice.logprobs.first if choice.logprobs is not None else None
        return Completion(prompt.response_id, ids, text, finish_reason, source, self.model, likeliest)

    def check_prompt(self, prompt: Prompt, *, counted: bool) -> None:
        """Raise StudyError where the server read another prompt than the study's.

        Its token ids tell, or their number, if `counted`.
        """
        read = self.choices[0].prompt_token_ids or self.prompt_token_ids
        n_read = len(read) if read else self._n_prompt_tokens if counted else None
        if (read and read != prompt.token_ids) or (n_read and n_read != len(prompt.token_ids)):
            raise StudyError(
                f"{prompt.where}: the server read {n_read} prompt tokens that are not the "
                f"study's {len(prompt.token_ids)}: its chat template or tokenizer is another; use "
                "generation.engine.api: completions, and serve the study's own model"
                + ("" if read else " (or, if it only counts otherwise, set accept_prompt_count: true)")
            )

    @property
    def _n_prompt_tokens(self) -> int | None:
        count = self.usage.get("prompt_tokens") if isinstance(self.usage, dict) else None
        return count if isinstance(count, int) else None

    def _finish_reason(self, prompt: Prompt) -> str:
        choice = self.choices[0]
        if choice.only_reasons:
            raise StudyError(
                f"{prompt.where}: the server gave the model's reasoning and no answer "
                f"(finish_reason {choice.finish_reason!r}); turn thinking off at the server, or raise "
                "generation.max_tokens"
            )
        if choice.finish_reason.lower() not in _ENDS:
            raise StudyError(
                f"{prompt.where}: the server ended it with {choice.finish_reason!r}; it is "
                "not what the model would say: turn that off at the server, or leave the role out"
            )
        return _ENDS[choice.finish_reason.lower()]


def read_answer(body: bytes) -> ServerAnswer:
    """Return the answer in a body.

    Raises ValueError, naming the field, for anything else, TransientError for one broken off.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    if body.lstrip().startswith((b"data:", b"event:")):
        raise ValueError("it is a stream of events, which was not asked for; turn that off at the server")
    try:
        answer = ServerAnswer.model_validate_json(body)
    except ValidationError as error:
        raise ValueError(_problem(error, body)) from None
    if (reason := answer.choices[0].finish_reason) in ("abort", "error"):  # vLLM's words for its own failure
        raise TransientError(f"the server broke off ({reason})")
    return answer


def _problem(error: ValidationError, body: bytes) -> str:
    """Return the error that the server itself tells, or the first field that is not as it should be."""
    try:
        told = _Failure.model_validate_json(body).error
        return f"an error: {told.get('message', told) if isinstance(told, dict) else told}"
    except ValidationError:
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc']) or 'the body'}: {first['msg']}"


class _Failure(BaseModel):
    error: dict[str, Any] | str


def _without_end(choice: _Choice, ids: list[int], finish_reason: str, ends: Collection[int]) -> list[int]:
    """The ids less the token that ended them, which vLLM includes and names only if it is not the EOS."""
    named = ends if choice.stop_reason is None else [choice.stop_reason]
    return ids[:-1] if finish_reason == "stop" and ids and ids[-1] in named else ids
