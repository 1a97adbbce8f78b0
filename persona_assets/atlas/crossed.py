"""Products of roles over pairs of answers that share neither a wording nor a question.

The noise of wordings, and of role x question, is independent in such pairs, so what does not differ between
roles has the expectation 0 (crossnobis: Walther et al. 2016). Errors are by three jackknives: over wordings,
over groups of questions, and over blocks of a wording and a group. What is left of the third once wordings
and groups are taken out is in each of the other two, so it is subtracted from their sum once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from persona_assets.analysis.significance import CONFIDENCE
from persona_assets.atlas.blocks import Blocks
from persona_assets.base.arrays import Floats, Singles

FEWEST = 3  # wordings, and groups of questions, of which one can be left out


@dataclass(frozen=True)
class Crossed:
    """Products of every two roles float64[n_roles, n_roles], and those without each part of the answers.

    `without_wording` float64[n_wordings, n_roles, n_roles] and `without_group` float64[n_groups, n_roles,
    n_roles] have no rows where there are fewer than three, and `without_block` float64[n_wordings, n_groups,
    n_roles, n_roles] has none where either has none. NaN for roles without two answers apart.
    """

    products: Floats
    without_wording: Floats
    without_group: Floats
    without_block: Floats

    def interval(self, statistic: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
        """Return `statistic`, of products float64[..., n_roles, n_roles], and half its interval's width.

        95 %; NaN where nothing can be left out.
        """
        found = statistic(self.products)
        if not len(self.without_wording) or not len(self.without_group):
            return found, np.full(found.shape, np.nan)
        every = (self.without_wording, self.without_group, self.without_block)
        return found, half_width(*(statistic(products) for products in every))

    def of(self, rows: slice) -> Crossed:
        """Return the products of some of the roles with each other."""
        every = (self.products, self.without_wording, self.without_group, self.without_block)
        return Crossed(*(products[..., rows, rows] for products in every))


def half_width(without_wording: Floats, without_group: Floats, without_block: Floats) -> Floats:
    """Return half the width of the 95 % interval of what float64[n_wordings, ...] is without each wording,
    float64[n_groups, ...] without each group and float64[n_wordings, n_groups, ...] without each block.

    By Student's t. The variance is at least that of wordings, and that of groups. For Satterthwaite's degrees
    of freedom it is parted into that of wordings, and what groups add to it: a difference of estimates has
    none of its own.
    """
    of_wordings, of_groups = _jackknifed(without_wording), _jackknifed(without_group)
    left, (n_wordings, n_groups) = _left(without_block), without_block.shape[:2]
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.maximum(of_wordings + of_groups - left, np.maximum(of_wordings, of_groups))
        parts = of_wordings**2 / (n_wordings - 1) + (variance - of_wordings) ** 2 / (n_groups - 1)
        half = stdtrit(variance**2 / parts, (1 + CONFIDENCE) / 2) * np.sqrt(variance)
    return np.where(variance == 0, 0.0, half)


def crossed(blocks: Blocks, noise: Floats) -> Crossed | None:
    """Return the products of roles in `blocks` over `noise` float64[n_selected].

    None with one wording, one question, or without a feature.
    """
    scaled: Singles = np.divide(blocks.means, noise, dtype=np.float32, casting="same_kind")
    n_wordings, n_groups, n_selected = scaled.shape[1:]
    if min(n_wordings, n_groups) < 2 or n_selected == 0:
        return None
    sums, pairs = (_with_each_block(of) for of in (scaled, blocks.present[..., None].astype(np.float32)))

    def without(axis: int | tuple[()]) -> Floats:
        return _mean(*(of.sum(axis=(0, 1)) / 2 - of.sum(axis=axis) for of in (sums, pairs)))

    wordings, groups, each = without(1), without(0), without(())
    few_wordings, few_groups = n_wordings < FEWEST, n_groups < FEWEST
    return Crossed(
        _mean(sums.sum(axis=(0, 1)), pairs.sum(axis=(0, 1))),
        wordings[:0] if few_wordings else wordings,
        groups[:0] if few_groups else groups,
        each[:0, :0] if few_wordings or few_groups else each,
    )


def _with_each_block(values: Singles) -> Floats:
    """float64[n_wordings, n_groups, n_roles, n_roles]: sums of products over the pairs apart of each block.

    All blocks together have each pair twice.
    """
    by_wording, by_group = values.sum(axis=2, keepdims=True), values.sum(axis=1, keepdims=True)
    apart = by_wording.sum(axis=1, keepdims=True) - by_wording - by_group + values
    once = (np.moveaxis(values, 0, 2) @ np.moveaxis(apart, 0, 3)).astype(np.float64)
    return once + once.swapaxes(-1, -2)


def _mean(sums: Floats, pairs: Floats) -> Floats:
    return np.divide(sums, pairs, out=np.full(pairs.shape, np.nan), where=pairs > 0.5)


def _jackknifed(values: Floats) -> Floats:
    """Return the variance by the values without each of n."""
    return (len(values) - 1) * ((values - values.mean(axis=0)) ** 2).mean(axis=0)


def _left(values: Floats) -> Floats:
    """Return the variance by the values without each block, of which wordings and groups are taken out.

    `values` float64[n_wordings, n_groups, ...].
    """
    n_wordings, n_groups = values.shape[:2]
    n = n_wordings * n_groups
    rest = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean(axis=(0, 1))
    return (n - 1) ** 2 / n * (rest**2).sum(axis=(0, 1)) / ((n_wordings - 1) * (n_groups - 1))
