"""Products of roles over pairs of answers that share neither a wording nor a question.

The noise of wordings, and of role x question, is independent in such pairs, so what does not differ between
roles has the expectation 0 (crossnobis: Walther et al. 2016). Errors are by two jackknives, over wordings and
over groups of questions, whose variances are added: what is left counts twice, so they are rather too large.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from persona_assets.analysis.significance import CONFIDENCE
from persona_assets.atlas.blocks import Blocks
from persona_assets.base.arrays import Flags, Floats, Singles

_FEWEST = 3  # wordings, and groups of questions, of which one can be left out


@dataclass(frozen=True)
class Crossed:
    """Products of every two roles float64[n_roles, n_roles], and those without each wording and each group.

    `without_wording` float64[n_wordings, n_roles, n_roles] and `without_group` float64[n_groups, n_roles,
    n_roles] have no rows where there are fewer than three. NaN for roles without two answers apart.
    """

    products: Floats
    without_wording: Floats
    without_group: Floats

    def interval(self, statistic: Callable[[Floats], Floats]) -> tuple[Floats, Floats]:
        """Return `statistic`, of products float64[..., n_roles, n_roles], and half its interval's width.

        95 %, by Student's t with Satterthwaite's degrees of freedom; NaN where nothing can be left out.
        """
        found = statistic(self.products)
        if not len(self.without_wording) or not len(self.without_group):
            return found, np.full(found.shape, np.nan)
        parts = [_jackknifed(statistic(one)) for one in (self.without_wording, self.without_group)]
        df = [len(one) - 1 for one in (self.without_wording, self.without_group)]
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = parts[0] + parts[1]
            total_df = variance**2 / (parts[0] ** 2 / df[0] + parts[1] ** 2 / df[1])
            half = stdtrit(total_df, (1 + CONFIDENCE) / 2) * np.sqrt(variance)
        return found, np.where(variance == 0, 0.0, half)


def crossed(blocks: Blocks, noise: Floats) -> Crossed | None:
    """Return the products of roles in `blocks` over `noise` float64[n_selected].

    None with one wording, one question, or without a feature.
    """
    scaled: Singles = np.divide(blocks.means, noise, dtype=np.float32, casting="same_kind")
    _, n_wordings, n_groups, n_selected = scaled.shape
    if min(n_wordings, n_groups) < 2 or n_selected == 0:
        return None
    return Crossed(
        _products(scaled, blocks.present),
        _left_out(scaled, blocks.present, axis=1),
        _left_out(scaled, blocks.present, axis=2),
    )


def _left_out(scaled: Singles, present: Flags, axis: int) -> Floats:
    """float64[n, n_roles, n_roles]: the products without each along the axis."""
    n, n_roles = scaled.shape[axis], len(scaled)
    if n < _FEWEST:
        return np.empty((0, n_roles, n_roles))
    without = (np.delete(np.arange(n), one) for one in range(n))
    return np.stack([_products(scaled.take(kept, axis), present.take(kept, axis)) for kept in without])


def _products(scaled: Singles, present: Flags) -> Floats:
    """float64[n_roles, n_roles]: mean products over pairs of blocks apart."""
    pairs = _apart(present[..., None].astype(np.float32))
    return np.divide(_apart(scaled), pairs, out=np.full(pairs.shape, np.nan), where=pairs > 0.5)


def _apart(scaled: Singles) -> Floats:
    """Return the sum of products over all pairs, less those of one wording or group, and those of both."""
    by_wording, by_group = scaled.sum(axis=2, dtype=np.float64), scaled.sum(axis=1, dtype=np.float64)
    all_pairs, one_wording = _gram(by_wording.sum(axis=1)), _gram(by_wording)
    return all_pairs - one_wording - _gram(by_group) + _gram(scaled)


def _gram(values: Floats | Singles) -> Floats:
    rows = values.reshape(len(values), -1)
    return (rows @ rows.T).astype(np.float64)


def _jackknifed(values: Floats) -> Floats:
    """Return the variance by the values without each of n."""
    return (len(values) - 1) * ((values - values.mean(axis=0)) ** 2).mean(axis=0)
