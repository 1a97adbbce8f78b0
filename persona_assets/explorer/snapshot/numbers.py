"""Numbers as the explorer says them: six significant digits, null for what is not known."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_DIGITS = 6


def rounded(value: Any) -> Any:
    """`value` with every float in it, however deep, rounded; NaN and infinities become None."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


def column(values: pa.ChunkedArray) -> list[Any]:
    """A column of numbers, texts or lists of them as a list: rounded as `rounded` does, but all at once."""
    if pa.types.is_list(values.type):
        return _lists(values)
    if not pa.types.is_floating(values.type):
        return list(values.to_pylist())
    floats = values.to_numpy().astype(np.float64)  # NULL is NaN here
    known = np.isfinite(floats)
    listed = _significant(np.where(known, floats, 0)).astype(object)
    listed[~known] = None
    return list(listed.tolist())


def _lists(values: pa.ChunkedArray) -> list[list[Any]]:
    """Return a column of lists, none of them NULL."""
    flat = column(pc.list_flatten(values))
    ends = np.cumsum(pc.list_value_length(values).to_numpy()).tolist()
    return [flat[start:end] for start, end in pairwise([0, *ends])]


def _significant(values: np.ndarray) -> np.ndarray:
    """float64[n] to six significant digits. Only powers of ten that are exact multiply or divide."""
    with np.errstate(divide="ignore"):
        exponents = np.where(values == 0, 0, np.floor(np.log10(np.abs(values))))
    shift = _DIGITS - 1 - exponents
    up, down = 10.0 ** np.maximum(shift, 0), 10.0 ** np.maximum(-shift, 0)
    return np.asarray(np.rint(values * up / down) * down / up)
