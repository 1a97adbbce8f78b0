"""Evidence: the responses that fire each feature most, and some drawn by lot, with tokens around the peak.

Gathered while batches stream by; memory is bounded by d_sae × top × window.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from persona_assets.base.arrays import Ints, Singles
from persona_assets.extract.conversation import Conversation, TokenIds
from persona_assets.extract.pieces import Spelling
from persona_assets.extract.pool import Pooled
from persona_assets.lake.schema import DRAWN_EVIDENCE, EVIDENCE

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class _Collector:
    """Keeps the `top` responses of each of `d_sae` features by a score, ties to the smaller response_id.

    A feature has `top` slots; a slot holds a response's id, score and argmax, and its activations on `window`
    tokens on each side of the argmax (0 outside the selection). Free slots have score 0.
    """

    def __init__(self, d_sae: int, top: int, window: int) -> None:
        self._window = window
        self._response_id = np.zeros((d_sae, top), dtype=np.int64)
        self._score = np.zeros((d_sae, top), dtype=np.float32)
        self._argmax = np.zeros((d_sae, top), dtype=np.int64)
        self._activations = np.zeros((d_sae, top, 2 * window + 1), dtype=np.float32)

    def add(self, pooled: Pooled, response_ids: Ints) -> None:
        """Take in a batch; `response_ids` names its responses."""
        bounds = np.searchsorted(pooled.response, np.arange(len(response_ids) + 1))
        for index, response_id in enumerate(response_ids.tolist()):
            self._add_response(pooled, np.arange(bounds[index], bounds[index + 1]), response_id)

    def _scores(self, pooled: Pooled, entries: Ints, response_id: int) -> Singles:
        """Return the score of each of a response's entries: above 0, the higher the sooner kept."""
        raise NotImplementedError

    def _columns(
        self,
        features: Ints,
        slots: Ints,
        conversations: Mapping[int, Conversation],
        tokenizer: PreTrainedTokenizerBase,
    ) -> dict[str, Any]:
        """Return what the slots hold, by the columns of `schema.EVIDENCE` without `rank`.

        `conversations` holds those that were pooled, by response_id.
        """
        response_ids, argmax = self._response_id[features, slots], self._argmax[features, slots]
        texts, which = _Texts.of(response_ids, conversations)
        # A window's columns are the tokens from argmax - window on; those outside the selection go.
        token = (argmax - self._window)[:, None] + np.arange(2 * self._window + 1)
        inside = (token >= 0) & (token < texts.lengths[which][:, None])
        at = (texts.starts[which][:, None] + token)[inside]
        activations = self._activations[features, slots][inside]
        lengths = inside.sum(axis=1)
        bounds = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
        spelling = Spelling.of(texts.ids, texts.starts, tokenizer)
        lists = {
            "token_ids": pa.array(texts.ids[at], pa.int32()),
            "pieces": spelling.pieces(at, np.repeat(np.arange(len(lengths)), lengths), activations),
            "activations": pa.array(activations, pa.float32()),
        }
        return {
            "feature_id": features,
            "response_id": response_ids,
            "start": np.maximum(argmax - self._window, 0),
            **{name: pa.ListArray.from_arrays(bounds, values) for name, values in lists.items()},
        }

    def _add_response(self, pooled: Pooled, entries: Ints, response_id: int) -> None:
        """Let one response's entries, of as many features, take the place of lower ones."""
        features, scores = pooled.feature[entries], self._scores(pooled, entries, response_id)
        held = self._score[features]
        lowest = held.min(axis=1)
        # Of a feature's lowest slots the one with the largest response_id is worth least.
        ids = np.where(held == lowest[:, None], self._response_id[features], -1)
        enters = (scores > lowest) | ((scores == lowest) & (response_id < ids.max(axis=1)))
        slots = ids.argmax(axis=1)[enters]
        features, entries = features[enters], entries[enters]
        self._response_id[features, slots] = response_id
        self._score[features, slots] = scores[enters]
        self._argmax[features, slots] = pooled.argmax_token[entries]
        self._activations[features, slots] = self._windows(pooled, entries)

    def _windows(self, pooled: Pooled, entries: Ints) -> Singles:
        """Return the activations around each entry's argmax, float32[len(entries), 2 * window + 1]."""
        width = 2 * self._window + 1
        windows = np.zeros((len(entries), width), dtype=np.float32)
        first, counts = pooled.bounds[entries], pooled.n_active[entries]
        which = np.repeat(np.arange(len(entries)), counts)
        at = np.arange(len(which)) + np.repeat(first - (np.cumsum(counts) - counts), counts)
        column = pooled.tokens[at] - pooled.argmax_token[entries][which] + self._window
        inside = (column >= 0) & (column < width)
        windows[which[inside], column[inside]] = pooled.values[at[inside]]
        return windows

    def _ranked(self) -> tuple[Ints, Ints]:
        """Return the filled slots, by feature, then score downwards, then response_id."""
        features, slots = np.nonzero(self._score > 0)
        order = np.lexsort((self._response_id[features, slots], -self._score[features, slots], features))
        return features[order], slots[order]


class EvidenceCollector(_Collector):
    """Keeps the responses of each feature that fire it most."""

    def table(
        self, conversations: Mapping[int, Conversation], tokenizer: PreTrainedTokenizerBase
    ) -> pa.Table:
        """Return the evidence as `schema.EVIDENCE`, sorted by feature_id and rank (from 1).

        `conversations` holds those that were pooled, by response_id.
        """
        features, slots = self._ranked()
        rank = 1 + np.arange(len(features)) - np.searchsorted(features, features)
        return EVIDENCE.of({"rank": rank, **self._columns(features, slots, conversations, tokenizer)})

    def _scores(self, pooled: Pooled, entries: Ints, response_id: int) -> Singles:
        return pooled.max[entries]


class DrawnCollector(_Collector):
    """Keeps for each feature responses drawn by lot among all in which it fires, any of them as likely.

    The lot is a digest of the feature and of the conversation's tokens: the same in whatever order they come,
    and another in each role. `conversations` are all that will come.
    """

    def __init__(self, d_sae: int, number: int, window: int, conversations: Iterable[Conversation]) -> None:
        super().__init__(d_sae, number, window)
        self._seeds = {one.response_id: zlib.crc32(one.token_ids.tobytes()) for one in conversations}

    def table(
        self,
        conversations: Mapping[int, Conversation],
        tokenizer: PreTrainedTokenizerBase,
        evidence: pa.Table,
    ) -> pa.Table:
        """Return those drawn as `schema.DRAWN_EVIDENCE`, sorted by feature_id, none that `evidence` has."""
        features, slots = self._ranked()
        own = _pairs(features, self._response_id[features, slots])
        known = _pairs(evidence["feature_id"].to_numpy(), evidence["response_id"].to_numpy())
        new = ~np.isin(own, known)
        columns = self._columns(features[new], slots[new], conversations, tokenizer)
        del columns["token_ids"]
        return DRAWN_EVIDENCE.of(columns)

    def _scores(self, pooled: Pooled, entries: Ints, response_id: int) -> Singles:
        mixed = _mixed(np.uint64(self._seeds[response_id] << 32) | pooled.feature[entries].astype(np.uint64))
        return ((mixed >> np.uint64(40)) + np.uint64(1)).astype(np.float32)  # 24 bits, as exact as float32 is


def _pairs(features: npt.NDArray[np.integer[Any]], responses: npt.NDArray[np.integer[Any]]) -> Ints:
    return (features.astype(np.int64) << 32) | responses.astype(np.int64)


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return 64 bits that look drawn by lot, of each value (the finalizer of SplitMix64)."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        values = (values ^ (values >> np.uint64(shift))) * np.uint64(factor)
    return values ^ (values >> np.uint64(31))


class _Texts:
    """The selected tokens of some responses, one after another."""

    def __init__(self, selected: list[TokenIds]) -> None:
        self.ids = np.concatenate([np.empty(0, np.int32), *selected])
        self.lengths = np.array([len(one) for one in selected], dtype=np.int64)
        self.starts = np.cumsum(self.lengths) - self.lengths

    @classmethod
    def of(cls, response_ids: Ints, conversations: Mapping[int, Conversation]) -> tuple[_Texts, Ints]:
        """Return the texts of the responses named, and which one is whose."""
        unique, which = np.unique(response_ids, return_inverse=True)
        return cls([conversations[one].selected for one in unique.tolist()]), which
