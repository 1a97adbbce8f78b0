"""What a model writes before its answer, told from the answer by tokens that the model has for it.

A model that marks its thinking by text alone, without tokens of its own, is not told from one that answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SpanKind = Literal["thinking", "answer", "other"]
Ids = Sequence[int]

# Of Qwen 3, DeepSeek R1, SmolLM3, OLMo 3 and many more; Magistral; Seed-OSS; Kimi; MiniMax; Cohere.
_TAGS = (
    ("<think>", "</think>"),
    ("[THINK]", "[/THINK]"),
    ("<seed:think>", "</seed:think>"),
    ("◁think▷", "◁/think▷"),
    ("<mm:think>", "</mm:think>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
)
_CHANNELS = ("<|start|>", "<|channel|>", "<|message|>", "<|end|>")  # of gpt-oss
_KINDS: dict[str, SpanKind] = {"final": "answer", "analysis": "thinking"}


class Span(NamedTuple):
    """A part `[start, stop)` of a response's tokens; that of an answer holds none of its marks."""

    kind: SpanKind
    start: int
    stop: int


@dataclass(frozen=True)
class Thinking:
    """How a model marks its thinking: `marks` are its tokens for that, by id."""

    tokenizer: PreTrainedTokenizerBase
    marks: dict[str, int]

    @classmethod
    def of(cls, tokenizer: PreTrainedTokenizerBase) -> Thinking | None:
        """Return how the tokenizer's model marks its thinking; None where it has no tokens for it."""
        added = {token.content: id_ for id_, token in tokenizer.added_tokens_decoder.items()}
        for marks in (*_TAGS, _CHANNELS):
            if all(mark in added for mark in marks):
                return cls(tokenizer, {mark: added[mark] for mark in marks})
        return None

    def spans(self, prompt: Ids, response: Ids) -> list[Span]:
        """Return the response's spans in their order; without thinking that is one answer, or nothing.

        A prompt may open the thinking. White space between spans is in none of them.
        """
        if len(self.marks) == len(_CHANNELS):
            return self._by_channel(prompt, response)
        return self._by_tag(prompt, response)

    def _by_tag(self, prompt: Ids, response: Ids) -> list[Span]:
        opens, closes = self.marks.values()
        found: list[Span] = []
        begin, is_inside = 0, self._is_open(prompt, opens)
        for place, token in enumerate(response):
            if token == closes:  # without an opening, too: some templates and models leave it out
                found.append(Span("thinking", begin, place + 1))
                begin, is_inside = place + 1, False
            elif token == opens and not is_inside:
                found += self._answer(response, begin, place)
                begin, is_inside = place, True
        if is_inside:
            return [*found, Span("thinking", begin, len(response))]
        return [*found, *self._answer(response, begin, len(response))]

    def _is_open(self, prompt: Ids, opens: int) -> bool:
        """Return whether the prompt's last token but for white space opens the thinking."""
        last = next((token for token in reversed(prompt) if not self._is_blank(token)), None)
        return last == opens

    def _answer(self, response: Ids, begin: int, stop: int) -> list[Span]:
        start, is_whole = begin, (begin, stop) == (0, len(response))
        while start < stop and not is_whole and self._is_blank(response[start]):
            start += 1  # of what does not think every token counts
        return [Span("answer", start, stop)] if start < stop else []

    def _by_channel(self, prompt: Ids, response: Ids) -> list[Span]:
        """Each message is a header, in which a channel may be named, a mark, its content, and an end."""
        starts, _, message, _ = self.marks.values()
        opened = max((place for place, token in enumerate(prompt) if token == starts), default=len(prompt))
        ids, n_before = [*prompt[opened:], *response], len(prompt) - opened
        if message not in ids:
            return [Span("answer", 0, len(response))]
        places = [place for place, token in enumerate(ids) if token == starts and place >= n_before]
        bounds = [0, *places, len(ids)]
        messages = [self._message(ids, *ends) for ends in pairwise(bounds)]
        within = [Span(kind, max(start - n_before, 0), stop - n_before) for kind, start, stop in messages]
        return [span for span in within if span.start < span.stop]

    def _message(self, ids: Ids, start: int, stop: int) -> Span:
        _, channel, message, ends = self.marks.values()
        header = list(ids[start:stop])
        if message not in header:
            return Span("other", start, stop)
        header = header[: header.index(message)]
        named = header[header.index(channel) + 1 :] if channel in header else []
        name = self.tokenizer.decode(named).split()[:1]
        kind = _KINDS.get(name[0] if name else "final", "other")
        if kind == "answer":
            start, stop = start + len(header) + 1, stop - (ids[stop - 1] == ends)
        return Span(kind, start, stop)

    def _is_blank(self, token: int) -> bool:
        return token not in self.marks.values() and not self.tokenizer.decode([token]).strip()
