"""The responses kept of each feature as the lake's tables: with token ids, and texts by the tokenizer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from persona_assets.base.arrays import Ints
from persona_assets.extract.conversation import Conversation, TokenIds
from persona_assets.extract.evidence import Kept
from persona_assets.extract.pieces import Spelling
from persona_assets.lake.schema import DRAWN_EVIDENCE, EVIDENCE

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def evidence_table(
    kept: Kept, conversations: Mapping[int, Conversation], tokenizer: PreTrainedTokenizerBase
) -> pa.Table:
    """Return the evidence as `schema.EVIDENCE`, sorted by feature_id and rank (from 1).

    `conversations` holds those that were pooled, by response_id.
    """
    rank = 1 + np.arange(len(kept.feature_id)) - np.searchsorted(kept.feature_id, kept.feature_id)
    return EVIDENCE.of({"rank": rank, **_columns(kept, conversations, tokenizer)})


def drawn_table(
    kept: Kept,
    conversations: Mapping[int, Conversation],
    tokenizer: PreTrainedTokenizerBase,
    evidence: pa.Table,
) -> pa.Table:
    """Return those drawn as `schema.DRAWN_EVIDENCE`, sorted by feature_id, none that `evidence` has."""
    own = _pairs(kept.feature_id, kept.response_id)
    known = _pairs(evidence["feature_id"].to_numpy(), evidence["response_id"].to_numpy())
    columns = _columns(kept.only(~np.isin(own, known)), conversations, tokenizer)
    del columns["token_ids"]
    return DRAWN_EVIDENCE.of(columns)


def _columns(
    kept: Kept, conversations: Mapping[int, Conversation], tokenizer: PreTrainedTokenizerBase
) -> dict[str, Any]:
    """Return what is kept by the columns of `schema.EVIDENCE` without `rank`."""
    texts, which = _Texts.of(kept.response_id, conversations)
    window = kept.activations.shape[1] // 2
    # A window's columns are the tokens from argmax - window on; those outside the selection go.
    token = (kept.argmax - window)[:, None] + np.arange(2 * window + 1)
    inside = (token >= 0) & (token < texts.lengths[which][:, None])
    at = (texts.starts[which][:, None] + token)[inside]
    activations = kept.activations[inside]
    lengths = inside.sum(axis=1)
    bounds = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    spelling = Spelling.of(texts.ids, texts.starts, tokenizer)
    lists = {
        "token_ids": pa.array(texts.ids[at], pa.int32()),
        "pieces": spelling.pieces(at, np.repeat(np.arange(len(lengths)), lengths), activations),
        "activations": pa.array(activations, pa.float32()),
    }
    return {
        "feature_id": kept.feature_id,
        "response_id": kept.response_id,
        "start": np.maximum(kept.argmax - window, 0),
        **{name: pa.ListArray.from_arrays(bounds, values) for name, values in lists.items()},
    }


def _pairs(features: npt.NDArray[np.integer[Any]], responses: npt.NDArray[np.integer[Any]]) -> Ints:
    return (features.astype(np.int64) << 32) | responses.astype(np.int64)


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
