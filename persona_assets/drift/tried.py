"""Texts tried: a prompt, or a conversation's answers, through the study's model and one of its SAEs."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from persona_assets.base.arrays import Ints, Singles
from persona_assets.drift.layout import lay_out, lay_out_prompt
from persona_assets.drift.transcript import Transcript
from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.extractor import Extractor
from persona_assets.extract.pieces import spelt
from persona_assets.models.chat import ChatFormat


@dataclass(frozen=True)
class Tried:
    """What fires on one text of `len(pieces)` tokens.

    By feature, as the lake's activations are: `feature`, `mean`, `max`, `n_active`. By token, one entry per
    active feature: `token`, `of` (its place among the features) and `value`.
    """

    pieces: list[str]
    feature: Ints
    mean: Singles
    max: Singles
    n_active: Ints
    token: Ints
    of: Ints
    value: Singles

    def strongest(self, top: int) -> list[tuple[int, int, float]]:
        """Return (token, feature, activation) of each token's `top` strongest features, by token."""
        order = np.lexsort((self.feature[self.of], -self.value, self.token))
        token = self.token[order]
        kept = order[np.arange(len(order)) - np.searchsorted(token, token) < top]
        columns = (self.token[kept], self.feature[self.of[kept]], self.value[kept])
        return list(zip(*(column.tolist() for column in columns), strict=True))


def try_transcript(transcript: Transcript, chat: ChatFormat, extractor: Extractor, sae: str) -> list[Tried]:
    """Return what fires on each of the conversation's answers; without any, on its last message.

    Each is read after what stands before it and pooled as a role's responses are. Raises StudyError, naming
    the message, where one cannot be read.
    """
    lay = lay_out if transcript.turns else lay_out_prompt
    layout = lay(transcript, chat, extractor.context)
    texts = [
        Conversation(index, layout.token_ids[:stop], start, stop)
        for index, (start, stop) in enumerate(layout.spans)
    ]
    found: dict[int, Tried] = {}
    with closing(extractor.stream(texts, sae)) as batches:
        for batch in batches:
            for place, index in enumerate(batch.response_ids.tolist()):
                found[index] = _of(batch, place, spelt(texts[index].selected, chat.tokenizer))
    return [found[index] for index in range(len(texts))]


def _of(batch: PooledBatch, place: int, pieces: Sequence[str]) -> Tried:
    pooled = batch.pooled
    first, last = np.searchsorted(pooled.response, [place, place + 1])
    entries, tokens = slice(first, last), slice(pooled.bounds[first], pooled.bounds[last])
    n_active = pooled.n_active[entries]
    return Tried(
        pieces=list(pieces),
        feature=pooled.feature[entries],
        mean=pooled.mean[entries],
        max=pooled.max[entries],
        n_active=n_active,
        token=pooled.tokens[tokens],
        of=np.repeat(np.arange(len(n_active)), n_active),
        value=pooled.values[tokens],
    )
