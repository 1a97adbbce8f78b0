"""Which rows of an engine's step are whose, and the rows of responses that are read in several steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from persona_assets.base.errors import StudyError


@dataclass(frozen=True)
class Span:
    """What one step reads of a conversation of `n_tokens`: positions [first, stop), from row `row` on.

    Of the conversation the positions [selected_from, selected_to) are wanted.
    """

    response_id: int
    selected_from: int
    selected_to: int
    n_tokens: int
    row: int
    first: int
    stop: int

    @property
    def rows(self) -> slice:
        """The step's rows that are wanted."""
        start = max(self.selected_from, self.first)
        stop = max(min(self.selected_to, self.stop), start)
        return slice(self.row + start - self.first, self.row + stop - self.first)


@dataclass(frozen=True)
class Selected:
    """The wanted rows `float[n, width]` of whole conversations, one after another.

    `lengths` holds each response's id and how many rows are its.
    """

    lengths: list[tuple[int, int]]
    rows: torch.Tensor


@dataclass(frozen=True)
class _Begun:
    parts: list[torch.Tensor]
    n_read: int


class SpanCollector:
    """Puts together what an engine reads of conversations at one hook point, step by step.

    It keeps only rows of conversations that are begun and not read to their end: a copy of the wanted ones.
    """

    def __init__(self) -> None:
        self._begun: dict[int, _Begun] = {}
        self._ended: set[int] = set()

    def add(self, stream: torch.Tensor, spans: Iterable[Span]) -> Selected | None:
        """Take in a step's `stream` `float[n_rows, width]`; give the conversations that it ends, if any.

        An engine short of memory may compute a conversation again: from its first token on that replaces what
        was read of it, and after its end it is passed over. Raises StudyError where positions are missing.
        """
        lengths, parts = [], []
        for span in spans:
            if span.response_id in self._ended:
                continue
            earlier = self._earlier(span)
            part = stream[span.rows]
            if span.stop < span.n_tokens:
                self._begun[span.response_id] = _Begun([*earlier, part.clone()], span.stop)
                continue
            self._ended.add(span.response_id)
            lengths.append((span.response_id, span.selected_to - span.selected_from))
            parts += [*earlier, part]
        return Selected(lengths, torch.cat(parts)) if parts else None

    def _earlier(self, span: Span) -> list[torch.Tensor]:
        begun = self._begun.pop(span.response_id, _Begun([], 0))
        if span.first == 0:
            return []
        if span.first != begun.n_read:
            raise StudyError(
                f"response {span.response_id}: vLLM went on at token {span.first} after {begun.n_read}; "
                "extraction must see every token: use extraction.backend transformers"
            )
        return begun.parts
