"""Batches of pooled activations gathered into a role's tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.conversation import Conversation
from persona_assets.lake.schema import ACTIVATIONS, POOLED


class ActivationsCollector:
    """Keeps the pooled rows of batch after batch; `masks`: outliers are not pooled over."""

    def __init__(self, masks: bool) -> None:
        self._masks = masks
        self._batches: list[dict[str, npt.NDArray[np.generic]]] = []
        self._n_active_features: dict[int, int] = {}
        self._n_outliers: dict[int, int] = {}

    def add(self, batch: PooledBatch) -> None:
        """Take in a batch."""
        pooled, response_ids = batch.pooled, batch.response_ids
        self._batches.append(
            {
                "feature_id": pooled.feature.astype(np.int32),
                "response_id": response_ids[pooled.response].astype(np.int32),
                "mean": pooled.mean,
                "max": pooled.max,
                "n_active": pooled.n_active.astype(np.int32),
                "argmax_token": pooled.argmax_token.astype(np.int32),
            }
        )
        counts = np.bincount(pooled.response, minlength=len(response_ids))
        self._n_active_features.update(zip(response_ids.tolist(), counts.tolist(), strict=True))
        self._n_outliers.update(zip(response_ids.tolist(), batch.n_outliers.tolist(), strict=True))

    def activations(self) -> pa.Table:
        """`schema.ACTIVATIONS`, sorted by feature_id and response_id."""
        if not self._batches:
            return ACTIVATIONS.schema.empty_table()
        columns = {
            name: np.concatenate([batch[name] for batch in self._batches]) for name in self._batches[0]
        }
        order = np.lexsort((columns["response_id"], columns["feature_id"]))
        return ACTIVATIONS.of({name: column[order] for name, column in columns.items()})

    def pooled(self, responses: pa.Table, conversations: Sequence[Conversation]) -> pa.Table:
        """`schema.POOLED`: a row for every response; one that is not pooled has 0 tokens and a reason."""
        n_active = [self._n_active_features.get(one.response_id, 0) for one in conversations]
        n_outliers = [self._n_outliers.get(one.response_id, 0) for one in conversations]
        left_out = n_outliers if self._masks else [0] * len(conversations)
        identity = {name: responses[name] for name in ("response_id", "variant", "question_id")}
        return POOLED.of(
            identity
            | {
                "n_tokens": [one.n_selected - n for one, n in zip(conversations, left_out, strict=True)],
                "n_active_features": n_active,
                "n_outliers": n_outliers,
                "excluded_reason": [one.excluded_reason for one in conversations],
            }
        )
