"""The table role_contrasts: how each role differs from the others in each feature."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa

from persona_assets.analysis.multiple import benjamini_hochberg
from persona_assets.analysis.paired import Effects
from persona_assets.analysis.ranks import Ranks
from persona_assets.analysis.significance import fisher, mann_whitney
from persona_assets.analysis.totals import Totals
from persona_assets.base.arrays import Floats
from persona_assets.lake.schema import FEATURE_TILE, ROLE_CONTRASTS

# Where a role is expected to fire a feature less often than this, single firings would look like discoveries.
MIN_EXPECTED = 5


def role_contrasts(totals: Totals, effects: Effects | None, ranks: Ranks) -> pa.Table:
    """Return a row for every role and every feature that fires in any, by tile of features, role and feature.

    Without `effects` they and their intervals are NULL; with one role so are auroc, p and q.
    """
    alive = np.flatnonzero(totals.fired)
    p = np.empty((len(totals.design.roles), len(alive)))
    for row in range(len(p)):
        p[row] = p_values(totals, ranks, row)[alive]
    q = benjamini_hochberg(p)
    tables = [_of_role(totals, effects, ranks, row, alive, p[row], q[row]) for row in range(len(p))]
    edges = np.searchsorted(alive, np.arange(0, len(totals.fired) + FEATURE_TILE, FEATURE_TILE))
    tiles = [table.slice(begin, end - begin) for begin, end in pairwise(edges) for table in tables]
    return pa.concat_tables(tiles).unify_dictionaries()


def aurocs(totals: Totals, ranks: Ranks, row: int) -> Floats:
    """float64[d_sae]: how often a response of role number `row` has more than one of the others.

    Ties count half. NaN where there are no others.
    """
    n_role, n_others = _sizes(totals, row)
    with np.errstate(invalid="ignore"):
        return _u(ranks, row, n_role) / np.float64(n_role * n_others)


def p_values(totals: Totals, ranks: Ranks, row: int) -> Floats:
    """float64[d_sae]: two-sided p of role number `row` against all others, NaN where there are none."""
    n_role, n_others = _sizes(totals, row)
    if n_others == 0:
        return np.full(len(totals.fired), np.nan)
    n, fired = n_role + n_others, totals.fired
    p = mann_whitney(_u(ranks, row, n_role), n_role, n_others, ranks.ties)
    seldom = np.flatnonzero(n_role * fired < MIN_EXPECTED * n)
    p[seldom] = fisher(totals.counts[row, seldom].astype(np.int64), n_role, fired[seldom], n)
    return p


def _sizes(totals: Totals, row: int) -> tuple[int, int]:
    n_role = int(totals.design.n_responses[row])
    return n_role, int(totals.design.n_responses.sum()) - n_role


def _u(ranks: Ranks, row: int, n_role: int) -> Floats:
    return ranks.sums[row] - n_role * (n_role + 1) / 2


def _of_role(
    totals: Totals,
    effects: Effects | None,
    ranks: Ranks,
    row: int,
    alive: np.ndarray,
    p: Floats,
    q: Floats,
) -> pa.Table:
    nothing = np.full(len(alive), np.nan)
    effect = nothing if effects is None else effects.effect[row, alive]
    half_width = nothing if effects is None else effects.half_width[row, alive]
    role = pa.DictionaryArray.from_arrays(np.zeros(len(alive), np.int32), [totals.design.roles[row]])
    return ROLE_CONTRASTS.of(
        {
            "role": role,
            "feature_id": alive.astype(np.int32),
            "share": totals.shares(row)[alive],
            "effect": effect,
            "effect_low": effect - half_width,
            "effect_high": effect + half_width,
            "auroc": aurocs(totals, ranks, row)[alive],
            "p": p,
            "q": q,
        }
    )
