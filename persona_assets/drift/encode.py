"""Running the model: a conversation's answers, or a role's responses, to sparse codes token by token."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array, vstack

from persona_assets.drift.codes import SpanCodes
from persona_assets.drift.layout import Layout
from persona_assets.extract.conversation import Conversation, TokenIds
from persona_assets.extract.extractor import Extractor
from persona_assets.extract.pool import Pooled
from persona_assets.study.settings.analysis import DriftSpace

# What a conversation is called by where responses are numbered.
_ONLY = 0


def encode_layout(
    layout: Layout, extractor: Extractor, sae: str, d_sae: int, space: DriftSpace = "sae"
) -> SpanCodes:
    """Return the codes of a conversation's answers, by turn: one forward pass over the whole conversation.

    Of the `residual` space they are the rows that the SAE reads: its dimensions stand for features, and
    `d_sae` is how many there are.
    """
    start, stop = layout.spans[0][0], layout.spans[-1][1]
    [codes] = _run(
        [Conversation(_ONLY, layout.token_ids, start, stop)], extractor, sae, d_sae, space
    ).values()
    parts = [codes[first - start : last - start] for first, last in layout.spans]
    return _joined(range(len(parts)), parts, layout.answer_ids)


def encode_responses(
    responses: pa.Table, extractor: Extractor, sae: str, d_sae: int, space: DriftSpace = "sae"
) -> SpanCodes:
    """Return the codes of responses (columns of `schema.RESPONSES`) by response_id, as `encode_layout`.

    They are of each response's own tokens.
    """
    everything = extractor.read(responses, "response_only")
    conversations = sorted(
        (one for one in everything if one.excluded_reason is None), key=lambda one: one.response_id
    )
    codes = _run(conversations, extractor, sae, d_sae, space)
    return _joined(
        [one.response_id for one in conversations],
        [codes[one.response_id] for one in conversations],
        np.concatenate([one.selected for one in conversations]),
    )


def _run(
    conversations: Sequence[Conversation], extractor: Extractor, sae: str, d_sae: int, space: DriftSpace
) -> dict[int, csr_array]:
    """By response_id, what fires on the selected tokens, or the stream there, float32[n_selected, d_sae]."""
    if space == "residual":
        return {response_id: csr_array(rows) for response_id, rows in extractor.rows(conversations, sae)}
    lengths = {one.response_id: one.n_selected for one in conversations}
    found: dict[int, csr_array] = {}
    with closing(extractor.stream(conversations, sae)) as batches:
        for batch in batches:
            ids = batch.response_ids.tolist()
            for index, response_id in enumerate(ids):
                found[response_id] = _of_response(batch.pooled, index, (lengths[response_id], d_sae))
    return found


def _of_response(pooled: Pooled, index: int, shape: tuple[int, int]) -> csr_array:
    """Return one response's rows of a batch: entries are sorted by response and feature."""
    first, last = np.searchsorted(pooled.response, [index, index + 1])
    inside = slice(pooled.bounds[first], pooled.bounds[last])
    feature = np.repeat(pooled.feature[first:last], pooled.n_active[first:last])
    return csr_array((pooled.values[inside], (pooled.tokens[inside], feature)), shape=shape)


def _joined(spans: Sequence[int], parts: Sequence[csr_array], token_ids: TokenIds) -> SpanCodes:
    lengths = [part.shape[0] for part in parts]
    return SpanCodes(
        spans=np.array(spans, dtype=np.int64),
        bounds=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        token_ids=token_ids,
        values=csr_array(vstack(parts, format="csr")),
    )
