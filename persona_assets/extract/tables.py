"""Batches of pooled activations gathered into a role's tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from persona_assets.extract.conversation import Conversation
from persona_assets.extract.pool import Pooled
from persona_assets.lake.schema import ACTIVATIONS, POOLED


class ActivationsCollector:
    """Keeps the pooled rows of batch after batch."""

    def __init__(self) -> None:
        self._batches: list[list[npt.NDArray[np.generic]]] = []
        self._n_active_features: dict[int, int] = {}

    def add(self, pooled: Pooled, response_ids: npt.NDArray[np.int64]) -> None:
        """Take in a batch; `response_ids` names its responses."""
        self._batches.append(
            [
                pooled.feature.astype(np.int32),
                response_ids[pooled.response].astype(np.int32),
                pooled.mean,
                pooled.max,
                pooled.n_active.astype(np.int32),
                pooled.argmax_token.astype(np.int32),
            ]
        )
        counts = np.bincount(pooled.response, minlength=len(response_ids))
        self._n_active_features.update(zip(response_ids.tolist(), counts.tolist(), strict=True))

    def activations(self) -> pa.Table:
        """`schema.ACTIVATIONS`, sorted by feature_id and response_id."""
        if not self._batches:
            return ACTIVATIONS.schema.empty_table()
        columns = [np.concatenate(parts) for parts in zip(*self._batches, strict=True)]
        order = np.lexsort((columns[1], columns[0]))
        return pa.table([pa.array(column[order]) for column in columns], schema=ACTIVATIONS.schema)

    def pooled(self, responses: pa.Table, conversations: Sequence[Conversation]) -> pa.Table:
        """`schema.POOLED`: a row for every response; one that is not pooled has 0 tokens and a reason."""
        n_active = [self._n_active_features.get(one.response_id, 0) for one in conversations]
        return pa.table(
            [
                responses["response_id"],
                responses["variant"],
                responses["question_id"],
                pa.array([one.n_selected for one in conversations], pa.int32()),
                pa.array(n_active, pa.int32()),
                pa.array([one.excluded_reason for one in conversations], pa.string()),
            ],
            schema=POOLED.schema,
        )
