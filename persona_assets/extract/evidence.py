"""Evidence: the responses that fire each feature most, and some drawn by lot, with tokens around the peak.

Gathered while batches stream by; memory is bounded by d_sae × top × window.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from persona_assets.base.arrays import Flags, Ints, Singles
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.pool import Pooled


@dataclass(frozen=True)
class Kept:
    """The responses kept of each feature, by feature, then score downwards, then response_id.

    Arrays of length n; `activations`, float32[n, 2 * window + 1]: those on the tokens around the argmax, 0
    outside the selection.
    """

    feature_id: Ints
    response_id: Ints
    argmax: Ints
    activations: Singles

    def only(self, entries: Flags) -> Kept:
        """Return those entries that are True in `entries`, bool[n]."""
        return Kept(*(part[entries] for part in vars(self).values()))


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

    def kept(self) -> Kept:
        """Return what the slots hold."""
        features, slots = np.nonzero(self._score > 0)
        order = np.lexsort((self._response_id[features, slots], -self._score[features, slots], features))
        features, slots = features[order], slots[order]
        return Kept(
            feature_id=features,
            response_id=self._response_id[features, slots],
            argmax=self._argmax[features, slots],
            activations=self._activations[features, slots],
        )

    def _scores(self, pooled: Pooled, entries: Ints, response_id: int) -> Singles:
        """Return the score of each of a response's entries: above 0, the higher the sooner kept."""
        raise NotImplementedError

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


class EvidenceCollector(_Collector):
    """Keeps the responses of each feature that fire it most."""

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

    def _scores(self, pooled: Pooled, entries: Ints, response_id: int) -> Singles:
        mixed = _mixed(np.uint64(self._seeds[response_id] << 32) | pooled.feature[entries].astype(np.uint64))
        return ((mixed >> np.uint64(40)) + np.uint64(1)).astype(np.float32)  # 24 bits, as exact as float32 is


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return 64 bits that look drawn by lot, of each value (the finalizer of SplitMix64)."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        values = (values ^ (values >> np.uint64(shift))) * np.uint64(factor)
    return values ^ (values >> np.uint64(31))
