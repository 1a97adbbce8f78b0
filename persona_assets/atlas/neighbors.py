"""Nearest features: by cosine in the space of roles, by Euclidean distance in a map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from persona_assets.base.arrays import Flags, Floats, Ints

_BLOCK = 512  # features compared with all others at a time

# Similarities that differ less are ties: sums of products are not the same to the last bit in every order.
_DECIMALS = 12


@dataclass(frozen=True)
class Neighbors:
    """Of every feature the nearest, never itself: `rows` int64[n, k] and their cosine `similarities`
    float64[n, k], nearest first. k is the number asked for, or n - 1 where there are fewer others.
    """

    rows: Ints
    similarities: Floats


def cosine_neighbors(points: Floats, ids: Ints, k: int) -> Neighbors:
    """Return the `k` nearest by cosine among `points` float64[n, n_dimensions]; ties by `ids` int64[n]."""
    unit = unit_rows(points)

    def distances(rows: slice) -> Floats:
        return np.round(1 - unit[rows] @ unit.T, _DECIMALS)

    rows = _nearest(distances, ids, k)
    # The rounded distances only order; `clip` takes off what rounding puts beyond parallel.
    similarities = np.empty(rows.shape)
    for row, near in enumerate(rows):
        similarities[row] = np.clip(unit[near] @ unit[row], -1, 1)
    return Neighbors(rows, similarities)


def shared(first: Ints, second: Ints) -> Flags:
    """bool[n, k]: which of the neighbors int64[n, k] are among each row of `second` int64[n, k]."""
    found = [np.isin(*both) for both in zip(first, second, strict=True)]
    return np.array(found, bool).reshape(first.shape)


def map_neighbors(places: Floats, ids: Ints, k: int) -> Ints:
    """int64[n, min(k, n - 1)]: the `k` nearest among `places` float64[n, 2]; what has none (NaN) is last."""

    def distances(rows: slice) -> Floats:
        return np.nan_to_num(cdist(places[rows], places), nan=np.inf)

    return _nearest(distances, ids, k)


def preservation(points: Floats, places: Floats, ids: Ints, k: int) -> float | None:
    """How much of a neighborhood a map keeps: the mean over features of the part of their `k` nearest by
    cosine among `points` float64[n, n_dimensions] that are of their k nearest in `places` float64[n, 2].

    A feature without a place (NaN) keeps none. None where no feature has one, or there are no two features.
    """
    placed = ~np.isnan(places).any(axis=1)
    if len(points) < 2 or not placed.any():
        return None
    kept = shared(cosine_neighbors(points, ids, k).rows, map_neighbors(places, ids, k)).mean(axis=1)
    return float(np.where(placed, kept, 0).mean())


def unit_rows(points: Floats) -> Floats:
    """`points` float64[n, n_dimensions] scaled to length 1; zero stays zero."""
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    return np.divide(points, lengths, out=np.zeros_like(points), where=lengths > 0)


def _nearest(distances: Callable[[slice], Floats], ids: Ints, k: int) -> Ints:
    """int64[n, min(k, n - 1)]: rows in the order of `distances` (of a slice of rows to all), ties by id."""
    n = len(ids)
    k = max(min(k, n - 1), 0)
    result = np.empty((n, k), np.int64)
    for start in range(0, n if k else 0, _BLOCK):
        block = distances(slice(start, start + _BLOCK))
        for row, to_all in enumerate(block, start):
            to_all[row] = np.nan  # sorts last: a feature is no neighbor of its own
            candidates = np.flatnonzero(to_all <= np.partition(to_all, k - 1)[k - 1])
            result[row] = candidates[np.lexsort((ids[candidates], to_all[candidates]))][:k]
    return result
