"""How much wordings inflate the variance of tests that take every answer for one drawn by itself."""

from __future__ import annotations

import numpy as np

from persona_assets.analysis.errors import MeanSquares
from persona_assets.analysis.moderated import moderated, prior_degrees
from persona_assets.analysis.ranks import Ranks
from persona_assets.analysis.totals import Totals, Within
from persona_assets.base.arrays import Singles

_BLOCK = 2048  # features at a time


def inflation(
    totals: Totals, within: Within, ranks: Ranks, squares: MeanSquares | None
) -> tuple[Singles, Singles]:
    """Return the factor of every role and feature, 1 or more, and its df, float32[n_roles, d_sae] each.

    The larger of two: the mean square between a role's wordings over the variance of its answers' placements,
    moderated over roles; and, where roles share questions, that of role x question over the variance of the
    role's answers, which tells wordings that repeat each other. Where nothing varies in a role both are 1.
    """
    design = totals.design
    df = (design.by_variant > 0).sum(axis=1) - 1
    shape = totals.role_means.shape
    factor, of_df = np.ones(shape, np.float32), np.empty(shape, np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(ranks.spread > 0, ranks.wording / ranks.spread, 1).astype(np.float32)
    prior = prior_degrees(ratio, df, totals.fired)
    for start in range(0, shape[1], _BLOCK):
        columns = slice(start, start + _BLOCK)
        own = ratio[:, columns].astype(np.float64)
        found, of_df[:, columns] = moderated(own, df, prior[columns])
        factor[:, columns] = np.maximum(found, 1)
        if squares is not None:
            spread, between = within.spread[:, columns], squares.interaction[:, columns]
            alike = np.divide(between, spread, out=np.ones_like(spread), where=spread > 0)
            factor[:, columns] = np.fmax(factor[:, columns], alike)
    return factor, of_df
