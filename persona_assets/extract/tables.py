"""Batches of pooled activations gathered into a role's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from persona_assets.extract.backend import PooledBatch
from persona_assets.extract.conversation import Conversation
from persona_assets.extract.quality import Fit
from persona_assets.lake.schema import ACTIVATIONS, FIRST_ACTIVATIONS, POOLED, SAE_FIT, Table

_Columns = dict[str, npt.NDArray[np.generic]]


class ActivationsCollector:
    """Keeps the pooled rows of batch after batch; `masks`: outliers are not pooled over."""

    def __init__(self, masks: bool) -> None:
        self._masks = masks
        self._batches: list[_Columns] = []
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
        return _sorted(ACTIVATIONS, self._batches)

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


class FirstCollector:
    """Keeps what batch after batch gives pooled over the first `n_tokens` tokens of each response.

    `n_selected` has the selected tokens of each by its id: one that has fewer is pooled over those.
    """

    def __init__(self, n_tokens: int, n_selected: Mapping[int, int]) -> None:
        self._n_tokens = n_tokens
        self._n_selected = n_selected
        self._batches: list[_Columns] = []

    def add(self, batch: PooledBatch) -> None:
        """Take in a batch, no token of which is masked: which are the first is known of all tokens alone."""
        pooled, ids = batch.pooled, batch.response_ids
        lengths = np.array([min(self._n_selected[one], self._n_tokens) for one in ids.tolist()])
        among = pooled.tokens < self._n_tokens
        n_active = np.diff(np.concatenate([[0], np.cumsum(among)])[pooled.bounds])
        fired = n_active > 0
        response, n_active, values = pooled.response[fired], n_active[fired], pooled.values[among]
        if not len(values):
            return
        starts = np.cumsum(n_active) - n_active
        sums = np.add.reduceat(values.astype(np.float64), starts)
        self._batches.append(
            {
                "feature_id": pooled.feature[fired].astype(np.int32),
                "response_id": ids[response].astype(np.int32),
                "mean": (sums / lengths[response]).astype(np.float32),
                "max": np.maximum.reduceat(values, starts),
                "n_active": n_active.astype(np.int32),
            }
        )

    def activations(self) -> pa.Table:
        """`schema.FIRST_ACTIVATIONS`, sorted by feature_id and response_id."""
        return _sorted(FIRST_ACTIVATIONS, self._batches)


def fit_table(fit: Fit | None) -> pa.Table:
    """Return the fit as `schema.SAE_FIT`: no row where nothing could be measured."""
    rows = [] if fit is None else [vars(fit)]
    return pa.Table.from_pylist(rows, schema=SAE_FIT.schema)


def _sorted(table: Table, batches: Sequence[_Columns]) -> pa.Table:
    if not batches:
        return table.schema.empty_table()
    columns = {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
    order = np.lexsort((columns["response_id"], columns["feature_id"]))
    return table.of({name: column[order] for name, column in columns.items()})
