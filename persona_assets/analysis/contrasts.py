"""The table role_contrasts: how each role differs from the others in each feature."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow as pa

from persona_assets.analysis.by_feature import cut
from persona_assets.analysis.design import Design
from persona_assets.analysis.errors import Effects
from persona_assets.analysis.multiple import benjamini_hochberg
from persona_assets.analysis.ranks import Ranks
from persona_assets.analysis.reference import places
from persona_assets.analysis.significance import beyond, fisher, inflated, mann_whitney, reach, student
from persona_assets.analysis.totals import Totals
from persona_assets.base.arrays import Flags, Floats, Int16s, Ints, Singles
from persona_assets.lake.schema import FEATURE_TILE, ROLE_CONTRASTS

# Where a role is expected to fire a feature less often than this, single firings would look like discoveries.
MIN_EXPECTED = 5
MIN_FIRED = 15  # and where it then fires it less often than this nobody can tell how strong it is

_TILES = 8  # of features, in a part of the table


@dataclass(frozen=True)
class Compared:
    """What is known of roles that are compared; `effects` are None where they share no questions.

    `smallest` is the smallest effect of interest: a difference of AUROC from 1/2. `inflation` and
    `inflation_df`, float32[n_roles, d_sae], are `inflation.inflation`'s.
    """

    totals: Totals
    effects: Effects | None
    ranks: Ranks
    smallest: float
    inflation: Singles
    inflation_df: Singles

    @cached_property
    def places(self) -> Int16s:
        """int16[n_roles, d_sae]: `reference.places`'s."""
        return places(self.totals.role_means)

    def sizes(self, row: int) -> tuple[int, int]:
        """Return how many responses role number `row` and the others have."""
        n_role = int(self.totals.design.n_responses[row])
        return n_role, int(self.totals.design.n_responses.sum()) - n_role

    def seldom(self, row: int) -> Flags:
        """bool[d_sae]: where role number `row` is expected to fire less often than MIN_EXPECTED."""
        return seldom(self.totals.design, row, self.totals.fired)

    def unsure(self, row: int) -> Flags:
        """bool[d_sae]: where it fired seldom, too, so that no interval can be told."""
        return self.seldom(row) & (self.totals.counts[row] < MIN_FIRED)


def seldom(design: Design, row: int, fired: Ints) -> Flags:
    """bool[d_sae]: where role number `row` is expected to fire less often than MIN_EXPECTED.

    `fired` int64[d_sae] is `Totals.fired`.
    """
    n = design.n_responses
    return n[row] * fired < MIN_EXPECTED * n.sum()


@dataclass(frozen=True)
class RoleContrasts:
    """The table's rows; iterated over, it gives them in parts: by tile of features, role and feature.

    `p`, `q` float64[n_roles, d_sae] and `pooled`, `relevant`, `q_relevant` float32[n_roles, d_sae] are the
    columns that take a whole role, or all of them, to adjust; each part makes the others of its features.
    """

    compared: Compared
    p: Floats
    q: Floats
    pooled: Singles
    relevant: Singles
    q_relevant: Singles

    def __iter__(self) -> Iterator[pa.Table]:
        """Without effects they and their intervals are NULL; with one role so are auroc, p and q."""
        for start in range(0, self.p.shape[1], _TILES * FEATURE_TILE):
            yield self._part(start, start + _TILES * FEATURE_TILE)

    def table(self) -> pa.Table:
        """Return all parts as one table."""
        return pa.concat_tables(self).unify_dictionaries()

    def _part(self, start: int, stop: int) -> pa.Table:
        part = cut(self, slice(start, stop))
        alive = np.flatnonzero(part.compared.totals.fired)
        tables = [part._of_role(row, alive, start) for row in range(len(self.p))]
        edges = np.searchsorted(alive, np.arange(0, stop - start + FEATURE_TILE, FEATURE_TILE))
        tiles = [table.slice(begin, end - begin) for begin, end in pairwise(edges) for table in tables]
        return pa.concat_tables(tiles).unify_dictionaries()

    def _of_role(self, row: int, alive: Ints, start: int) -> pa.Table:
        compared = self.compared
        totals, effects, ranks = compared.totals, compared.effects, compared.ranks
        unknown = np.full(len(alive), np.nan)
        effect = unknown if effects is None else effects.effect[row, alive]
        half_width, auroc = effect_half_widths(compared, row)[alive], aurocs(compared, row)
        error = auroc_errors(compared, row, auroc)[alive]
        auroc, half_of_auroc = auroc[alive], reach(compared.inflation_df[row, alive]) * error
        role = pa.DictionaryArray.from_arrays(np.zeros(len(alive), np.int32), [totals.design.roles[row]])
        agree = np.where(np.isnan(auroc), np.nan, ranks.agree[row, alive])
        return ROLE_CONTRASTS.of(
            {
                "role": role,
                "feature_id": (alive + start).astype(np.int32),
                "share": totals.shares(row)[alive],
                "effect": effect,
                "effect_low": effect - half_width,
                "effect_high": effect + half_width,
                "auroc": auroc,
                "p": self.p[row, alive],
                "q": self.q[row, alive],
                "auroc_low": np.maximum(auroc - half_of_auroc, 0),
                "auroc_high": np.minimum(auroc + half_of_auroc, 1),
                "min_wording_auroc": ranks.lowest[row, alive],
                "n_wordings_agree": pa.array(agree, pa.int32(), from_pandas=True),
                "q_pooled": self.pooled[row, alive],
                "p_relevant": self.relevant[row, alive],
                "q_relevant": self.q_relevant[row, alive],
                "role_rank": compared.places[row, alive].astype(np.int32),
                "mean_error": unknown if effects is None else effects.mean_error[row, alive],
                "mean_df": unknown if effects is None else effects.df[row, alive],
            }
        )


def role_contrasts(compared: Compared) -> RoleContrasts:
    """Return the contrasts of every role in every feature that fires in any."""
    shape, alive = compared.totals.role_means.shape, compared.totals.fired > 0
    p = np.empty(shape)

    def test(row: int) -> None:
        p[row] = np.where(alive, p_values(compared, row), np.nan)

    _side_by_side(test, shape[0])
    pooled = benjamini_hochberg(p).astype(np.float32)  # before the others: it takes the most memory
    q, relevant, q_relevant = np.empty(shape), np.empty(shape, np.float32), np.empty(shape, np.float32)

    def adjust(row: int) -> None:
        q[row], auroc = benjamini_hochberg(p[row]), aurocs(compared, row)
        error = np.where(alive, auroc_errors(compared, row, auroc), np.nan)
        beyond_it = beyond(auroc - 0.5, compared.smallest, error, compared.inflation_df[row])
        relevant[row], q_relevant[row] = beyond_it, benjamini_hochberg(beyond_it)

    _side_by_side(adjust, shape[0])
    return RoleContrasts(compared, p, q, pooled, relevant, q_relevant)


def _side_by_side(work: Callable[[int], None], n_rows: int) -> None:
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(work, range(n_rows)))


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
    p, rare = np.full(len(totals.fired), np.nan), np.flatnonzero(compared.seldom(row))
    if compared.effects is not None:
        effect, error = compared.effects.effect[row], compared.effects.error[row]
        p = np.where(error > 0, student(effect, error, compared.effects.df[row]), np.nan)
    fired, n = totals.fired[rare], n_role + n_others
    exact = fisher(totals.counts[row, rare].astype(np.int64), n_role, fired, n)
    p[rare] = inflated(exact, compared.inflation[row, rare])
    left = np.flatnonzero(np.isnan(p))
    by_ranks = mann_whitney(_u(ranks, row, n_role)[left], n_role, n_others, ranks.ties[left])
    p[left] = inflated(by_ranks, compared.inflation[row, left])
    return p


def auroc_errors(compared: Compared, row: int, auroc: Floats) -> Floats:
    """float64[d_sae]: of `auroc`, by the spread of placements and `inflation`; NaN without any.

    Two answers more, one placed lowest and one highest, keep it above 0 where all are placed alike.
    """
    (n_role, n_others), spread = compared.sizes(row), compared.ranks.spread[row].astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread += (auroc**2 + (1 - auroc) ** 2) / n_role
        error = np.sqrt(spread * compared.inflation[row] * (1 / n_role + 1 / np.float64(n_others)))
    return np.where(compared.unsure(row), np.nan, error)


def effect_half_widths(compared: Compared, row: int) -> Floats:
    """float64[d_sae]: of the effect's interval; NaN where a feature fires too seldom to have any."""
    effects = compared.effects
    if effects is None:
        return np.full(len(compared.totals.fired), np.nan)
    error = effects.error[row].astype(np.float64)
    with np.errstate(invalid="ignore"):
        width = np.where(error > 0, reach(effects.df[row]) * error, error)
    return np.where(compared.unsure(row), np.nan, width)


def _u(ranks: Ranks, row: int, n_role: int) -> Floats:
    return ranks.sums[row] - n_role * (n_role + 1) / 2
