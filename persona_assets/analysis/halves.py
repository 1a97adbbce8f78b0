"""Halves of every role's responses and wordings, and role means less what others do on the same responses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from persona_assets.analysis.design import Design
from persona_assets.analysis.totals import Baseline, Totals
from persona_assets.base.arrays import Flags, Floats, Singles

# What is left of a constant column about its mean, as a part of the column: rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Likeness:
    """How alike halves of a statistic of every role's responses are; the halves are too large to be kept.

    `cosines` float64[d_sae] are `half_cosines` of the halves of responses and `agreement` float64[d_sae]
    `half_correlations` of those of wordings.
    """

    cosines: Floats
    agreement: Floats

    @classmethod
    def of(cls, halves: Singles) -> Likeness:
        """Return that of the halves float32[2, 2, n_roles, d_sae] of responses and of wordings.

        A half without a response is NaN.
        """
        return cls(half_cosines(halves[0]), half_correlations(halves[1]))


@dataclass(frozen=True)
class Matrices:
    """A statistic of every role's responses, `whole` float64[n_roles, d_sae], and its `Likeness`."""

    whole: Floats
    cosines: Floats
    agreement: Floats


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
    return _of_both(halves, 1, _cosines)


def half_correlations(halves: Singles) -> Floats:
    """float64[d_sae]: Pearson correlation over roles of two halves float32[2, n_roles, d_sae].

    Over the roles that have both; 0 where a half does not vary, NaN with fewer than two such roles.
    """
    return _of_both(halves, 2, _correlations)


def _of_both(halves: Singles, fewest: int, alike: Callable[[Floats, Floats], Floats]) -> Floats:
    """Return how alike two halves are, over the roles that have both; NaN with fewer than `fewest`."""
    both = np.asarray(~np.isnan(halves).any(axis=(0, 2)))
    if both.sum() < fewest:
        return np.full(halves.shape[2], np.nan)
    first, second = halves[:, both].astype(np.float64)
    return alike(first, second)


def _cosines(first: Floats, second: Floats) -> Floats:
    norms = np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
    return np.divide((first * second).sum(axis=0), norms, out=np.zeros_like(norms), where=norms > 0)


def _correlations(first: Floats, second: Floats) -> Floats:
    about_first, about_second = first - first.mean(axis=0), second - second.mean(axis=0)
    norms = np.linalg.norm(about_first, axis=0) * np.linalg.norm(about_second, axis=0)
    steady = norms <= _ROUNDING * np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
    products = (about_first * about_second).sum(axis=0)
    return np.divide(products, norms, out=np.zeros_like(norms), where=~steady)


def centred(totals: Totals, baseline: Baseline, means: Singles, weights: HalfWeights) -> Matrices:
    """Return role means less the mean, over the same responses, of their cell's mean over the roles with it.

    `means` float32[2, 2, n_roles, n_features] are those of `split`'s halves and of `split_wordings`'s.
    """
    whole, halves = weights.means(baseline.cell_sums)
    apart = (means - halves).astype(np.float32)
    return Matrices(totals.role_means - whole, half_cosines(apart[0]), half_correlations(apart[1]))


class HalfWeights:
    """What makes means over roles' responses of the cells' sums over roles.

    Of all the responses, and of each half of `chosen` bool[2, 2, n_roles, n_cells].
    """

    def __init__(self, design: Design, chosen: Flags) -> None:
        firsts = np.concatenate([design.present[None], chosen[:, 0]])
        self._sums = firsts.reshape(-1, firsts.shape[2]) / design.present.sum(axis=0)
        self._n_responses, self._n_chosen = design.n_responses, chosen.sum(axis=3)

    def means(self, cell_sums: Floats) -> tuple[Floats, Floats]:
        """Return those of the whole, float64[n_roles, n_features], and of halves, float64[2, 2, *those].

        NaN for a half without a response.
        """
        whole, *firsts = np.split(self._sums @ cell_sums.T, 3)
        halves = np.stack([np.stack([first, whole - first]) for first in firsts])
        with np.errstate(invalid="ignore", divide="ignore"):
            return whole / self._n_responses[:, None], halves / self._n_chosen[..., None]
