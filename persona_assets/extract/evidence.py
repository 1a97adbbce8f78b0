"""Evidence: for each feature the responses that fire it most, with a window of tokens around the peak.

Gathered while batches stream by; memory is bounded by d_sae × top × window.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from persona_assets.extract.conversation import Conversation
from persona_assets.extract.pool import Pooled
from persona_assets.schema import EVIDENCE

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Ints = npt.NDArray[np.int64]


class EvidenceCollector:
    """Keeps the `top` responses of each of `d_sae` features by max, ties to the smaller response_id.

    A feature has `top` slots; a slot holds a response's id, max and argmax, and its activations on `window`
    tokens on each side of the argmax (0 outside the selection). Free slots have max 0.
    """

    def __init__(self, d_sae: int, top: int, window: int) -> None:
        self._top, self._window = top, window
        self._response_id = np.zeros((d_sae, top), dtype=np.int64)
        self._max = np.zeros((d_sae, top), dtype=np.float32)
        self._argmax = np.zeros((d_sae, top), dtype=np.int64)
        self._activations = np.zeros((d_sae, top, 2 * window + 1), dtype=np.float32)

    def add(self, pooled: Pooled, response_ids: Ints) -> None:
        """Take in a batch; `response_ids` names its responses."""
        ids = response_ids[pooled.response]
        entries = np.flatnonzero(self._may_enter(pooled, ids))
        features, slots, entries = self._assign(pooled, ids, entries)
        self._response_id[features, slots] = ids[entries]
        self._max[features, slots] = pooled.max[entries]
        self._argmax[features, slots] = pooled.argmax_token[entries]
        self._activations[features, slots] = self._windows(pooled, entries)

    def table(
        self, conversations: Mapping[int, Conversation], tokenizer: PreTrainedTokenizerBase
    ) -> pa.Table:
        """The evidence as `schema.EVIDENCE`, sorted by feature_id and rank (from 1).

        `conversations` holds those that were pooled, by response_id.
        """
        features, slots = self._ranked()
        response_ids, argmax = self._response_id[features, slots], self._argmax[features, slots]
        shown = [conversations[response_id].selected for response_id in response_ids.tolist()]
        starts = np.maximum(argmax - self._window, 0)
        stops = np.minimum(argmax + self._window + 1, np.array([len(one) for one in shown], dtype=np.int64))
        spans = zip(shown, starts.tolist(), stops.tolist(), strict=True)
        token_ids = np.concatenate([np.empty(0, np.int32), *(one[start:stop] for one, start, stop in spans)])
        # A window's columns are the tokens from argmax - window on; those before start or after stop go.
        column = (argmax - self._window)[:, None] + np.arange(2 * self._window + 1)
        inside = (column >= starts[:, None]) & (column < stops[:, None])
        values = self._activations[features, slots][inside]
        bounds = pa.array(np.concatenate([[0], np.cumsum(stops - starts)]), pa.int32())
        pieces = pa.array(token_pieces(token_ids, tokenizer), pa.string())
        columns = {
            "feature_id": features,
            "rank": 1 + np.arange(len(features)) - np.searchsorted(features, features),
            "response_id": response_ids,
            "start": starts,
            "token_ids": pa.ListArray.from_arrays(bounds, pa.array(token_ids, pa.int32())),
            "pieces": pa.ListArray.from_arrays(bounds, pieces),
            "activations": pa.ListArray.from_arrays(bounds, pa.array(values, pa.float32())),
        }
        return pa.table(columns).cast(EVIDENCE.schema)

    def _ranked(self) -> tuple[Ints, Ints]:
        """The filled slots, by feature, then max downwards, then response_id."""
        features, slots = np.nonzero(self._max > 0)
        order = np.lexsort((self._response_id[features, slots], -self._max[features, slots], features))
        return features[order], slots[order]

    def _may_enter(self, pooled: Pooled, ids: Ints) -> npt.NDArray[np.bool_]:
        """Which entries beat the lowest slot of their feature: the only ones worth sorting."""
        lowest = self._max.min(axis=1)[pooled.feature]
        full_tie = (pooled.max == lowest) & (ids < self._response_id.max(axis=1)[pooled.feature])
        return (pooled.max > lowest) | full_tie

    def _assign(self, pooled: Pooled, ids: Ints, entries: Ints) -> tuple[Ints, Ints, Ints]:
        """The slots that change: features, slots and the entries that move in."""
        features = np.unique(pooled.feature[entries])
        held = self._max[features].ravel()
        n_held = held.size
        feature = np.concatenate([np.repeat(features, self._top), pooled.feature[entries]])
        order = np.lexsort(
            (
                np.concatenate([self._response_id[features].ravel(), ids[entries]]),
                -np.concatenate([held, pooled.max[entries]]),
                feature,
            )
        )
        feature = feature[order]
        stays = np.arange(len(order)) - np.searchsorted(feature, feature) < self._top
        kept = np.zeros(len(order), dtype=bool)
        kept[order[stays]] = True
        # As many slots of a feature come free as entries move in; both lists ascend by feature.
        free = np.flatnonzero(~kept[:n_held])
        moving_in = order[stays & (order >= n_held)]
        return features[free // self._top], free % self._top, entries[moving_in - n_held]

    def _windows(self, pooled: Pooled, entries: Ints) -> npt.NDArray[np.float32]:
        """The activations around each entry's argmax, float32[len(entries), 2 * window + 1]."""
        width = 2 * self._window + 1
        windows = np.zeros((len(entries), width), dtype=np.float32)
        counts = pooled.bounds[entries + 1] - pooled.bounds[entries]
        which = np.repeat(np.arange(len(entries)), counts)
        within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        at = pooled.bounds[entries][which] + within
        place = pooled.tokens[at] - pooled.argmax_token[entries][which] + self._window
        inside = (place >= 0) & (place < width)
        windows[which[inside], place[inside]] = pooled.values[at[inside]]
        return windows


def token_pieces(token_ids: npt.NDArray[np.int32], tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """The text of each token decoded by itself, leading space kept; part of a character becomes U+FFFD.

    A token is decoded after an anchor, whose text is cut off again: some decoders strip a first space.
    """
    anchor = tokenizer("a", add_special_tokens=False)["input_ids"]
    unique, which = np.unique(token_ids, return_inverse=True)
    options = {"skip_special_tokens": False, "clean_up_tokenization_spaces": False}
    skip = len(tokenizer.decode(anchor, **options))
    pieces = [tokenizer.decode([*anchor, token], **options)[skip:] for token in unique.tolist()]
    return [pieces[index] for index in which.tolist()]
