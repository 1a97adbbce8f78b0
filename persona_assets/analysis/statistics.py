"""All statistics of one SAE across roles, in three readings of the roles' activations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from persona_assets.analysis.at_length import Slopes
from persona_assets.analysis.components import components
from persona_assets.analysis.contrasts import Compared, RoleContrasts, role_contrasts
from persona_assets.analysis.design import Design, RoleSource, read_design
from persona_assets.analysis.entries import Entries, Strategy
from persona_assets.analysis.errors import Effects, MeanSquares, effects, mean_squares
from persona_assets.analysis.features import feature_statistics
from persona_assets.analysis.halves import Matrices, centred, split, split_wordings
from persona_assets.analysis.inflation import inflation
from persona_assets.analysis.length_contrasts import LengthContrasts
from persona_assets.analysis.paired import peaks, second_pass
from persona_assets.analysis.ranks import rank
from persona_assets.analysis.reference import places
from persona_assets.analysis.role_test import RoleTest, role_test
from persona_assets.analysis.token_rates import RateReadings
from persona_assets.analysis.totals import Totals, first_pass
from persona_assets.analysis.variance import variance_shares
from persona_assets.base.arrays import Ints
from persona_assets.base.progress import Progress
from persona_assets.study.settings.analysis import SMALLEST_EFFECT


@dataclass(frozen=True)
class Statistics:
    """What is known of each role and feature.

    `contrasts` gives the table of `schema.ROLE_CONTRASTS` in parts, `length_contrasts` that of
    `schema.LENGTH_CONTRASTS`; `features` has the first columns of
    `schema.FEATURES`: all but the selection's. `roles` are sorted and name the rows of `raw`, the roles'
    means (with strategy max their maxima), and of `centred`, the means less what all roles do on the same
    responses: None with strategy max, or where roles are not asked the same. `test`, whether roles differ in
    a feature's mean, is None where they are not.
    """

    roles: list[str]
    contrasts: RoleContrasts
    features: pa.Table
    raw: Matrices
    centred: Matrices | None
    test: RoleTest | None = None
    length_contrasts: Iterable[pa.Table] = ()

    @property
    def role_contrasts(self) -> pa.Table:
        """All of `contrasts` as one table."""
        return self.contrasts.table()


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

    `progress` counts readings of a role; ranking reads all of them once more, and counts as one. Needs memory
    for 8 bytes x d_sae x (variants x questions), and about ten times 8 bytes x d_sae x roles.
    Raises StudyError where a file is damaged, or a role has no pooled response.
    """
    sources = sorted(sources, key=lambda source: source.role)
    design = read_design(sources)
    read = _Readings(2 if strategy == "mean" else 3, len(sources), progress)
    chosen = np.stack([split(design, split_seed), split_wordings(design, split_seed)])
    summed = _Lengths(design, d_sae, aligned)
    totals, baseline = first_pass(read(sources), design, d_sae, aligned=aligned, also=summed.add)
    lengths = summed.contrasts(totals.fired)
    del summed
    paired, half_means = second_pass(read(sources), totals, baseline, chosen)
    shares = variance_shares(totals, baseline)
    squares = None if paired is None else mean_squares(totals, paired, shares)
    parts = components(totals, shares, squares)
    features = feature_statistics(totals, shares, parts)
    test = None if paired is None or squares is None else role_test(totals, paired, squares, parts)
    raw, apart = Matrices.of(totals.role_means, half_means), None
    if strategy == "max":
        maxima, half_means = peaks(read(sources), design, d_sae, chosen)
        raw = Matrices.of(maxima.astype(np.float64), half_means)
    elif baseline is not None:
        apart = centred(totals, baseline, raw, half_means, chosen)
    del half_means, baseline  # the largest of all, and not needed to rank
    known = None if paired is None or squares is None else effects(totals, paired, squares)
    del paired
    contrasts = _contrasts(sources, totals, known, squares, smallest_effect)
    read.step()
    return Statistics(design.roles, contrasts, features, raw, apart, test, replace(lengths, effects=known))


def compare(
    sources: Sequence[RoleSource],
    d_sae: int,
    *,
    aligned: bool,
    smallest_effect: float = SMALLEST_EFFECT,
    progress: Progress | None = None,
) -> RoleContrasts:
    """Return the contrasts that `analyse` gives, and sum nothing that they do not need."""
    sources = sorted(sources, key=lambda source: source.role)
    design = read_design(sources)
    read, no_halves = _Readings(2, len(sources), progress), np.empty((0, 2, *design.present.shape), bool)
    totals, baseline = first_pass(read(sources), design, d_sae, aligned=aligned)
    paired, _ = second_pass(read(sources), totals, baseline, no_halves)
    squares = known = None
    if paired is not None:
        squares = mean_squares(totals, paired, variance_shares(totals, baseline))
        known = effects(totals, paired, squares)
    del paired, baseline
    contrasts = _contrasts(sources, totals, known, squares, smallest_effect)
    read.step()
    return contrasts


def _contrasts(
    sources: Sequence[RoleSource],
    totals: Totals,
    known: Effects | None,
    squares: MeanSquares | None,
    smallest_effect: float,
) -> RoleContrasts:
    ranks, best = rank(sources, totals), places(totals.role_means)
    return role_contrasts(
        Compared(totals, known, ranks, best, smallest_effect, *inflation(totals, ranks, squares))
    )


class _Lengths:
    """What the first reading sums of lengths: `add` is given every role."""

    def __init__(self, design: Design, d_sae: int, aligned: bool) -> None:
        self._design = design
        self._rates, self._slopes = RateReadings(design, d_sae, aligned=aligned), Slopes(design, d_sae)

    def add(self, row: int, entries: Entries) -> None:
        self._slopes.add(row, self._rates.add(row, entries))

    def contrasts(self, fired: Ints) -> LengthContrasts:
        """Return what is known before effects are; what was summed is used up. `fired` is `Totals.fired`."""
        return LengthContrasts(self._design, fired, self._rates.rates(fired), *self._slopes.slopes())


class _Readings:
    """Counts what has been read."""

    def __init__(self, passes: int, n_roles: int, progress: Progress | None) -> None:
        self._done, self._of = 0, passes * n_roles + 1
        self._progress = progress

    def __call__(self, sources: Iterable[RoleSource]) -> Iterator[RoleSource]:
        for source in sources:
            yield source
            self.step()

    def step(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._of)
