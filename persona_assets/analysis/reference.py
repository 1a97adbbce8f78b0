"""What a role is compared with: the mean of the middle half of the other roles, and its place among all."""

from __future__ import annotations

import numpy as np

from persona_assets.base.arrays import Floats, Int16s, Ints
from persona_assets.base.compiled import compiled


def middle_half(levels: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Return for each role the mean of the other roles' middle half, and the variance of that mean.

    `levels` and their `variances` are float64[n_roles, n], as are both that are returned. A quarter of the
    others, but one at least, is left out at either end; with two or three roles nobody is, and of one
    role all is NaN.
    """
    n_others = len(levels) - 1
    cut = max(n_others // 4, 1) if n_others > 2 else 0
    n_kept = n_others - 2 * cut
    order = np.argsort(levels, axis=0, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(len(levels))[:, None], axis=0)
    # The middle half of all but one role: this window less that role, or less the end that is next to it.
    window = order[cut : n_others - cut + 1]
    left_out = np.take_along_axis(order, np.clip(place, cut, n_others - cut), axis=0)
    means = _without(levels, window, left_out, n_kept)
    return means, _without(variances, window, left_out, n_kept) / max(n_kept, 1)


def _without(values: Floats, window: Ints, left_out: Ints, n_kept: int) -> Floats:
    """Return the mean of `values` over the roles of `window` but the one `left_out`."""
    total = np.take_along_axis(values, window, axis=0).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (total - np.take_along_axis(values, left_out, axis=0)) / np.float64(n_kept)


def places(means: Floats) -> Int16s:
    """int16[n_roles, d_sae]: each role's place by its mean, 1 the highest; equal ones share the best."""
    found = np.empty(means.shape, np.int16)
    _place(means, found)
    return found


@compiled()
def _place(means: Floats, found: Int16s) -> None:
    for one in range(means.shape[1]):
        column = means[:, one].copy()
        found[:, one] = len(column) + 1 - np.searchsorted(np.sort(column), column, side="right")
