"""Which tokens of a conversation are whose.

The rendered text is cut at the edges of the assistant's messages and each piece is tokenized for itself, as
it is when answers are generated: a prompt's ids, then the answer's. So no token is half template and half
answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from persona_assets.base.errors import StudyError
from persona_assets.drift.rendering import Rendering, called
from persona_assets.drift.transcript import Transcript
from persona_assets.extract.conversation import TokenIds
from persona_assets.models.chat import ChatFormat

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Layout:
    """A conversation's ids up to the end of its last answer, and each answer's tokens as `[start, stop)`."""

    token_ids: TokenIds
    spans: list[tuple[int, int]]

    @property
    def answer_ids(self) -> TokenIds:
        """The answers' own ids, one answer after another."""
        return np.concatenate([self.token_ids[start:stop] for start, stop in self.spans])


def lay_out(transcript: Transcript, chat: ChatFormat, context: int | None) -> Layout:
    """Return the tokens of a conversation and its answers' spans.

    Raises StudyError, naming turn and message, where the template does not repeat a message as it is, where
    a message holds the model's control tokens, or where an answer ends beyond `context` tokens.
    """
    ids: list[int] = []
    spans: list[tuple[int, int]] = []
    for piece in Rendering(transcript, chat).pieces():
        start = len(ids)
        ids += chat.token_ids(piece.text)
        if piece.message is not None:
            _check_span(start, len(ids), context, called(transcript, piece.message))
            spans.append((start, len(ids)))
    return Layout(np.array(ids, dtype=np.int32), spans)


def lay_out_prompt(transcript: Transcript, chat: ChatFormat, context: int | None) -> Layout:
    """Return the tokens of a conversation that ends with the user, and the span of its last message.

    They are tokenized as a prompt is, and a token that holds any of the message is its. Raises as `lay_out`.
    """
    text, first, last = Rendering(transcript, chat, open_end=True).last()
    if not chat.tokenizer.is_fast:
        raise StudyError(f"{chat.tokenizer.name_or_path}: its tokenizer does not tell where tokens stand")
    encoded = chat.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    own = [at for at, (low, high) in enumerate(encoded["offset_mapping"]) if low < last and high > first]
    start, stop = own[0], own[-1] + 1
    _check_span(start, stop, context, called(transcript, len(transcript.messages) - 1))
    return Layout(np.array(encoded["input_ids"][:stop], dtype=np.int32), [(start, stop)])


def prompt_ids(transcript: Transcript, chat: ChatFormat) -> list[int]:
    """Return the ids of a conversation that ends with the user, up to where the next answer begins."""
    pieces = Rendering(transcript, chat, open_end=True).pieces()
    return [token for piece in pieces for token in chat.token_ids(piece.text)]


def _check_span(start: int, stop: int, context: int | None, answer: str) -> None:
    if start == stop:
        raise StudyError(f"{answer}: has no tokens; leave it out")
    if context is not None and stop > context:
        raise StudyError(
            f"{answer}: ends at token {stop}, beyond the model's context of {context} tokens; "
            "cut the conversation before it"
        )
