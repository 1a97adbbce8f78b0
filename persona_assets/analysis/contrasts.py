"""The table role_contrasts: how each role differs from the others in each feature."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from scipy.special import stdtrit

from persona_assets.analysis.errors import Errors
from persona_assets.analysis.multiple import benjamini_hochberg
from persona_assets.analysis.paired import Effects
from persona_assets.analysis.ranks import Ranks
from persona_assets.analysis.significance import fisher, inflated, mann_whitney, student
from persona_assets.analysis.totals import Totals
from persona_assets.base.arrays import Flags, Floats, Singles
from persona_assets.lake.schema import FEATURE_TILE, ROLE_CONTRASTS

# Where a role is expected to fire a feature less often than this, single firings would look like discoveries.
MIN_EXPECTED = 5

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Compared:
    """What is known of roles that are compared; `errors` are None where `effects` are.

    `inflation` and `inflation_df`, float32[n_roles, d_sae], are `inflation.inflation`'s.
    """

    totals: Totals
    effects: Effects | None
    errors: Errors | None
    ranks: Ranks
    inflation: Singles
    inflation_df: Singles

    def sizes(self, row: int) -> tuple[int, int]:
        """Return how many responses role number `row` and the others have."""
        n_role = int(self.totals.design.n_responses[row])
        return n_role, int(self.totals.design.n_responses.sum()) - n_role

    def seldom(self, row: int) -> Flags:
        """bool[d_sae]: where role number `row` is expected to fire less often than MIN_EXPECTED."""
        n_role, n_others = self.sizes(row)
        return n_role * self.totals.fired < MIN_EXPECTED * (n_role + n_others)


def role_contrasts(compared: Compared) -> pa.Table:
    """Return a row for every role and every feature that fires in any, by tile of features, role and feature.

    Without effects they and their intervals are NULL; with one role so are auroc, p and q.
    """
    fired, roles = compared.totals.fired, compared.totals.design.roles
    alive = np.flatnonzero(fired)
    p = np.empty((len(roles), len(alive)))
    for row in range(len(p)):
        p[row] = p_values(compared, row)[alive]
    q = benjamini_hochberg(p)
    tables = [_of_role(compared, row, alive, p[row], q[row]) for row in range(len(p))]
    edges = np.searchsorted(alive, np.arange(0, len(fired) + FEATURE_TILE, FEATURE_TILE))
    tiles = [table.slice(begin, end - begin) for begin, end in pairwise(edges) for table in tables]
    return pa.concat_tables(tiles).unify_dictionaries()


def aurocs(compared: Compared, row: int) -> Floats:
    """float64[d_sae]: how often a response of role number `row` has more than one of the others.

    Ties count half. NaN where there are no others.
    """
    n_role, n_others = compared.sizes(row)
    with np.errstate(invalid="ignore"):
        return _u(compared.ranks, row, n_role) / np.float64(n_role * n_others)


def p_values(compared: Compared, row: int) -> Floats:
    """float64[d_sae]: two-sided p of role number `row` against all others, NaN where there are none."""
    (n_role, n_others), totals, ranks = compared.sizes(row), compared.totals, compared.ranks
    if n_others == 0:
        return np.full(len(totals.fired), np.nan)
    p, seldom = np.full(len(totals.fired), np.nan), np.flatnonzero(compared.seldom(row))
    if compared.effects is not None and compared.errors is not None:
        error = compared.errors.error[row]
        p = np.where(error > 0, student(compared.effects.effect[row], error, compared.errors.df[row]), np.nan)
    fired, n = totals.fired[seldom], n_role + n_others
    exact = fisher(totals.counts[row, seldom].astype(np.int64), n_role, fired, n)
    p[seldom] = inflated(exact, compared.inflation[row, seldom])
    left = np.flatnonzero(np.isnan(p))
    by_ranks = mann_whitney(_u(ranks, row, n_role)[left], n_role, n_others, ranks.ties[left])
    p[left] = inflated(by_ranks, compared.inflation[row, left])
    return p


def auroc_half_widths(compared: Compared, row: int) -> Floats:
    """float64[d_sae]: of AUROC's interval, by the spread of placements and `inflation`; NaN without any."""
    (n_role, n_others), spread = compared.sizes(row), compared.ranks.spread[row].astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = spread * compared.inflation[row] * (1 / n_role + 1 / np.float64(n_others))
    reach = stdtrit(compared.inflation_df[row], (1 + CONFIDENCE) / 2)
    return np.where((variance > 0) & ~compared.seldom(row), reach * np.sqrt(variance), np.nan)


def effect_half_widths(compared: Compared, row: int) -> Floats:
    """float64[d_sae]: of the effect's interval; NaN where a feature fires too seldom to have any."""
    errors = compared.errors
    if errors is None:
        return np.full(len(compared.totals.fired), np.nan)
    error = errors.error[row].astype(np.float64)
    with np.errstate(invalid="ignore"):
        width = np.where(error > 0, stdtrit(errors.df[row], (1 + CONFIDENCE) / 2) * error, error)
    return np.where(compared.seldom(row), np.nan, width)


def _u(ranks: Ranks, row: int, n_role: int) -> Floats:
    return ranks.sums[row] - n_role * (n_role + 1) / 2


def _of_role(compared: Compared, row: int, alive: np.ndarray, p: Floats, q: Floats) -> pa.Table:
    totals, effects, ranks = compared.totals, compared.effects, compared.ranks
    effect = np.full(len(alive), np.nan) if effects is None else effects.effect[row, alive]
    half_width = effect_half_widths(compared, row)[alive]
    auroc, reach = aurocs(compared, row)[alive], auroc_half_widths(compared, row)[alive]
    role = pa.DictionaryArray.from_arrays(np.zeros(len(alive), np.int32), [totals.design.roles[row]])
    agree = np.where(np.isnan(auroc), np.nan, ranks.agree[row, alive])
    return ROLE_CONTRASTS.of(
        {
            "role": role,
            "feature_id": alive.astype(np.int32),
            "share": totals.shares(row)[alive],
            "effect": effect,
            "effect_low": effect - half_width,
            "effect_high": effect + half_width,
            "auroc": auroc,
            "p": p,
            "q": q,
            "auroc_low": np.maximum(auroc - reach, 0),
            "auroc_high": np.minimum(auroc + reach, 1),
            "min_wording_auroc": ranks.lowest[row, alive],
            "n_wordings_agree": pa.array(agree, pa.int32(), from_pandas=True),
        }
    )
