"""Pooled rows in COO: the form between the lake's tables and dense files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from persona_assets.base.errors import StudyError
from persona_assets.interchange.npz import ARRAYS
from persona_assets.lake.schema import ACTIVATIONS, POOLED, VARIANT_STRIDE

ABSENT = "absent from the imported features"

Ids = npt.NDArray[np.int32]
Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class SparseRows:
    """A role's pooled responses; row `i` is the response `response_ids[i]`, of `d_sae` features.

    `row` (ascending) and `feature_id`: int32[n_nonzero]; `mean` and `max`: float32[n_nonzero].
    """

    response_ids: Ids
    row: Ids
    feature_id: Ids
    mean: Values
    max: Values
    d_sae: int

    @classmethod
    def from_tables(cls, activations: pa.Table, pooled: pa.Table, d_sae: int) -> SparseRows:
        """Return the rows of `schema.ACTIVATIONS`, by response_id; excluded responses are left out.

        Raises StudyError where a feature lies beyond d_sae.
        """
        included = pooled.filter(pc.is_null(pooled["excluded_reason"]))
        response_ids = np.sort(included["response_id"].to_numpy())
        row = np.searchsorted(response_ids, activations["response_id"].to_numpy()).astype(np.int32)
        feature_id = activations["feature_id"].to_numpy()
        if feature_id.max(initial=0) >= d_sae:
            raise StudyError(
                f"feature {feature_id.max()} is stored, but the study's SAE has {d_sae} features; "
                "extract or import again with --overwrite"
            )
        order = np.argsort(row, kind="stable")
        mean, highest = (activations[name].to_numpy()[order] for name in ("mean", "max"))
        return cls(response_ids, row[order], feature_id[order], mean, highest, d_sae)

    @classmethod
    def from_blocks(
        cls, response_ids: Sequence[int], blocks: Iterable[tuple[int, Values, Values]], d_sae: int
    ) -> SparseRows:
        """Return the nonzeros of dense (first row, mean block, max block)."""
        parts = [_nonzeros(*block) for block in blocks] or [
            _nonzeros(0, *np.zeros((2, 0, d_sae), np.float32))
        ]
        row, feature_id, mean, highest = (np.concatenate(column) for column in zip(*parts, strict=True))
        return cls(np.asarray(response_ids, np.int32), row, feature_id, mean, highest, d_sae)

    @property
    def shape(self) -> tuple[int, int]:
        """(n_responses, d_sae)."""
        return len(self.response_ids), self.d_sae

    def dense(self, array: str, start: int, stop: int) -> Values:
        """float32[stop - start, d_sae]: rows of `mean_features` or `max_features`."""
        values = self.mean if array == ARRAYS[0] else self.max
        first, last = np.searchsorted(self.row, (start, stop))
        block = np.zeros((stop - start, self.d_sae), np.float32)
        block[self.row[first:last] - start, self.feature_id[first:last]] = values[first:last]
        return block

    def mean_over_responses(self) -> Values:
        """float32[d_sae]: the mean over all rows of their means."""
        total = np.bincount(self.feature_id, weights=self.mean, minlength=self.d_sae)
        return (total / len(self.response_ids)).astype(np.float32)

    def max_over_responses(self) -> Values:
        """float32[d_sae]: the max over all rows of their maxes."""
        highest = np.zeros(self.d_sae, np.float32)
        np.maximum.at(highest, self.feature_id, self.max)
        return highest

    def activations(self) -> pa.Table:
        """The nonzeros as `schema.ACTIVATIONS`; dense files do not tell on how many tokens, or where."""
        response_id = self.response_ids[self.row]
        order = np.lexsort((response_id, self.feature_id))
        unknown = pa.nulls(len(order), pa.int32())
        return ACTIVATIONS.of(
            {
                "feature_id": self.feature_id[order],
                "response_id": response_id[order],
                "mean": self.mean[order],
                "max": self.max[order],
                "n_active": unknown,
                "argmax_token": unknown,
            }
        )

    def pooled(self, response_ids: Sequence[int]) -> pa.Table:
        """`schema.POOLED` for all of a role's responses: those that have no row here are excluded."""
        counts = np.bincount(self.row, minlength=len(self.response_ids)).tolist()
        n_active = dict(zip(self.response_ids.tolist(), counts, strict=True))
        rows = [
            {
                "response_id": response_id,
                "variant": response_id // VARIANT_STRIDE,
                "question_id": response_id % VARIANT_STRIDE,
                "n_active_features": n_active.get(response_id),
                "excluded_reason": None if response_id in n_active else ABSENT,
            }
            for response_id in sorted(response_ids)
        ]
        return pa.Table.from_pylist(rows, schema=POOLED.schema)

    def digest(self) -> str:
        """Return the hash of the content, the same in whatever order the rows came."""
        table = self.activations()
        digest = hashlib.sha256(np.sort(self.response_ids).tobytes())
        for name in ("feature_id", "response_id", "mean", "max"):
            digest.update(table[name].to_numpy().tobytes())
        return digest.hexdigest()


def _nonzeros(start: int, mean: Values, highest: Values) -> tuple[Ids, Ids, Values, Values]:
    row, feature_id = np.nonzero((highest > 0) | (mean > 0))
    return (
        (row + start).astype(np.int32),
        feature_id.astype(np.int32),
        mean[row, feature_id],
        highest[row, feature_id],
    )
