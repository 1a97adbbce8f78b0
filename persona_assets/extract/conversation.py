"""Which token ids run through the model, and which of them are pooled.

The ids that were generated are the ids that are encoded: text is never tokenized again. Only the closing
tokens of the chat template are added where the token selection wants them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from persona_assets.base.arrays import Int32s
from persona_assets.base.errors import StudyError
from persona_assets.models.control import control_tokens_within
from persona_assets.models.thinking import SpanKind, Thinking

if TYPE_CHECKING:
    import pyarrow as pa

    from persona_assets.models.chat import ChatFormat
    from persona_assets.study.settings import Spans, TokenSelection

TokenIds = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Conversation:
    """One response with its prompt: what runs through the model, and the selected span `[start, stop)`.

    `excluded_reason` says why it is not pooled, None where it is.
    """

    response_id: int
    token_ids: TokenIds
    start: int
    stop: int
    excluded_reason: str | None = None

    @property
    def n_selected(self) -> int:
        """How many tokens are pooled."""
        return self.stop - self.start

    @property
    def selected(self) -> TokenIds:
        """The ids of the pooled tokens."""
        return self.token_ids[self.start : self.stop]


def read_conversations(
    responses: pa.Table,
    chat: ChatFormat,
    selection: TokenSelection,
    context: int | None,
    span_tokens: Collection[str] = (),
    spans: Spans = "auto",
) -> list[Conversation]:
    """Return the conversations of `responses` (columns of `schema.RESPONSES`), in its order.

    - `response_only`: exactly the response's tokens are selected;
    - `response_to_end`: from the response's first token to the end of the rendered conversation;
    - `all`: every token of the conversation, the beginning-of-sequence token included.

    Of a model that thinks, what is selected of the response are the `spans` of one kind; with `auto` its
    answer, unless all of the conversation is selected.

    Excluded with a reason are a response without tokens, one with a control token in it that is none of
    `span_tokens`, a conversation longer than `context` tokens, and a response that lacks the span, or has it
    in several pieces. Raises StudyError for a row without token
    ids, and for a response_id that occurs twice.
    """
    _check_unique(responses["response_id"])
    closing = [] if selection == "response_only" else chat.closing_ids()
    reads_all = spans == "all" or selection == "all"
    thinking = None if reads_all else Thinking.of(chat.tokenizer)
    control = control_tokens_within(chat.tokenizer, span_tokens, thinking)
    kind: SpanKind = "thinking" if spans == "thinking" else "answer"
    columns = [responses[name] for name in ("response_id", "prompt_token_ids", "response_token_ids")]
    conversations = [
        _conversation(response_id.as_py(), prompt, response, closing, selection, context, control)
        for response_id, prompt, response in zip(*columns, strict=True)
    ]
    if thinking is None:
        return conversations
    prompts = zip(conversations, responses["prompt_token_ids"], strict=True)
    return [_narrowed(one, len(prompt), len(closing), thinking, kind) for one, prompt in prompts]


def _narrowed(
    one: Conversation, n_prompt: int, n_closing: int, thinking: Thinking, kind: SpanKind
) -> Conversation:
    """Return the conversation with only the response's span of `kind` selected, and the closing tokens."""
    if one.excluded_reason is not None:
        return one
    ids, end = one.token_ids.tolist(), len(one.token_ids) - n_closing
    spans = thinking.spans(ids[:n_prompt], ids[n_prompt:end])
    found = [span for span in spans if span.kind == kind]
    if len(found) != 1:
        if found:
            reason = f"its {kind} is in {len(found)} pieces"
        else:
            reason = "ends within its thinking" if kind == "answer" else "does not think"
        return replace(one, start=n_prompt, stop=n_prompt, excluded_reason=reason)
    start, stop = n_prompt + found[0].start, n_prompt + found[0].stop
    return replace(one, start=start, stop=stop + (n_closing if stop == end else 0))


def _check_unique(response_ids: pa.ChunkedArray) -> None:
    for response_id, count in Counter(response_ids.to_pylist()).items():
        if count > 1:
            raise StudyError(f"response {response_id} occurs twice; make the responses again")


def _conversation(
    response_id: int,
    prompt: pa.ListScalar,
    response: pa.ListScalar,
    closing: list[int],
    selection: TokenSelection,
    context: int | None,
    control: dict[int, str],
) -> Conversation:
    if not prompt.is_valid or not response.is_valid:
        raise StudyError(f"response {response_id}: has no token ids; generate or import the responses again")
    parts = [np.asarray(ids, dtype=np.int32) for ids in (_ids(prompt), _ids(response), closing)]
    n_prompt, n_response, n_closing = map(len, parts)
    token_ids = np.concatenate(parts)
    start = 0 if selection == "all" else n_prompt
    if n_response == 0:
        return Conversation(response_id, token_ids, start, start, "empty response")
    forged = next((token for token in parts[1].tolist() if token in control), None)
    if forged is not None:
        reason = f"control token {control[forged]} within the response"
        return Conversation(response_id, token_ids, start, start, reason)
    if context is not None and len(token_ids) > context:
        reason = f"longer than the model's context of {context} tokens"
        return Conversation(response_id, token_ids, start, start, reason)
    return Conversation(response_id, token_ids, start, n_prompt + n_response + n_closing)


def _ids(scalar: pa.ListScalar) -> Int32s:
    return scalar.values.to_numpy(zero_copy_only=False)
