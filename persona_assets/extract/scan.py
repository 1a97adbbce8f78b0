"""The CPU's inner loops of the screen, compiled by Numba: several times faster there than torch's `nonzero`.

They run in the calling thread, so Numba's threading layer plays no part.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from persona_assets.base.arrays import Int32s, Ints, Singles
from persona_assets.base.compiled import compiled

# The sign bits in 64 bits of products, by their size in bytes.
_SIGNS = {2: np.uint64(0x8000_8000_8000_8000), 4: np.uint64(0x8000_0000_8000_0000)}
_WORDS = 16  # a step looks at so many words of 64 bits
LANES = 4 * _WORDS


@compiled()
def _any_positive(words: npt.NDArray[np.uint64], signs: np.uint64) -> bool:
    common = signs
    for index in range(words.shape[0]):
        common &= words[index]
    return common != signs


@compiled()
def _survivors(
    bits: npt.NDArray[np.signedinteger],
    words: npt.NDArray[np.uint64],
    signs: np.uint64,
    row: Int32s,
    column: Int32s,
) -> int:
    """Write where products are not negative, row by row, to `row` and `column`; return how many.

    `bits`: the products' bits, int[n, m], m a multiple of LANES; `words`: the same memory in words of 64
    bits; `signs`: the sign bits in a word.
    """
    found = 0
    lanes = bits.shape[1] // words.shape[1]
    for at in range(words.shape[0]):
        for word in range(0, words.shape[1], _WORDS):
            if _any_positive(words[at][word : word + _WORDS], signs):
                for lane in range(lanes * word, lanes * (word + _WORDS)):
                    row[found] = at
                    column[found] = lane
                    found += bits[at, lane] >= 0
    return found


@compiled(fastmath={"reassoc", "contract", "nsz"})
def _dot(left: Singles, right: Singles) -> np.float32:
    total = np.float32(0)
    for index in range(left.shape[0]):
        total += left[index] * right[index]
    return total


@compiled()
def _refine(
    n: int,
    row: Int32s,
    column: Int32s,
    value: Singles,
    rows: Singles,
    weights: Singles,
    bias: Singles,
    threshold: Singles,
) -> int:
    """Of the first `n` entries keep those whose float32 pre-activation is above the threshold; how many.

    `rows`: float32[n_rows, d_in]; `weights`: float32[m, d_in]. Entries and values are packed to the front.
    """
    kept = 0
    for entry in range(n):
        feature = column[entry]
        pre = _dot(rows[row[entry]], weights[feature]) + bias[feature]
        if pre > threshold[feature]:
            row[kept] = row[entry]
            column[kept] = feature
            value[kept] = pre
            kept += 1
    return kept


class Scanner:
    """Finds what passed the screen and is active; keeps its buffers, so that one object serves one thread."""

    def __init__(self) -> None:
        self._resize(0)

    def find(
        self,
        bits: npt.NDArray[np.signedinteger],
        rows: Singles,
        weights: Singles,
        bias: Singles,
        threshold: Singles,
    ) -> tuple[Ints, Ints, Singles]:
        """(row, feature, activation) of a block, from the bits of its products, int[n, m]."""
        if bits.size > len(self._row):
            self._resize(bits.size)
        row, column, value = self._row, self._column, self._value
        n = _survivors(bits, bits.view(np.uint64), _SIGNS[bits.itemsize], row, column)
        n = _refine(n, row, column, value, rows, weights, bias, threshold)
        return row[:n].astype(np.int64), column[:n].astype(np.int64), value[:n].copy()

    def _resize(self, capacity: int) -> None:
        # As many as there are products; memory that is never written is never taken.
        self._row = np.empty(capacity, dtype=np.int32)
        self._column = np.empty(capacity, dtype=np.int32)
        self._value = np.empty(capacity, dtype=np.float32)
