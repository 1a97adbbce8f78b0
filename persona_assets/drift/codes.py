"""Sparse activations on the tokens of several spans: what the model and the SAE are run for, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_array, vstack

from persona_assets.base.arrays import Int32s, Ints
from persona_assets.lake.schema import DRIFT_CODES

# Rows [start, stop) of tokens that are pooled together: a span, or several one after another.
Ranges = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class SpanCodes:
    """What fires on the tokens of spans, one span after another.

    `values` float32[n_tokens, d_sae] holds the active features only; span i, named `spans[i]`, has the rows
    `bounds[i]` to `bounds[i + 1]`. `token_ids` int32[n_tokens].
    """

    spans: Ints
    bounds: Ints
    token_ids: Int32s
    values: csr_array

    @property
    def lengths(self) -> Ints:
        """Tokens of each span, int64[n_spans]."""
        return np.diff(self.bounds)

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """Each span's rows."""
        return list(zip(self.bounds[:-1].tolist(), self.bounds[1:].tolist(), strict=True))


def pool_ranges(values: csr_array, wanted: Sequence[Ranges], how: Literal["mean", "max"]) -> csr_array:
    """Pool rows of tokens to float64[len(wanted), d_sae], each over its ranges of rows together.

    Over all tokens: one on which a feature is silent counts as 0.
    """
    rows = [np.concatenate([np.arange(*bounds) for bounds in ranges]) for ranges in wanted]
    if how == "max":
        highest: Any = vstack([values[one].max(axis=0) for one in rows], format="csr")
        return highest.astype(np.float64)
    lengths = np.array([len(one) for one in rows])
    used, column = np.unique(np.concatenate(rows), return_inverse=True)  # a role's codes are large
    weights = csr_array(
        (np.repeat(1 / lengths, lengths), column, np.concatenate([[0], np.cumsum(lengths)])),
        shape=(len(rows), len(used)),
    )
    return csr_array(weights @ values[used].astype(np.float64))


def to_table(codes: SpanCodes) -> pa.Table:
    """Return the codes as `DRIFT_CODES`."""
    offsets = pa.array(codes.values.indptr, pa.int32())
    lists = [pa.array(codes.values.indices, pa.int32()), pa.array(codes.values.data, pa.float32())]
    feature_ids, activations = (pa.ListArray.from_arrays(offsets, values) for values in lists)
    return DRIFT_CODES.of(
        {
            "span": np.repeat(codes.spans, codes.lengths),
            "token_id": codes.token_ids,
            "feature_ids": feature_ids,
            "activations": activations,
        }
    )


def from_table(table: pa.Table, d_sae: int) -> SpanCodes:
    """Return the codes that a table of `DRIFT_CODES` holds."""
    span = table["span"].to_numpy()
    first = np.flatnonzero(np.diff(span, prepend=-1))
    lists = table["feature_ids"].combine_chunks()
    indptr = np.concatenate([[0], np.cumsum(lists.value_lengths().to_numpy(zero_copy_only=False))])
    values = csr_array(
        (table["activations"].combine_chunks().flatten().to_numpy(), lists.flatten().to_numpy(), indptr),
        shape=(len(span), d_sae),
    )
    return SpanCodes(
        span[first].astype(np.int64), np.append(first, len(span)), table["token_id"].to_numpy(), values
    )
