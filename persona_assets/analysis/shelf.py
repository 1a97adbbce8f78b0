"""Where many small arrays are kept in a few large pieces, which go back to the system whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class Shelf:
    """Keeps copies of arrays side by side.

    Small arrays of all sizes, made in one thread and freed in another, would leave holes in memory. A piece
    has `n` numbers at least, and goes with the last of its arrays; what is not used of it takes no memory.
    """

    def __init__(self, n: int = 2**24) -> None:
        self._n = n
        self._left: dict[np.dtype[Any], npt.NDArray[Any]] = {}

    def keep(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a copy of `values` [n]."""
        left = self._left.get(values.dtype)
        if left is None or len(left) < len(values):
            left = np.empty(max(self._n, len(values)), values.dtype)
        kept, self._left[values.dtype] = left[: len(values)], left[len(values) :]
        kept[:] = values
        return kept
