"""The mean of what an SAE reads over the pooled tokens of responses, gathered into a role's table."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from persona_assets.base.arrays import Floats, Ints, Singles
from persona_assets.base.errors import StudyError
from persona_assets.extract.backend import PooledBatch
from persona_assets.lake.schema import RESPONSE_VECTORS, VARIANT_STRIDE, VARIANT_VECTORS

_LARGEST = float(np.finfo(np.float16).max)


class VectorsCollector:
    """Keeps the vectors of batch after batch, in half precision."""

    def __init__(self) -> None:
        self._ids: list[Ints] = []
        self._scales: list[Singles] = []
        self._halves: list[npt.NDArray[np.float16]] = []

    def add(self, batch: PooledBatch) -> None:
        """Take in a batch. Raises StudyError where its backend kept no vectors."""
        scale, halves = halved(_vectors(batch))
        self._ids.append(batch.response_ids)
        self._scales.append(scale)
        self._halves.append(halves)

    def table(self) -> pa.Table:
        """Return `schema.RESPONSE_VECTORS`, sorted by response_id."""
        if not self._ids:
            return RESPONSE_VECTORS.schema.empty_table()
        ids, scales = np.concatenate(self._ids), np.concatenate(self._scales)
        order, halves = np.argsort(ids), np.concatenate(self._halves)
        bounds = pa.array(np.arange(len(ids) + 1) * halves.shape[1], pa.int32())
        return RESPONSE_VECTORS.of(
            {
                "response_id": ids[order],
                "scale": scales[order],
                "vector": pa.ListArray.from_arrays(bounds, pa.array(halves[order].reshape(-1))),
            }
        )


class VariantVectorsCollector:
    """Adds up the vectors of batch after batch by wording, in double precision."""

    def __init__(self) -> None:
        self._sums: dict[int, Floats] = {}
        self._counts: Counter[int] = Counter()

    def add(self, batch: PooledBatch) -> None:
        """Take in a batch. Raises StudyError where its backend kept no vectors."""
        vectors, variants = _vectors(batch), batch.response_ids // VARIANT_STRIDE
        for variant in np.unique(variants).tolist():
            of = vectors[variants == variant].astype(np.float64)
            self._sums[variant] = self._sums.get(variant, 0.0) + of.sum(axis=0)
            self._counts[variant] += len(of)

    def table(self) -> pa.Table:
        """Return `schema.VARIANT_VECTORS`, sorted by variant."""
        variants = sorted(self._sums)
        means = [self._sums[one] / self._counts[one] for one in variants]
        counts = [self._counts[one] for one in variants]
        return VARIANT_VECTORS.of(
            {"variant": variants, "n": counts, "vector": [one.astype(np.float32) for one in means]}
        )


def _vectors(batch: PooledBatch) -> Singles:
    """Return a batch's vectors. Raises StudyError where its backend kept none."""
    if batch.vectors is None:
        raise StudyError(
            "extraction.vectors: this extraction.backend keeps no vectors; use transformers or vllm, or "
            "leave the setting out"
        )
    return batch.vectors


def halved(vectors: Singles) -> tuple[Singles, npt.NDArray[np.float16]]:
    """Return float32[n] and float16[n, d], whose product is `vectors` float32[n, d], rounded.

    The scale is 1, or, where half precision is too small for a massive activation, the power of two that
    makes room for it: nothing overflows, and no other number loses digits by it unless it is tiny beside it.
    """
    largest = np.abs(vectors).max(axis=1, initial=0)
    scale = np.exp2(np.ceil(np.log2(np.maximum(largest / _LARGEST, 1)))).astype(np.float32)
    return scale, (vectors / scale[:, None]).astype(np.float16)
