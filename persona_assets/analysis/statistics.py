"""All statistics of one SAE across roles, in one reading of the roles' activations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from persona_assets.analysis.components import components
from persona_assets.analysis.contrasts import Compared, RoleContrasts, role_contrasts
from persona_assets.analysis.described import Described
from persona_assets.analysis.design import RoleSource, read_design
from persona_assets.analysis.entries import Strategy
from persona_assets.analysis.errors import Effects, effects, mean_squares
from persona_assets.analysis.features import feature_statistics
from persona_assets.analysis.halves import Matrices, split, split_wordings
from persona_assets.analysis.inflation import inflation
from persona_assets.analysis.known import Known, Wanted, read_known
from persona_assets.analysis.length_contrasts import LengthContrasts
from persona_assets.analysis.role_test import RoleTest, role_test
from persona_assets.analysis.token_rates import token_rates
from persona_assets.base.progress import Progress
from persona_assets.study.settings.analysis import SMALLEST_EFFECT


@dataclass(frozen=True)
class Statistics:
    """What is known of each role and feature.

    Of `compared` come the `contrasts.role_contrasts`; `length_contrasts` gives the table of
    `schema.LENGTH_CONTRASTS` in parts; `features` has the first columns of
    `schema.FEATURES`: all but the selection's. `roles` are sorted and name the rows of `raw`, the roles'
    means (with strategy max their maxima), and of `centred`, the means less what all roles do on the same
    responses: None with strategy max, or where roles are not asked the same. `test`, whether roles differ in
    a feature's mean, is None where they are not.
    """

    roles: list[str]
    compared: Compared
    features: pa.Table
    raw: Matrices
    centred: Matrices | None
    test: RoleTest | None = None
    length_contrasts: Iterable[pa.Table] = ()

    @property
    def role_contrasts(self) -> pa.Table:
        """The contrasts as one table."""
        return role_contrasts(self.compared).table()


def analyse(
    sources: Sequence[RoleSource],
    d_sae: int,
    *,
    aligned: bool,
    split_seed: int,
    strategy: Strategy = "mean",
    smallest_effect: float = SMALLEST_EFFECT,
    progress: Progress | None = None,
) -> Statistics:
    """Analyse the roles of `sources`; `aligned` says whether all are asked the same questions.

    `progress` is told how many features are done. Needs memory for about ten times 8 bytes x d_sae x roles,
    and for two blocks of `reading`.
    Raises StudyError where a file is damaged, or a role has no pooled response.
    """
    sources = sorted(sources, key=lambda source: source.role)
    design = read_design(sources)
    chosen = np.stack([split(design, split_seed), split_wordings(design, split_seed)])
    wanted = Wanted(aligned, chosen, strategy, lengths=True)
    found = read_known(sources, design, d_sae, wanted, progress)
    totals, paired, shares = found.totals, found.paired, found.shares
    squares = None if paired is None else mean_squares(totals, found.within, paired, shares)
    parts = components(totals, shares, squares)
    features = feature_statistics(totals, shares, parts)
    test = None if paired is None or squares is None else role_test(totals, paired, squares, parts)
    raw, apart, ranks = _raw(found), found.centred, found.ranks
    known = None if paired is None or squares is None else effects(totals, paired, squares)
    lengths = _lengths(found, known)
    factors = inflation(totals, found.within, ranks, squares)
    compared = Compared(totals, known, ranks, smallest_effect, *factors)
    return Statistics(design.roles, compared, features, raw, apart, test, lengths)


def compare(
    sources: Sequence[RoleSource],
    d_sae: int,
    *,
    aligned: bool,
    smallest_effect: float = SMALLEST_EFFECT,
    progress: Progress | None = None,
) -> RoleContrasts:
    """Return the contrasts that `analyse` gives, and sum nothing that they do not need."""
    return _compared(sources, d_sae, Wanted(aligned), smallest_effect, progress)[0]


def compare_and_describe(
    sources: Sequence[RoleSource],
    d_sae: int,
    *,
    aligned: bool,
    smallest_effect: float = SMALLEST_EFFECT,
    progress: Progress | None = None,
) -> tuple[RoleContrasts, Described]:
    """Return what `compare` does, and what there is of each role by itself, of the same reading."""
    contrasts, described = _compared(
        sources, d_sae, Wanted(aligned, features=True), smallest_effect, progress
    )
    assert described is not None
    return contrasts, described


def _compared(
    sources: Sequence[RoleSource],
    d_sae: int,
    wanted: Wanted,
    smallest_effect: float,
    progress: Progress | None,
) -> tuple[RoleContrasts, Described | None]:
    sources = sorted(sources, key=lambda source: source.role)
    found = read_known(sources, read_design(sources), d_sae, wanted, progress)
    totals, ranks, described = found.totals, found.ranks, None
    if found.highest is not None and found.sd is not None:
        described = Described(totals, found.highest, found.sd)
    squares = known = None
    if found.paired is not None:
        squares = mean_squares(totals, found.within, found.paired, found.shares)
        known = effects(totals, found.paired, squares)
    factors = inflation(totals, found.within, ranks, squares)
    del squares, found  # large, and not needed any more
    return role_contrasts(Compared(totals, known, ranks, smallest_effect, *factors)), described


def _raw(found: Known) -> Matrices:
    assert found.halves is not None
    whole = found.totals.role_means if found.highest is None else found.highest.astype(np.float64)
    return Matrices(whole, found.halves.cosines, found.halves.agreement)


def _lengths(found: Known, known: Effects | None) -> LengthContrasts:
    assert found.rates is not None and found.slope is not None
    design, fired = found.totals.design, found.totals.fired
    rates = token_rates(design, found.rates, fired)
    return LengthContrasts(design, fired, rates, found.slope.slope, found.slope.variance, known)
