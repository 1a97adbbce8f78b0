"""How a feature's activations on single tokens are spread, and where in responses they lie.

Gathered while batches stream by, feature by feature: a histogram whose bins never change, and sums from which
the correlation with a token's place follows. Memory is bounded by d_sae times the number of bins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from persona_assets.base.arrays import Floats, Int32s, Ints, Singles
from persona_assets.base.compiled import compiled
from persona_assets.extract.backend import PooledBatch
from persona_assets.lake.kept import FIRST_TOKEN_BIN, N_TOKEN_BINS

if TYPE_CHECKING:
    import pyarrow as pa

_SUMS = ("place_squares", "squares", "place_products", "place_sum")  # columns of the sums
_ROOT_OF_2 = 0x3504F3  # the mantissa of the square root of two, as float32 has it
_BIAS = 127  # of float32's exponent


@compiled()
def _add(
    feature: Ints,
    length: Ints,
    bounds: Ints,
    tokens: Ints,
    values: Singles,
    bits: npt.NDArray[np.uint32],
    counts: Int32s,
    sums: Floats,
) -> None:
    """Add entries to `counts`, int32[d_sae, n_bins], and `sums`, float64[d_sae, 4].

    `length`: how many tokens each entry's response has; `bits`: the memory of `values`.
    """
    for entry in range(feature.shape[0]):
        n, of = length[entry], feature[entry]
        step = 2.0 / (n - 1) if n > 1 else 0.0
        first = -1.0 if n > 1 else 0.0
        total = squares = products = places = 0.0
        for at in range(bounds[entry], bounds[entry + 1]):
            own = bits[at]
            place_in_octaves = 2 * (np.int64(own >> 23) - _BIAS) + ((own & 0x7FFFFF) >= _ROOT_OF_2)
            counts[of, min(max(place_in_octaves - FIRST_TOKEN_BIN, 0), N_TOKEN_BINS - 1)] += 1
            value, place = np.float64(values[at]), first + step * tokens[at]
            total += value
            squares += value * value
            products += value * place
            places += place
        sums[of, 0] += n * (n + 1) / (3.0 * (n - 1)) if n > 1 else 0.0
        sums[of, 1] += squares - total * total / n
        sums[of, 2] += products
        sums[of, 3] += places


class ShapesCollector:
    """Keeps for each of `d_sae` features how many tokens lie in each bin, and sums of their places.

    `n_selected` has the selected tokens of each response by its id. `masks`: some tokens are not pooled over,
    and nobody knows here which; then nothing is said of places.
    """

    def __init__(self, d_sae: int, n_selected: Mapping[int, int], masks: bool) -> None:
        self._n_selected = n_selected
        self._masks = masks
        self._counts = np.zeros((d_sae, N_TOKEN_BINS), dtype=np.int32)
        self._sums = np.zeros((d_sae, len(_SUMS)), dtype=np.float64)

    def add(self, batch: PooledBatch) -> None:
        """Take in a batch."""
        pooled = batch.pooled
        lengths = np.array([self._n_selected[one] for one in batch.response_ids.tolist()], dtype=np.int64)
        length, values = lengths[pooled.response], pooled.values
        bits = values.view(np.uint32)
        _add(pooled.feature, length, pooled.bounds, pooled.tokens, values, bits, self._counts, self._sums)

    def table(self) -> pa.Table:
        """Return `schema.TOKEN_SHAPES`, sorted by feature_id."""
        import pyarrow as pa

        from persona_assets.lake.schema import TOKEN_SHAPES

        features = np.flatnonzero(self._counts.any(axis=1))
        counts, sums = self._counts[features], self._sums[features]
        filled = counts > 0
        first = filled.argmax(axis=1)
        last = N_TOKEN_BINS - filled[:, ::-1].argmax(axis=1)
        column = np.arange(N_TOKEN_BINS)
        within = (column >= first[:, None]) & (column < last[:, None])
        bounds = pa.array(np.concatenate([[0], np.cumsum(last - first)]), pa.int32())
        places = dict(zip(_SUMS, sums.T, strict=True))
        if self._masks:
            places = {name: np.full(len(features), np.nan) for name in places}
        return TOKEN_SHAPES.of(
            {
                "feature_id": features,
                "first_bin": FIRST_TOKEN_BIN + first,
                "counts": pa.ListArray.from_arrays(bounds, pa.array(counts[within], pa.int32())),
                **places,
            }
        )
