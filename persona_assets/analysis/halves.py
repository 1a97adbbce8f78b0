"""Halves of every role's responses and wordings, and role means less what others do on the same responses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from persona_assets.analysis.design import Design
from persona_assets.analysis.totals import Baseline, Totals
from persona_assets.base.arrays import Flags, Floats, Singles

_BLOCK = 4096  # features at a time

# What is left of a constant column about its mean, as a part of the column: rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Matrices:
    """A statistic of every role's responses, and how alike halves of them are.

    `whole` is float64[n_roles, d_sae]; `cosines` float64[d_sae] are `half_cosines` of the halves of responses
    and `agreement` float64[d_sae] `half_correlations` of those of wordings. The halves themselves are too
    large to be kept.
    """

    whole: Floats
    cosines: Floats
    agreement: Floats

    @classmethod
    def of(cls, whole: Floats, halves: Singles) -> Matrices:
        """Return those of the halves float32[2, 2, n_roles, d_sae] of responses and of wordings.

        A half without a response is NaN.
        """
        return cls(whole, half_cosines(halves[0]), half_correlations(halves[1]))


def split(design: Design, seed: int) -> Flags:
    """bool[2, n_roles, n_cells]: which responses make each role's first and second half.

    The responses of role after role, in the order of their cells, are permuted by one
    `numpy.random.RandomState(seed)`; the first n // 2 of them are the first half.
    """
    random = np.random.RandomState(seed)
    chosen = np.zeros((2, *design.present.shape), bool)
    for row, present in enumerate(design.present):
        cells = np.flatnonzero(present)
        order = random.permutation(len(cells))
        chosen[0, row, cells[order[: len(cells) // 2]]] = True
        chosen[1, row, cells[order[len(cells) // 2 :]]] = True
    return chosen


def split_wordings(design: Design, seed: int) -> Flags:
    """bool[2, n_roles, n_cells]: which responses make each half of every role's wordings.

    The wordings, by number, are permuted by a `numpy.random.RandomState(seed)`; the first n // 2 of them are
    the first half, in which there is nothing with one wording.
    """
    order = np.random.RandomState(seed).permutation(design.by_variant.shape[1])
    first = np.isin(design.variant_of, order[: len(order) // 2])
    return np.stack([design.present & first, design.present & ~first])


def half_cosines(halves: Singles) -> Floats:
    """float64[d_sae]: cosine over roles of two halves float32[2, n_roles, d_sae], as they are (no logarithm).

    Over the roles that have both; 0 where a half is zero in all of them, NaN if there is none.
    """
    return _of_blocks(halves, 1, _cosines)


def half_correlations(halves: Singles) -> Floats:
    """float64[d_sae]: Pearson correlation over roles of two halves float32[2, n_roles, d_sae].

    Over the roles that have both; 0 where a half does not vary, NaN with fewer than two such roles.
    """
    return _of_blocks(halves, 2, _correlations)


def _of_blocks(halves: Singles, fewest: int, alike: Callable[[Floats, Floats], Floats]) -> Floats:
    """Return how alike two halves are, over the roles that have both; NaN with fewer than `fewest`."""
    both = np.asarray(~np.isnan(halves).any(axis=(0, 2)))
    result = np.full(halves.shape[2], np.nan)
    if both.sum() < fewest:
        return result
    for start in range(0, len(result), _BLOCK):
        block = np.s_[start : start + _BLOCK]
        first, second = halves[:, both, block].astype(np.float64)
        result[block] = alike(first, second)
    return result


def _cosines(first: Floats, second: Floats) -> Floats:
    norms = np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
    return np.divide((first * second).sum(axis=0), norms, out=np.zeros_like(norms), where=norms > 0)


def _correlations(first: Floats, second: Floats) -> Floats:
    about_first, about_second = first - first.mean(axis=0), second - second.mean(axis=0)
    norms = np.linalg.norm(about_first, axis=0) * np.linalg.norm(about_second, axis=0)
    steady = norms <= _ROUNDING * np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
    products = (about_first * about_second).sum(axis=0)
    return np.divide(products, norms, out=np.zeros_like(norms), where=~steady)


def centred(totals: Totals, baseline: Baseline, raw: Matrices, means: Singles, chosen: Flags) -> Matrices:
    """`raw` means less the mean, over the same responses, of their cell's mean over the roles that have it.

    `chosen` bool[2, 2, n_roles, n_cells] are `split`'s halves and `split_wordings`'s, `means` float32[2, 2,
    n_roles, d_sae] their means.
    """
    design = totals.design
    whole_weights = _weights(design, design.present)
    half_weights = [_weights(design, half) for half in chosen.reshape(4, *design.present.shape)]
    whole = np.empty_like(raw.whole)
    cosines, agreement = np.empty((2, whole.shape[1]))
    for start in range(0, whole.shape[1], _BLOCK):
        block = np.s_[start : start + _BLOCK]
        sums = baseline.cell_sums[block].T
        whole[:, block] = raw.whole[:, block] - whole_weights @ sums
        of_halves = means[..., block].reshape(4, *whole[:, block].shape)
        apart = [of_half - weights @ sums for of_half, weights in zip(of_halves, half_weights, strict=True)]
        halves = np.stack(apart).astype(np.float32)
        cosines[block], agreement[block] = half_cosines(halves[:2]), half_correlations(halves[2:])
    return Matrices(whole, cosines, agreement)


def _weights(design: Design, rows: Flags) -> Floats:
    """Return what makes of a cell's sum over roles the mean over a role's `rows` bool[n_roles, n_cells]."""
    in_cell = design.present.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return rows / in_cell / rows.sum(axis=1, keepdims=True)
